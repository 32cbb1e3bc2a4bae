"""A worker of this machine: trains what waits, until nobody has wanted it for some minutes.

It takes runs from the queue, one after the other, and waits, warm, for the next one. It holds a
slot and its run by leases, which it renews while it lives.
"""

import argparse
import logging
import os
import threading
import time
from contextlib import suppress

from mnist_app import logs
from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.leases import RENEWAL_SECONDS
from mnist_app.training.slots import Slot
from mnist_app.workers import process

LOGGER = logging.getLogger(__name__)
POLL_INTERVAL = 0.1


def main() -> None:
    """Be a worker: train what waits until nobody has wanted one for some minutes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    logs.prepare()
    os.nice(10)  # strokes come first
    slot = Slot(parser.parse_args().number)
    if not slot.take():
        return
    threading.Thread(target=_keep_renewing, args=(slot,), daemon=True).start()
    # TensorFlow takes seconds to import; nobody may start another worker meanwhile.
    process.warm_up()
    slot.set_warm()
    while _work(slot):
        time.sleep(POLL_INTERVAL)
    slot.leave()


def _work(slot: Slot) -> bool:
    """Train all that waits; say whether to wait for more."""
    try:
        while runs.is_anybody_waiting():
            if not process.train_next(slot.worker):
                break
            slot.stay()
        return slot.is_wanted()
    except StorageError as error:
        LOGGER.warning("The store does not answer; trying again: %s", error)
        time.sleep(1)
        return True


def _keep_renewing(slot: Slot) -> None:
    """Renew the leases again and again; what fails once may work in time the next time."""
    while True:
        with suppress(StorageError):
            slot.renew()
        time.sleep(RENEWAL_SECONDS)


if __name__ == "__main__":
    main()
