"""A process that trains a run whenever it is told to, for a worker of a cluster (`turns`).

Each line that it reads is a turn; it answers with a line, the name of the run that it trained. It
ends when nobody is left to tell it anything, and puts its run back into the queue then.
"""

import logging
import os
import queue
import sys
import threading
import time
from contextlib import suppress
from typing import IO

from mnist_app.storage import StorageError
from mnist_app.training import leases
from mnist_app.training import queue as training_queue
from mnist_app.training.leases import RENEWAL_SECONDS
from mnist_app.workers import process

LOGGER = logging.getLogger(__name__)


def main() -> None:
    """Train a run for each line on standard input, under the name that is the only argument."""
    worker = sys.argv[1]
    os.nice(10)
    answers = _take_standard_output()
    turns: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(turns, worker), daemon=True).start()
    threading.Thread(target=_keep_renewing, args=(worker,), daemon=True).start()
    process.warm_up()
    while True:
        turns.get()
        trained = _train_next(worker)
        with suppress(BrokenPipeError):  # nobody is there any more, which ends this process
            print(trained, file=answers, flush=True)


def _take_standard_output() -> IO[str]:
    """Return standard output as a file for answers alone: what others print goes to the log."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _hear(turns: queue.SimpleQueue[str], worker: str) -> None:
    """Pass on what is told; end this process where nobody is there any more."""
    for line in sys.stdin:
        turns.put(line)
    with suppress(StorageError):
        training_queue.put_back(worker)
    os._exit(0)


def _train_next(worker: str) -> str:
    """Train the run whose turn it is; a store that does not answer is asked again and again."""
    while True:
        try:
            return process.train_next(worker)
        except StorageError as error:
            LOGGER.warning("The store does not answer; trying again: %s", error)
            time.sleep(1)


def _keep_renewing(worker: str) -> None:
    while True:
        with suppress(StorageError):
            leases.renew(worker)
        time.sleep(RENEWAL_SECONDS)


if __name__ == "__main__":
    main()
