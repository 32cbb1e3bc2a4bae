"""Whether a Dask cluster measures a network as this machine does, and how long each takes.

    python -m tests.benchmarks.cluster_measuring

measures the smallest network as `score` does, and `cnn` as `evaluate` does on test images and on
people's strokes, first here and then on two workers, with which these cores are shared.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnist_app import cluster, storage
from mnist_app.analysis import benchmark, scores, stroke_drawings
from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.inference import on_cluster
from mnist_app.networks.prediction import Predictor
from mnist_app.networks.registry import read_card, write_artifact
from tests.support.dask_cluster import dask_cluster, until
from tests.support.handwriting import DIGITS, written
from tests.support.networks import own_network

WORKERS = 2
SCORED = "measured-1"
EVALUATED = "cnn"
DRAWN: list[WrittenDigit] = [written(label) for label in DIGITS] * 20


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as folder:
        os.environ["MNIST_APP_HOME"] = folder
        own_network(SCORED)
        alone = measure_all()
        with dask_cluster(Path(folder), WORKERS):
            until(lambda: cluster.count_trainers() == WORKERS)
            together = measure_all()
        storage.close()
    print(f"| what | here | {WORKERS} workers | equal |\n|---|---|---|---|")
    for name, (seconds, result) in alone.items():
        others, other = together[name]
        print(f"| {name} | {seconds:.1f} s | {others:.1f} s | {_yes(is_equal(result, other))} |")


def measure_all() -> dict[str, tuple[float, object]]:
    """Return for each measuring how many seconds it took, and its result."""
    predictor = on_cluster.new_predictor()
    for name in (SCORED, EVALUATED):  # model processes start
        predictor.probabilities(np.zeros((1000, 28, 28), np.uint8), name)
    work: dict[str, Callable[[Predictor], object]] = {
        "score": _score,
        "evaluate": lambda asked: benchmark.evaluate_test(asked, read_card(EVALUATED), "mnist")[0],
        "evaluate --strokes": _evaluate_strokes,
    }
    results = {}
    for name, measure in work.items():
        began = time.monotonic()
        result = measure(predictor)
        results[name] = (time.monotonic() - began, result)
    predictor.stop()
    return results


def _score(predictor: Predictor) -> object:
    card = read_card(SCORED)
    write_artifact(SCORED, "scores", b"")
    for _ in scores.measure(predictor, card):
        pass
    kept = scores.read(card)
    assert kept is not None
    return kept.probabilities, kept.curves


def _evaluate_strokes(predictor: Predictor) -> object:
    drawings = stroke_drawings.draw_all(DRAWN)
    return benchmark.evaluate_strokes(predictor, read_card(EVALUATED), drawings)[0]


def is_equal(one: object, other: object) -> bool:
    """Say whether two results are the same to the last bit."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return all(is_equal(a, b) for a, b in zip(one, other, strict=True))
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else one == other


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "NO"


if __name__ == "__main__":
    main()
