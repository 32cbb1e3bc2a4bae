"""The worker processes that train: how many there may be, starting them, and what each does.

A worker takes runs from the queue, one after the other. It outlives whoever started it, so that a
page that is reloaded or a server that is restarted loses nothing, and waits, warm, for the next.
It holds a slot and its run by leases, which it renews while it lives.
"""

import argparse
import gc
import hashlib
import logging
import os
import platform
import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir

import sqlalchemy as sa

from mnist_app import storage
from mnist_app.storage import WORKERS, Now, StorageError, home
from mnist_app.training import leases, runs
from mnist_app.training.leases import LEASE_SECONDS, RENEWAL_SECONDS

LOGGER = logging.getLogger(__name__)
# Seconds that an idle worker stays warm after somebody wanted one.
IDLE_SECONDS = 600.0
POLL_INTERVAL = 0.1
# Seconds between two notes in the store that workers are wanted.
WANTED_INTERVAL = 5.0
ROOT = Path(__file__).parent.parent

_children: dict[str, subprocess.Popen[bytes]] = {}
_wanted_at: dict[str, float] = {}
_starting = threading.Lock()


def limit() -> int:
    """Return how many trainings may run at once: MNIST_APP_TRAINERS, 1 by default."""
    given = os.environ.get("MNIST_APP_TRAINERS", "1")
    return max(1, int(given)) if given.isdigit() else 1


def start() -> None:
    """Start the workers that are missing; they warm up while a person chooses settings.

    Raises StorageError when the store cannot be written, and OSError when no process can start.
    """
    with _starting:
        for number in range(limit()):
            slot = slot_name(number)
            _forget_dead_child(slot)
            _want(slot)
            if slot not in _children and not _is_taken(slot):
                _children[slot] = _spawn(number)


def process_id(number: int) -> int:
    """Return the id of a warm worker's process; 0 where none runs or it is not warm yet."""
    is_warm = sa.and_(
        WORKERS.c.slot == slot_name(number), WORKERS.c.is_warm, WORKERS.c.lease_until > Now()
    )
    try:
        with storage.reading() as connection:
            return int(
                connection.execute(sa.select(WORKERS.c.process_id).where(is_warm)).scalar() or 0
            )
    except StorageError:
        return 0


def slot_name(number: int) -> str:
    """Return what the place of a worker is called: machine, home folder and number."""
    folder = hashlib.sha256(str(home().absolute()).encode()).hexdigest()[:12]
    return f"{platform.node()[:200]}:{folder}:{number}"


class Worker:
    """What one worker process holds in the store."""

    def __init__(self, number: int) -> None:
        """Hold nothing yet."""
        self.slot = slot_name(number)
        self.name = f"{os.getpid()}-{secrets.token_hex(8)}"

    def take_slot(self) -> bool:
        """Take the slot; say whether it was free. Raises StorageError."""
        with storage.writing() as connection:
            storage.take_turns(connection, self.slot)
            query = sa.select(WORKERS.c.slot).where(_is_live(self.slot))
            if connection.execute(query).scalar():
                return False
            taken = {
                "worker": self.name,
                "process_id": os.getpid(),
                "is_warm": False,
                "lease_until": Now() + LEASE_SECONDS,
                "wanted_until": Now() + IDLE_SECONDS,
            }
            storage.upsert(connection, WORKERS, {"slot": self.slot}, taken)
            return True

    def renew(self) -> None:
        """Keep the slot and the run. Raises StorageError."""
        self._update(lease_until=Now() + LEASE_SECONDS)
        leases.renew(self.name)

    def keep_renewing(self) -> None:
        """Renew again and again; for a thread of its own."""
        while True:
            with suppress(StorageError):  # it may work in time the next time
                self.renew()
            time.sleep(RENEWAL_SECONDS)

    def say_warm(self) -> None:
        """Say that the next training begins at once. Raises StorageError."""
        self._update(is_warm=True)

    def is_wanted(self) -> bool:
        """Say whether somebody wanted a worker in the last minutes. Raises StorageError."""
        own = sa.and_(WORKERS.c.slot == self.slot, WORKERS.c.worker == self.name)
        query = sa.select(WORKERS.c.wanted_until > Now()).where(own)
        with storage.reading() as connection:
            return bool(connection.execute(query).scalar())

    def stay_wanted(self) -> None:
        """Wait for another run as long as after a wish for a worker. Raises StorageError."""
        self._update(wanted_until=Now() + IDLE_SECONDS)

    def leave_slot(self) -> None:
        """Free the slot. Raises StorageError."""
        self._update(lease_until=0.0)

    def _update(self, **values: object) -> None:
        own = sa.and_(WORKERS.c.slot == self.slot, WORKERS.c.worker == self.name)
        with storage.writing() as connection:
            connection.execute(WORKERS.update().where(own).values(**values))


