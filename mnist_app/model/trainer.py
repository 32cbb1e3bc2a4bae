"""A trainer process: it takes runs from the queue, one after the other, while there are any.

`python -m mnist_app.model.trainer NUMBER` is started by `trainers`. It outlives whoever started
it, so that a page that is reloaded or a server that is restarted loses nothing. Warm, it waits for
a while for the next run.
"""

import argparse
import contextlib
import gc
import os
import time

from filelock import Timeout

from mnist_app import runs, trainers
from mnist_app.model import training
from mnist_app.runs import RunError

POLL_SECONDS = 0.1


def main() -> None:
    """Train what waits until nobody has wanted a trainer for some minutes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    number = parser.parse_args().number
    os.nice(10)  # whoever draws comes first
    with contextlib.suppress(Timeout), runs.trainer_slot(number):
        training.warm()
        gc.collect()
        gc.freeze()
        trainers.say_ready(number)
        while trainers.is_wanted():
            if not _train_next():
                time.sleep(POLL_SECONDS)


def _train_next() -> bool:
    """Train the run that has waited longest; say whether there was one."""
    for run in runs.queue():
        with contextlib.suppress(RunError), runs.alone(run):
            current = runs.read(run.name)
            if current.state.status == "queued":
                training.train(current)
                trainers.want()
                return True
    return False


if __name__ == "__main__":
    main()
