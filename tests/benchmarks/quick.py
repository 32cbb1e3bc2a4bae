"""The preset "quick" with ten seeds: python -m tests.benchmarks.quick. Prints a table in Markdown.

In turns with the same network trained plainly, because other programs may share the cores.
"""

import os
import statistics
import tempfile
import time
from dataclasses import replace

from mnist_app import workers
from mnist_app.training import runs
from mnist_app.training.presets import PRESETS
from mnist_app.training.run import OPERATOR
from mnist_app.training.settings import Settings
from tests.support.process_control import end_workers

SEEDS = range(1, 11)
QUICK = PRESETS["quick"].settings
PLAIN = replace(QUICK, label_smoothing=Settings.label_smoothing, beta_2=Settings.beta_2)


def main() -> None:
    """Print the time and the accuracy of each."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_APP_HOME"] = folder
        workers.start()
        try:
            train(QUICK)  # the worker warms up
            measured: dict[str, list[tuple[float, float]]] = {"quick": [], "plain": []}
            for seed in SEEDS:
                for name, settings in (("quick", QUICK), ("plain", PLAIN)):
                    measured[name].append(train(replace(settings, seed=seed)))
        finally:
            end_workers()
    print("| | seconds of fitting, median | right on the 10,000 test images, median | worst |")
    print("|---|---|---|---|")
    for name, rows in measured.items():
        seconds, shares = zip(*rows, strict=True)
        print(
            f"| {name}, ten seeds | {statistics.median(seconds):.1f} "
            f"| {100 * statistics.median(shares):.2f}% | {100 * min(shares):.2f}% |"
        )


def train(settings: Settings) -> tuple[float, float]:
    """Return the seconds of fitting and the share right on the test images."""
    run = runs.create(settings, "quick", OPERATOR)
    while (run := runs.read(run.name)).status in ("queued", "running"):
        time.sleep(0.1)
    return run.seconds, run.test_accuracy or 0.0


if __name__ == "__main__":
    main()