def main() -> None:
    """Be a worker: train what waits until nobody has wanted one for some minutes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    os.nice(10)  # whoever draws comes first
    worker = Worker(parser.parse_args().number)
    if not worker.take_slot():
        return
    threading.Thread(target=worker.keep_renewing, daemon=True).start()
    # TensorFlow takes seconds to import; nobody may start another worker meanwhile.
    from mnist_app.model import training

    if not runs.is_anybody_waiting():
        training.warm()
    gc.collect()
    gc.freeze()
    worker.say_warm()
    while _work(worker):
        time.sleep(POLL_INTERVAL)
    worker.leave_slot()


def _work(worker: Worker) -> bool:
    """Train all that waits; say whether to wait for more."""
    from mnist_app.model import training

    try:
        while runs.is_anybody_waiting():
            run = leases.claim_next(worker.name)
            if run is None:
                break
            training.train(run, worker.name)
            training.forget()  # takes seconds on a busy machine, and holds nobody up now
            worker.stay_wanted()
        return worker.is_wanted()
    except StorageError as error:
        LOGGER.warning("The store does not answer; trying again: %s", error)
        time.sleep(1)
        return True


def _spawn(number: int) -> subprocess.Popen[bytes]:
    """Start a worker in a session of its own: what ends this process does not end it."""
    # TensorFlow's faster kernels are off by default on some processors: a third of the time.
    environment = {"TF_ENABLE_ONEDNN_OPTS": "1"} | os.environ
    environment["MNIST_APP_HOME"] = str(home().absolute())  # it works in another folder
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


def _log_file(number: int) -> Path:
    """Return where a worker's log goes: beside the store, or where that is elsewhere."""
    folder = home() if home().is_dir() else Path(gettempdir())
    return folder / f"worker-{number}.log"


def _want(slot: str) -> None:
    """Note that somebody may train soon; once in some seconds is enough."""
    key = f"{storage.url()} {slot}"
    if time.monotonic() - _wanted_at.get(key, -WANTED_INTERVAL) < WANTED_INTERVAL:
        return
    with storage.writing() as connection:
        wanted = {"wanted_until": Now() + IDLE_SECONDS}
        storage.upsert(connection, WORKERS, {"slot": slot}, wanted)
    _wanted_at[key] = time.monotonic()


def _is_taken(slot: str) -> bool:
    with storage.reading() as connection:
        query = sa.select(WORKERS.c.slot).where(_is_live(slot))
        return connection.execute(query).scalar() is not None


def _is_live(slot: str) -> sa.ColumnElement[bool]:
    return sa.and_(WORKERS.c.slot == slot, WORKERS.c.lease_until > Now())


def _forget_dead_child(slot: str) -> None:
    """Whoever started a worker learns first that it died: its leases need not run out."""
    child = _children.get(slot)
    if child is None or child.poll() is None:
        return
    del _children[slot]
    own = sa.and_(WORKERS.c.slot == slot, WORKERS.c.process_id == child.pid)
    with storage.writing() as connection:
        worker = connection.execute(sa.select(WORKERS.c.worker).where(own)).scalar()
        connection.execute(WORKERS.update().where(own).values(lease_until=0.0))
    if worker is not None:
        leases.give_up(worker)


if __name__ == "__main__":
    main()
