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
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import IO

from mnist_app import limits, storage
from mnist_app.storage import StorageError, home
from mnist_app.training import leases, runs, slots
from mnist_app.training.leases import RENEWAL_SECONDS
from mnist_app.training.slots import Slot

LOGGER = logging.getLogger(__name__)
POLL_INTERVAL = 0.1
# Seconds between two notes in the store that a worker is wanted.
WANTED_INTERVAL = 5.0
# Seconds until a worker that died as it started is tried again; each time twice as long.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
# A log that is longer when a worker starts makes room for another; the one before it goes.
LOG_BYTES = 1_000_000
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class _Failures:
    """How often in a row a worker died before it could train, and when the next one may start."""

    count: int
    again_at: float
    """As `time.monotonic` says it."""


_children: dict[str, subprocess.Popen[bytes]] = {}
_failures: dict[str, _Failures] = {}
_wanted_at: dict[str, float] = {}
_starting = threading.Lock()


class WorkerError(Exception):
    """No worker can be started; the message is a sentence for the person."""

    def __init__(self, sentence: str, detail: str) -> None:
        """Say it; `detail` is for the log and for who works at this machine alone."""
        super().__init__(sentence)
        self.detail = detail


def start() -> None:
    """Start the workers that are missing; they warm up while a person chooses settings.

    None is missing where this machine shall have none. One that died as it started is tried again
    after a pause, however often this is called. Raises StorageError when the store cannot be
    written, and WorkerError when no process can start, or each died as it started the last time.
    """
    numbers = range(limits.TRAINERS.value())
    with _starting:
        for number in numbers:
            _start_if_missing(number)
        failed = [number for number in numbers if slots.slot_name(number) in _failures]
    if failed and len(failed) == len(numbers):
        log = _log_file(failed[0])
        raise WorkerError(
            "The process that trains ended as soon as it started, so runs wait. Its log, "
            f"{log.name} in this server’s data folder, says why.",
            f"the log is {log}",
        )


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


def _start_if_missing(number: int) -> None:
    slot = slots.slot_name(number)
    _look_after_child(number, slot)
    _want(slot)
    if slot in _children:
        return
    if slots.is_taken(slot):
        _failures.pop(slot, None)  # another process has started one that lives
    elif slot not in _failures or time.monotonic() >= _failures[slot].again_at:
        _children[slot] = _spawn(number)


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
        with _open_log(_log_file(number)) as log:
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
        sentence = "This server cannot start a process that trains. Try again."
        raise WorkerError(sentence, str(error)) from error


def _log_file(number: int) -> Path:
    """Return where a worker's log goes: beside the store, or where that is elsewhere."""
    folder = home() if home().is_dir() else Path(gettempdir())
    return folder / f"worker-{number}.log"


def _open_log(file: Path) -> IO[bytes]:
    """Open a worker's log for more; a long one is kept beside it. Raises OSError."""
    if file.is_file() and file.stat().st_size > LOG_BYTES:
        file.replace(file.with_name(f"{file.name}.1"))
    return file.open("ab")


def _want(slot: str) -> None:
    """Note that somebody may train soon; once in some seconds is enough."""
    key = f"{storage.url()} {slot}"
    if time.monotonic() - _wanted_at.get(key, -WANTED_INTERVAL) >= WANTED_INTERVAL:
        slots.want(slot)
        _wanted_at[key] = time.monotonic()


def _look_after_child(number: int, slot: str) -> None:
    """End the leases of a worker of our own that died: they need not run out.

    One that died before it could train is counted, until one lives to train.
    """
    child = _children.get(slot)
    if child is None:
        return
    status = child.poll()
    if status is None:
        if slot in _failures and slots.warm_process(slot) == child.pid:
            del _failures[slot]
        return
    del _children[slot]
    was_warm = slots.free(slot, child.pid)
    if was_warm or status == 0:
        _failures.pop(slot, None)
        return
    count = _failures[slot].count + 1 if slot in _failures else 1
    pause = min(FIRST_PAUSE * 2 ** (count - 1), LONGEST_PAUSE)
    _failures[slot] = _Failures(count, time.monotonic() + pause)
    LOGGER.warning(
        "Worker %d ended with status %d as it started, %d times now. Its log is %s.",
        number,
        status,
        count,
        _log_file(number),
    )


if __name__ == "__main__":
    main()
