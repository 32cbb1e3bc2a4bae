"""The worker processes of this machine: how many there may be, and starting them.

A worker, see `__main__`, outlives the process that started it, so reloading a page or restarting
the server loses nothing.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import IO

from mnist_app import limits, storage
from mnist_app.storage import home
from mnist_app.training import slots
from mnist_app.workers.errors import WorkerError

LOGGER = logging.getLogger(__name__)
# Seconds between two notes in the store that a worker is wanted.
WANTED_INTERVAL = 5.0
# Seconds until a worker that died as it started is tried again; each time twice as long.
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
# A log that is longer when a worker starts makes room for another; the one before it goes.
LOG_BYTES = 1_000_000
ROOT = Path(__file__).parent.parent.parent


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


def _spawn(number: int) -> subprocess.Popen[bytes]:
    """Start a worker in a session of its own: what ends this process does not end it."""
    try:
        with _open_log(_log_file(number)) as log:
            return subprocess.Popen(
                [sys.executable, "-m", "mnist_app.workers", str(number)],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        LOGGER.warning("No worker can be started: %s", error)
        sentence = "This server cannot start a process that trains. Try again."
        raise WorkerError(sentence, str(error)) from error


def environment() -> dict[str, str]:
    """Return the environment of a process that trains, which works in another folder."""
    # TensorFlow's faster kernels are off by default on some processors: a third of the time.
    usual = {"TF_ENABLE_ONEDNN_OPTS": "1"} | os.environ
    return usual | {"MNIST_APP_HOME": str(home().absolute())}


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
