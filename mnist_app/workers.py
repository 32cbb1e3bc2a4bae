"""The worker processes that train: how many there may be, starting them, and what each does.

A worker takes runs from the queue, one after the other, and waits, warm, for the next one. It
outlives the process that started it, so reloading a page or restarting the server loses nothing.
It holds a slot and its run by leases, which it renews while it lives.
"""

import argparse
import gc
import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir

from mnist_app import limits, storage
from mnist_app.storage import StorageError, home
from mnist_app.training import leases, runs, slots
from mnist_app.training.leases import RENEWAL_SECONDS
from mnist_app.training.slots import Slot

LOGGER = logging.getLogger(__name__)
POLL_INTERVAL = 0.1
# Seconds between two notes in the store that a worker is wanted.
WANTED_INTERVAL = 5.0
ROOT = Path(__file__).parent.parent

_children: dict[str, subprocess.Popen[bytes]] = {}
_wanted_at: dict[str, float] = {}
_starting = threading.Lock()


class WorkerError(Exception):
    """No worker can be started; the message is a sentence for the person."""

    def __init__(self, detail: str) -> None:
        """Say it; `detail` is for the log and for who works at this machine alone."""
        super().__init__("This server cannot start a process that trains. Try again.")
        self.detail = detail


def start() -> None:
    """Start the workers that are missing; they warm up while a person chooses settings.

    None is missing where this machine shall have none. Raises StorageError when the store cannot be
    written, and WorkerError when no process can start.
    """
    with _starting:
        for number in range(limits.TRAINERS.value()):
            slot = slots.slot_name(number)
            _forget_dead_child(slot)
            _want(slot)
            if slot not in _children and not slots.is_taken(slot):
                _children[slot] = _spawn(number)


def is_nobody_there() -> bool:
    """Say whether this machine shall have no worker, and none of another one is there."""
    try:
        return limits.TRAINERS.value() == 0 and not slots.is_anybody_there()
    except StorageError:
        return False


def process_id(number: int) -> int:
    """Return the id of a warm worker's process; 0 where none runs or it is not warm yet."""
    try:
        return slots.warm_process(slots.slot_name(number))
    except StorageError:
        return 0


def main() -> None:
    """Be a worker: train what waits until nobody has wanted one for some minutes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    os.nice(10)  # strokes come first
    slot = Slot(parser.parse_args().number)
    if not slot.take():
        return
    threading.Thread(target=_keep_renewing, args=(slot,), daemon=True).start()
    # TensorFlow takes seconds to import; nobody may start another worker meanwhile.
    from mnist_app.model import training

    if not runs.is_anybody_waiting():
        training.warm()
    gc.collect()
    gc.freeze()
    slot.set_warm()
    while _work(slot):
        time.sleep(POLL_INTERVAL)
    slot.leave()


def _work(slot: Slot) -> bool:
    """Train all that waits; say whether to wait for more."""
    from mnist_app.model import training

    try:
        while runs.is_anybody_waiting():
            run = leases.claim_next(slot.worker)
            if run is None:
                break
            training.train(run, slot.worker)
            training.forget()  # takes seconds on a busy machine, and holds nobody up now
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


def _spawn(number: int) -> subprocess.Popen[bytes]:
    """Start a worker in a session of its own: what ends this process does not end it."""
    # TensorFlow's faster kernels are off by default on some processors: a third of the time.
    environment = {"TF_ENABLE_ONEDNN_OPTS": "1"} | os.environ
    environment["MNIST_APP_HOME"] = str(home().absolute())  # it works in another folder
    try:
        with _log_file(number).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "mnist_app.workers", str(number)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        LOGGER.warning("No worker can be started: %s", error)
        raise WorkerError(str(error)) from error


def _log_file(number: int) -> Path:
    """Return where a worker's log goes: beside the store, or where that is elsewhere."""
    folder = home() if home().is_dir() else Path(gettempdir())
    return folder / f"worker-{number}.log"


def _want(slot: str) -> None:
    """Note that somebody may train soon; once in some seconds is enough."""
    key = f"{storage.url()} {slot}"
    if time.monotonic() - _wanted_at.get(key, -WANTED_INTERVAL) >= WANTED_INTERVAL:
        slots.want(slot)
        _wanted_at[key] = time.monotonic()


def _forget_dead_child(slot: str) -> None:
    """End the leases of a worker of our own that died: they need not run out."""
    child = _children.get(slot)
    if child is not None and child.poll() is not None:
        del _children[slot]
        slots.free(slot, child.pid)


if __name__ == "__main__":
    main()
