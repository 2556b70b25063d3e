"""Cold start and warm latency against the floor, in one run: `make bench`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from assistant.model import Message
from assistant.service import Assistant
from assistant.settings import Settings
from corpus.store import is_held_out, list_folder, read_asks

FLOOR = "import flask, faiss, numpy, jieba; jieba.setLogLevel(60); jieba.initialize()"
RUNS = 7


def _process(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def _warm(run: Callable[[str], object], texts: list[str]) -> tuple[float, float]:
    times = []
    for text in texts:
        start = time.perf_counter()
        run(text)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), float(np.percentile(times, 95))


def main() -> None:
    assistant = Assistant.open(Settings.load())
    pairs = []
    for _ in range(RUNS):
        floor = _process([sys.executable, "-c", FLOOR])
        pairs.append((_process([sys.executable, "-m", "assistant", "ask", "秸秆能不能烧"]), floor))
    cold = statistics.median(a for a, _ in pairs)
    floor = statistics.median(b for _, b in pairs)
    ratio = statistics.median(a / b for a, b in pairs)
    print(
        f"冷启动一问：{cold:.2f} 秒；只导入库并初始化 jieba：{floor:.2f} 秒；比值中位数 {ratio:.2f}"
    )
    texts = [a.text for a in read_asks(list_folder()) if is_held_out(a)][:400]
    jieba = assistant.index.tokenizer
    vector = np.zeros((1, assistant.index.encoder.dimension), np.float32)
    unavoidable = _warm(
        lambda text: (jieba.words(text), assistant.index.dense.top(vector, 64)), texts
    )
    decided = _warm(lambda text: assistant.decide(Message(text)), texts)
    print(f"热判定一条：中位 {decided[0]:.2f} 毫秒，p95 {decided[1]:.2f} 毫秒")
    print(
        f"仅分词加一次 FAISS 检索：中位 {unavoidable[0]:.2f} 毫秒；比值 {decided[0] / unavoidable[0]:.2f}"
    )


if __name__ == "__main__":
    main()
