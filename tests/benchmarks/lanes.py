"""Measure what long work costs a stroke: python -m tests.benchmarks.lanes. Prints tables.

The same questions are asked with nothing else in the model process and beside a network that is
measured on the long lane, in turns of a second, so that both meet the same machine. Times are
from the question to its answer, without a browser or a page.
"""

import os
import platform
import threading
import time
from collections.abc import Callable

import numpy as np
import psutil

from mnist_app.data import datasets
from mnist_app.inference import CanceledError, Inference, Pending, Refused
from mnist_app.networks.interventions import Interventions, Pooling
from mnist_app.networks.registry import NETWORKS
from tests.benchmarks.draw import processor

TURNS = 12
SECONDS_A_TURN = 1.0
# Between two strokes.
PAUSE = 0.01
IMAGES = datasets.load_test().images
POOLING = Interventions(pooling={"pool1": Pooling("average", 2, 2)})
MEASURED = ("cnn", "champion", "rnn")

Times = dict[str, list[float]]


def main() -> None:
    inference = Inference()
    questions: dict[str, Callable[[], object]] = {
        "classify an image, `cnn`": lambda: inference.predictions(IMAGES[:1], ["cnn"]),
        "classify it with six networks": lambda: inference.predictions(IMAGES[:1], list(NETWORKS)),
        "all layers, `cnn`": lambda: inference.layers(IMAGES[0], "cnn"),
        "all layers with another pooling": lambda: inference.layers(IMAGES[0], "cnn", POOLING),
    }
    process = psutil.Process(inference.process_id())
    for ask in questions.values():
        ask()
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}; others'")
    print(f"load {os.getloadavg()[0]:.1f}. The model process takes {_megabytes(process)}.\n")
    for network in MEASURED:
        _compare(inference, network, questions)
        print(f"\nThe model process takes {_megabytes(process)}.\n")
    inference.stop()


def _compare(
    inference: Inference, network: str, questions: dict[str, Callable[[], object]]
) -> None:
    """Ask in turns without and with the network's measuring; print a table."""
    alone: Times = {name: [] for name in questions}
    beside: Times = {name: [] for name in questions}
    inference.background().probabilities(IMAGES[:1], network)
    images, seconds, canceled = 0, 0.0, []
    for _ in range(TURNS):
        _ask_for_a_while(questions, alone)
        work = _LongWork(inference, network)
        began = time.perf_counter()
        _ask_for_a_while(questions, beside)
        seconds += time.perf_counter() - began
        canceled.append(work.cancel())
        images += work.images
    print(
        f"`{network}` is measured, {images / seconds:,.0f} images a second beside the strokes; ",
        end="",
    )
    print(f"canceled within {1000 * max(canceled):.0f} ms.\n")
    print("| ms, median / 99% / worst | alone | beside | longer by, median / 99% |")
    print("|---|---|---|---|")
    for name in questions:
        longer = [
            np.percentile(beside[name], share) - np.percentile(alone[name], share)
            for share in (50, 99)
        ]
        by = " / ".join(f"{value:+.1f}" for value in longer)
        print(f"| {name} | {_figures(alone[name])} | {_figures(beside[name])} | {by} |", flush=True)


class _LongWork:
    """A thread that measures a network until it is canceled."""

    def __init__(self, inference: Inference, network: str) -> None:
        self.images = 0
        self._network = network
        self._background = inference.background()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def cancel(self) -> float:
        """Return the seconds that it takes to end."""
        began = time.perf_counter()
        self._background.cancel()
        self._thread.join()
        return time.perf_counter() - began

    def _work(self) -> None:
        try:
            while True:
                self.images += len(self._background.probabilities(IMAGES[:100], self._network))
        except CanceledError:
            return


def _ask_for_a_while(questions: dict[str, Callable[[], object]], times: Times) -> None:
    until = time.perf_counter() + SECONDS_A_TURN
    while time.perf_counter() < until:
        for name, ask in questions.items():
            began = time.perf_counter()
            answer = ask()
            times[name].append(1000 * (time.perf_counter() - began))
            assert not isinstance(answer, Pending | Refused), answer
            time.sleep(PAUSE)


def _figures(times: list[float]) -> str:
    return f"{np.median(times):.1f} / {np.percentile(times, 99):.1f} / {max(times):.1f}"


def _megabytes(process: psutil.Process) -> str:
    return f"{process.memory_info().rss / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
