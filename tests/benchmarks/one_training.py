"""Train the preset "quick" once, in this process: python -m tests.benchmarks.one_training.

Prints the seconds of fitting. `farm-bench --vs` times it in turns with another checkout's; where
other programs share the cores, the seconds of computing say more than those of the wall clock.
"""

import os
import tempfile
import threading

from mnist_app.model import training
from mnist_app.training import leases, runs
from mnist_app.training.presets import PRESETS
from mnist_app.training.run import OPERATOR
from tests.support.handwriting import drawn


def main() -> None:
    """Train it; a drawing is watched, as a page asks for it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_APP_HOME"] = folder
        run = runs.create(PRESETS["quick"].settings, "quick", OPERATOR)
        runs.watch(run.name, OPERATOR, drawn(7, 28))
        claimed = leases.claim_next("benchmark")
        assert claimed is not None
        _renew()
        training.train(claimed, "benchmark")
        print(f"{runs.read(run.name).seconds:.2f}")


def _renew() -> None:
    """Keep the lease as a worker does."""
    timer = threading.Timer(leases.RENEWAL_SECONDS, _renew)
    timer.daemon = True
    leases.renew("benchmark")
    timer.start()


if __name__ == "__main__":
    main()
