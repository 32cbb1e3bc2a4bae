"""Measure the page Why: python -m tests.benchmarks.explanations. Prints tables in Markdown.

Times of the model process are from a question to its answer, as a page asks. Then somebody draws on
Draw, first alone and then while five people draw on Why, where each stroke starts a search for
strokes that change the network's mind. Server and people share the machine's cores.
"""

import asyncio
import os
import platform
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mnist_app.explain.questions import AskEvidence, AskStrokes, Explained, WhyQuestion
from mnist_app.imaging.normalize import normalize_ink
from mnist_app.inference import Inference
from tests.benchmarks.counterfactuals import pairs
from tests.benchmarks.draw import processor
from tests.benchmarks.visitors import Tally, Visitor, crowd
from tests.support.serving import serve

NETWORKS = ("cnn", "champion")
DRAWINGS = 60
SEARCHING = 5
STROKES = 60
# Seconds between two strokes on Draw, and between two of each who searches.
PAUSE, SEARCHERS_PAUSE = 0.5, 1.0


def main() -> None:
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| from question to answer, median / 95% / longest | all maps | strokes to a digit |")
    print("|---|---|---|")
    inference = Inference()
    for network in NETWORKS:
        print(
            f"| {network} | {_maps(inference, network)} | {_strokes(inference, network)} |",
            flush=True,
        )
    inference.stop()
    print(f"\n| a stroke on Draw, {STROKES} of them | p50 | p95 |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_APP_HOME"] = folder
        with serve(Path(folder) / "log") as server:
            asyncio.run(_draw(server.url))


def _maps(inference: Inference, network: str) -> str:
    return _times(
        inference,
        [
            AskEvidence(Explained(network), normalize_ink(ink), wanted)
            for ink, wanted in pairs(DRAWINGS)
        ],
    )


def _strokes(inference: Inference, network: str) -> str:
    return _times(
        inference,
        [AskStrokes(Explained(network), ink, (wanted,)) for ink, wanted in pairs(DRAWINGS)],
    )


def _times(inference: Inference, questions: Sequence[WhyQuestion[Any]]) -> str:
    """Ask each question once; the first few only warm the network."""
    seconds = []
    for question in questions:
        began = time.perf_counter()
        inference.background().ask(question)
        seconds.append(time.perf_counter() - began)
    times = [1000 * float(np.percentile(seconds[5:], share)) for share in (50, 95, 100)]
    return " / ".join(f"{one:.0f}" for one in times) + " ms"


async def _draw(url: str) -> None:
    await crowd(url, 1, 5)
    _print_row("nobody else", await crowd(url, 1, STROKES, PAUSE))
    async with _searching(url) as drawn:
        tally = await crowd(url, 1, STROKES, PAUSE)
    _print_row(f"{SEARCHING} search ({sum(drawn)} strokes of theirs)", tally)


@asynccontextmanager
async def _searching(url: str) -> AsyncIterator[list[int]]:
    """Let some people draw on Why until the end; count their strokes that were answered."""
    drawn = [0] * SEARCHING
    tasks = [asyncio.create_task(_search(url, drawn, number)) for number in range(SEARCHING)]
    await asyncio.sleep(5)
    yield drawn
    for task in tasks:
        if task.done():
            task.result()
        task.cancel()
    if not any(drawn):
        raise RuntimeError("Nobody who searches was answered: this measures nothing.")
    await asyncio.gather(*tasks, return_exceptions=True)


async def _search(url: str, drawn: list[int], number: int) -> None:
    visitor = Visitor(url, "why")
    await visitor.enter()
    while True:
        await visitor.draw((number + drawn[number]) % 10)
        drawn[number] += 1
        await asyncio.sleep(SEARCHERS_PAUSE)


def _print_row(name: str, tally: Tally) -> None:
    print(f"| {name} | {tally.milliseconds(50):.0f} ms | {tally.milliseconds(95):.0f} ms |")


if __name__ == "__main__":
    main()
