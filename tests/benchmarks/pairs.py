"""Whether this checkout starts, fits and answers as another one does, in alternating pairs.

    python -m tests.benchmarks.pairs OTHER [--pairs 10] [--people 200]

OTHER is the folder of another checkout of this project, such as one by `git worktree add`. Each is
served with nothing set, in a home folder of its own; the two take turns in who comes first. Printed
are medians over all pairs, and how many times slower or larger this one was: the median of the
pairs' ratios, and between which the middle half of them lies. With `--people` so many draw at once
afterwards, a stroke every two seconds.
"""

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.capacity_measured import megabytes
from tests.benchmarks.draw import processor
from tests.benchmarks.visitors import Visitor, crowd, wait_for_answer
from tests.support.serving import ROOT, Server, serve

STROKES = 60
STROKES_A_PERSON = 8
PAUSE = 0.1
"""Seconds between an answer and the next stroke."""


@dataclass
class Measured:
    """One start of a server."""

    page: float
    """Seconds from its start until the first page is there."""
    computing: float
    """Seconds of processor time that the page process took until then."""
    answer: float
    """Seconds from its start until the first drawing is answered."""
    page_memory: float
    """Megabytes of the page process after the strokes."""
    model_memory: float
    """Megabytes of its child processes then, of which one is the model process."""
    strokes: list[float]
    """Milliseconds from stroke to answer."""
    crowd: list[float]
    """The same in a crowd; empty without one."""


ROWS: dict[str, Callable[[Measured], float]] = {
    "start to first page, s": lambda one: one.page,
    "processor time of the page process until then, s": lambda one: one.computing,
    "start to first answer, s": lambda one: one.answer,
    "page process, MB": lambda one: one.page_memory,
    "its child processes, MB": lambda one: one.model_memory,
    "stroke to answer, p50, ms": lambda one: float(np.percentile(one.strokes, 50)),
    "stroke to answer, p95, ms": lambda one: float(np.percentile(one.strokes, 95)),
}
CROWD_ROWS: dict[str, Callable[[Measured], float]] = {
    "{people} people, stroke to answer, p50, ms": lambda one: float(np.percentile(one.crowd, 50)),
    "{people} people, stroke to answer, p95, ms": lambda one: float(np.percentile(one.crowd, 95)),
}


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("other", type=Path)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--people", type=int, default=0)
    given = parser.parse_args()
    folders = [given.other.resolve(), ROOT]
    pairs = [measure_pair(folders, number, given.people) for number in range(given.pairs)]
    rows = ROWS | (CROWD_ROWS if given.people else {})
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(f"| median of {given.pairs} | other | this | this / other, median (middle half) |")
    print("|---|---|---|---|")
    for name, value in rows.items():
        numbers = np.array([[value(one) for one in pair] for pair in pairs])
        other, this = np.median(numbers, axis=0)
        low, middle, high = np.percentile(numbers[:, 1] / numbers[:, 0], [25, 50, 75])
        title = name.format(people=given.people)
        print(f"| {title} | {other:.2f} | {this:.2f} | {middle:.3f} ({low:.3f} to {high:.3f}) |")


def measure_pair(folders: list[Path], number: int, people: int) -> list[Measured]:
    """Measure both checkouts, one after the other; every second pair the other way round."""
    order = folders if number % 2 == 0 else folders[::-1]
    measured = {folder: measure(folder, people) for folder in order}
    return [measured[folder] for folder in folders]


def measure(checkout: Path, people: int) -> Measured:
    """Start a checkout's server once, and draw."""
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as home:
        os.environ["MNIST_APP_HOME"] = home
        began = time.monotonic()
        with serve(Path(home) / "log", checkout / "streamlit_app.py") as server:
            return asyncio.run(_draw(server, began, people))


async def _draw(server: Server, began: float, people: int) -> Measured:
    visitor = Visitor(server.url)
    await visitor.enter()
    page = time.monotonic() - began
    computing = sum(server.process.cpu_times()[:2])
    await wait_for_answer(server.url)
    answer = time.monotonic() - began
    milliseconds = []
    for number in range(STROKES):
        await asyncio.sleep(PAUSE)
        sent = time.perf_counter()
        run = await visitor.draw(number % 10)
        milliseconds.append(1000 * (time.perf_counter() - sent))
        assert run.answer
    children = server.process.children(recursive=True)
    memory = megabytes(server.process), sum(map(megabytes, children))
    tally = await crowd(server.url, people, STROKES_A_PERSON)
    assert not tally.errors, tally.errors
    in_crowd = [1000 * seconds for seconds in tally.seconds]
    return Measured(page, computing, answer, *memory, milliseconds, in_crowd)


if __name__ == "__main__":
    main()
