"""The page in a real browser, served the way people start it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
CHROMIUM = "/usr/bin/chromium"
STRAW = "秸秆能不能烧"
LEAD = "岳阳市生态环境局屈原分局"
STARTS_WITHIN = 240  # a first start may build the index


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "assistant", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, server)
        yield url
    finally:
        _stop(server)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError("the server did not start")


def _stop(server: subprocess.Popen[bytes]) -> None:
    import os
    import signal

    # The command starts gunicorn as its child: both are in the session made for them.
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def check_straw(page: Page) -> None:
    card = page.locator("article.card")
    expect(card).to_have_count(1)
    expect(card.locator(".headline")).to_contain_text(LEAD)
    expect(card.locator(".department.lead")).to_contain_text(LEAD)
    expect(card.locator(".badge")).to_contain_text("镇配合办理")
    expect(card.locator("blockquote")).to_contain_text("对露天焚烧秸秆的指导和监督管理工作")
    expect(card.locator("blockquote mark").first).to_have_text("秸秆")


def test_ask_and_follow_the_permanent_link(browser: Browser, address: str) -> None:
    page = browser.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.goto(address)
    loads: list[str] = []
    page.on("load", lambda: loads.append(page.url))
    page.get_by_label("您要问的事").fill(STRAW)
    page.get_by_role("button", name="问一问").click()
    check_straw(page)
    expect(page.locator(".bubble")).to_contain_text(STRAW)
    assert not loads  # answered without leaving the page
    page.locator("summary").first.click()
    expect(page.get_by_role("heading", name="镇配合职责")).to_be_visible()
    page.locator(".permalink a").click()
    expect(page).to_have_url(f"{address}/duty/heshi/joint-78")
    expect(page.locator("h1")).to_have_text("开展秸秆禁烧、综合利用工作")
    expect(page.locator(".clauses li")).to_have_count(5)
    assert not problems  # nothing that the security policy had to stop
    page.close()


def test_examples_and_enter_key_append_to_the_thread(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.get_by_role("button", name=STRAW).click()
    check_straw(page)
    page.get_by_label("您要问的事").fill("低保怎么办")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble")).to_have_count(2)
    expect(page.get_by_label("您要问的事")).to_have_value("")
    page.close()


def test_failed_fetch_falls_back_to_the_form(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.evaluate("() => { window.fetch = () => Promise.reject(new Error('offline')); }")
    page.get_by_label("您要问的事").fill(STRAW)
    page.get_by_role("button", name="问一问").click()
    check_straw(page)
    page.close()


def test_without_javascript(browser: Browser, address: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    page.get_by_label("您要问的事").fill(STRAW)
    page.get_by_role("button", name="问一问").click()
    check_straw(page)
    page.context.close()


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_screen(browser: Browser, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(address)
    page.get_by_label("您要问的事").fill("a" * 200 + STRAW)
    page.get_by_role("button", name="问一问").click()
    expect(page.locator("article.card")).to_have_count(1)
    for summary in page.locator("summary").all():
        summary.click()
    for path in ("", "/duty/heshi/joint-90"):
        if path:
            page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        "[...document.querySelectorAll('.card *, .choice, button')]"
        ".filter(e => parseFloat(getComputedStyle(e).fontSize) < 15.9).length"
    )
    assert small == 0
    context.close()
