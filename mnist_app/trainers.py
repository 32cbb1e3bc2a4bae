"""The trainer processes: how many there may be, and starting those that are missing."""

import os
import subprocess
import sys
import time
from pathlib import Path

from filelock import Timeout

from mnist_app import runs

# Seconds that an idle trainer stays warm after somebody wanted one.
IDLE_LIMIT = 600.0
ROOT = Path(__file__).parent.parent


def limit() -> int:
    """Return how many trainings may run at once: MNIST_APP_TRAINERS, 1 by default."""
    given = os.environ.get("MNIST_APP_TRAINERS", "1")
    return max(1, int(given)) if given.isdigit() else 1


def start() -> None:
    """Start the trainers that are missing; they warm up while a person chooses settings.

    Raises OSError when the folder of the runs cannot be written.
    """
    want()
    for number in range(limit()):
        if not _is_running(number):
            _start(number)


def want() -> None:
    """Say that somebody may train soon. Raises OSError."""
    file = _wanted_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def is_wanted() -> bool:
    """Say whether somebody wanted a trainer within the last minutes."""
    try:
        return time.time() - _wanted_file().stat().st_mtime < IDLE_LIMIT
    except OSError:
        return False


def say_ready(number: int) -> None:
    """Write which process this trainer is. Raises OSError."""
    runs.write_whole(_file(number), str(os.getpid()).encode())


def process_id(number: int) -> int:
    """Return the id of a running trainer's process; 0 where none runs or it is not ready yet."""
    if not _is_running(number):
        return 0
    try:
        return int(_file(number).read_text())
    except (OSError, ValueError):
        return 0


def _start(number: int) -> None:
    """Start a trainer in a session of its own: what ends this process does not end it."""
    # TensorFlow's faster kernels are off by default on some processors: a third of the time.
    environment = {"TF_ENABLE_ONEDNN_OPTS": "1"} | os.environ
    subprocess.Popen(
        [sys.executable, "-m", "mnist_app.model.trainer", str(number)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(runs.home() / "trainers" / f"{number}.log").open("wb"),
        start_new_session=True,
    )


def _is_running(number: int) -> bool:
    try:
        with runs.trainer_slot(number):
            return False
    except Timeout:
        return True


def _wanted_file() -> Path:
    return runs.home() / "trainers" / "wanted"


def _file(number: int) -> Path:
    return runs.home() / "trainers" / f"{number}.pid"
