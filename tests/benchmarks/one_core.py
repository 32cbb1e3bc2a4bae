"""Measure what one image costs on one core: python -m tests.benchmarks.one_core. Prints a table.

The model process and whoever asks it share a single core; times are from the image to the answer,
the way between the processes included.
"""

import os
import platform
import time

import numpy as np

from mnist_app.data import datasets
from mnist_app.inference import Inference
from mnist_app.networks.registry import NETWORKS
from tests.benchmarks.draw import processor

IMAGES = 500
WARM_UP = 20


def main() -> None:
    """Print a line for each network that ships."""
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})  # the model process inherits it
    inference = Inference()
    images = datasets.load_test().images[: WARM_UP + IMAGES]
    print(f"{processor()}, one core, Python {platform.python_version()}; others' load", end=" ")
    print(f"{os.getloadavg()[0]:.1f}\n\n| network | median | 95% within |\n|---|---|---|")
    for network in NETWORKS:
        times = [_milliseconds(inference, image[None], network) for image in images][WARM_UP:]
        median, most = np.percentile(times, [50, 95])
        print(f"| `{network}` | {median:.2f} ms | {most:.2f} ms |", flush=True)
    inference.stop()


def _milliseconds(inference: Inference, image: np.ndarray, network: str) -> float:
    start = time.perf_counter()
    inference.probabilities(image, network)
    return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    main()
