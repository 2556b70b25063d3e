"""Take the README's pictures from a running server: `make screenshots`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path("docs/screenshots")
PORT = "8765"
PAGE = f"http://127.0.0.1:{PORT}/"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "assistant", "serve", "--port", PORT], start_new_session=True
    )
    try:
        _wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            for name, width in (("answer", 1280), ("answer-phone", 360)):
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.goto(PAGE)
                page.fill("#text", "秸秆能不能烧")
                page.click("text=问一问")
                page.wait_for_selector(".bubble")
                page.wait_for_selector("text=第78项")
                page.screenshot(path=FOLDER / f"{name}.png")
            browser.close()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _wait() -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(PAGE + "healthz", timeout=2)
            return
        except OSError:
            time.sleep(0.3)
    raise SystemExit("服务没有启动")


if __name__ == "__main__":
    main()
