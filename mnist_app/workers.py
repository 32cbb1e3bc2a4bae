"""The trainer processes: how many there may be, starting them, and what each does.

A trainer takes runs from the queue, one after the other. It outlives whoever started it, so that a
page that is reloaded or a server that is restarted loses nothing, and waits, warm, for the next.
"""

import argparse
import contextlib
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from filelock import Timeout

from mnist_app.storage import home, write_whole
from mnist_app.training import runs
from mnist_app.training.runs import Run, RunError

# Seconds that an idle trainer stays warm after somebody wanted one.
IDLE_LIMIT = 600.0
POLL_SECONDS = 0.1
ROOT = Path(__file__).parent.parent

_started: dict[tuple[Path, int], subprocess.Popen[bytes]] = {}
_starting = threading.Lock()


def limit() -> int:
    """Return how many trainings may run at once: MNIST_APP_TRAINERS, 1 by default."""
    given = os.environ.get("MNIST_APP_TRAINERS", "1")
    return max(1, int(given)) if given.isdigit() else 1


def start() -> None:
    """Start the trainers that are missing; they warm up while a person chooses settings.

    Raises OSError when the folder of the runs cannot be written.
    """
    with _starting:
        _want()
        for number in range(limit()):
            mine = _started.get((home(), number))
            is_starting = mine is not None and mine.poll() is None
            if not is_starting and not _is_running(number):
                _started[home(), number] = _start(number)


def process_id(number: int) -> int:
    """Return the id of a warm trainer's process; 0 where none runs or it is not warm yet."""
    try:
        return int(_file(number).read_text()) if _is_running(number) else 0
    except (OSError, ValueError):
        return 0


def main() -> None:
    """Be a trainer: train what waits until nobody has wanted one for some minutes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    number = parser.parse_args().number
    os.nice(10)  # whoever draws comes first
    with contextlib.suppress(Timeout), runs.trainer_slot(number):
        # TensorFlow takes seconds to import; nobody may start another trainer meanwhile.
        from mnist_app.model import training

        if not runs.queue():
            training.warm()
        gc.collect()
        gc.freeze()
        write_whole(_file(number), str(os.getpid()).encode())
        while _is_wanted():
            if not _train_next():
                time.sleep(POLL_SECONDS)


def _train_next() -> bool:
    """Train the run that has waited longest; say whether there was one."""
    from mnist_app.model import training

    for run in runs.queue():
        if _do_alone(training.train, run):
            training.forget()  # takes seconds on a busy machine, and holds nobody up now
            _want()
            with contextlib.suppress(RunError):
                if runs.read(run.name).state.status == "queued":  # it gave way, or could not begin
                    time.sleep(1)
            return True
    return False


def _do_alone(train: Callable[[Run], None], run: Run) -> bool:
    """Train a run if it still waits and no other trainer holds it; say whether this was so."""
    with contextlib.suppress(RunError), runs.alone(run, patience=0):
        current = runs.read(run.name)
        if current.state.status == "queued":
            train(current)
            return True
    return False


def _start(number: int) -> subprocess.Popen[bytes]:
    """Start a trainer in a session of its own: what ends this process does not end it."""
    _file(number).unlink(missing_ok=True)
    # TensorFlow's faster kernels are off by default on some processors: a third of the time.
    environment = {"TF_ENABLE_ONEDNN_OPTS": "1"} | os.environ
    environment["MNIST_APP_HOME"] = str(home().absolute())  # it works in another folder
    with _file(number).with_suffix(".log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "mnist_app.workers", str(number)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )


def _want() -> None:
    """Say that somebody may train soon."""
    file = _wanted_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def _is_wanted() -> bool:
    try:
        return time.time() - _wanted_file().stat().st_mtime < IDLE_LIMIT
    except OSError:
        return False


def _is_running(number: int) -> bool:
    try:
        with runs.trainer_slot(number):
            return False
    except Timeout:
        return True


def _wanted_file() -> Path:
    return home() / "trainers" / "wanted"


def _file(number: int) -> Path:
    return home() / "trainers" / f"{number}.pid"


if __name__ == "__main__":
    main()
