"""Places for worker processes: how many may train on a machine, and whether one is wanted.

A worker takes a slot by a lease that it renews, so that one that was killed leaves it free.
"""

import hashlib
import os
import platform
import secrets

import sqlalchemy as sa

from mnist_app import storage
from mnist_app.storage import WORKERS, Now, home
from mnist_app.training import leases
from mnist_app.training.run import LEASE_SECONDS, is_live

# Seconds that an idle worker stays warm after somebody wanted one.
IDLE_SECONDS = 600.0


def slot_name(number: int) -> str:
    """Return what a slot is called: machine, home folder and number."""
    folder = hashlib.sha256(str(home().absolute()).encode()).hexdigest()[:12]
    return f"{platform.node()[:200]}:{folder}:{number}"


def is_taken(slot: str) -> bool:
    """Say whether a worker that lives holds a slot. Raises StorageError."""
    with storage.reading() as connection:
        query = sa.select(WORKERS.c.slot).where(_is_live(slot))
        return connection.execute(query).scalar() is not None


def want(slot: str) -> None:
    """Note that somebody may train soon. Raises StorageError."""
    with storage.writing() as connection:
        wanted = {"wanted_until": Now() + IDLE_SECONDS}
        storage.upsert(connection, WORKERS, {"slot": slot}, wanted)


def warm_process(slot: str) -> int:
    """Return the id of the warm worker that holds a slot; 0 for none. Raises StorageError."""
    query = sa.select(WORKERS.c.process_id).where(_is_live(slot), WORKERS.c.is_warm)
    with storage.reading() as connection:
        return int(connection.execute(query).scalar() or 0)


def is_anybody_there() -> bool:
    """Say whether a worker lives, on this machine or another. Raises StorageError."""
    query = sa.select(sa.exists().where(is_live(WORKERS.c.lease_until, LEASE_SECONDS)))
    with storage.reading() as connection:
        return bool(connection.execute(query).scalar())


def free(slot: str, process_id: int) -> bool:
    """End all leases of a process that is known to be dead. Raises StorageError.

    Returns whether it held the slot and was warm, see `Slot.set_warm`.
    """
    own = sa.and_(WORKERS.c.slot == slot, WORKERS.c.process_id == process_id)
    with storage.writing() as connection:
        query = sa.select(WORKERS.c.worker, WORKERS.c.is_warm).where(own)
        held = connection.execute(query).one_or_none()
        connection.execute(WORKERS.update().where(own).values(lease_until=0.0))
    if held is None or held.worker is None:
        return False
    leases.give_up(held.worker)
    return bool(held.is_warm)


class Slot:
    """The slot that this process holds, and its name as a worker."""

    def __init__(self, number: int) -> None:
        """Hold nothing yet."""
        self.slot = slot_name(number)
        self.worker = f"{os.getpid()}-{secrets.token_hex(8)}"

    def take(self) -> bool:
        """Take the slot; say whether it was free. Raises StorageError."""
        with storage.writing() as connection:
            storage.take_turns(connection, self.slot)
            if connection.execute(sa.select(WORKERS.c.slot).where(_is_live(self.slot))).scalar():
                return False
            taken = {
                "worker": self.worker,
                "process_id": os.getpid(),
                "is_warm": False,
                "lease_until": Now() + LEASE_SECONDS,
                "wanted_until": Now() + IDLE_SECONDS,
            }
            storage.upsert(connection, WORKERS, {"slot": self.slot}, taken)
            return True

    def renew(self) -> None:
        """Keep the slot, and the run that the worker trains. Raises StorageError."""
        self._update(lease_until=Now() + LEASE_SECONDS)
        leases.renew(self.worker)

    def set_warm(self) -> None:
        """Say that the next training begins at once. Raises StorageError."""
        self._update(is_warm=True)

    def is_wanted(self) -> bool:
        """Say whether somebody wanted a worker in the last minutes. Raises StorageError."""
        own = sa.and_(WORKERS.c.slot == self.slot, WORKERS.c.worker == self.worker)
        with storage.reading() as connection:
            is_wanted = is_live(WORKERS.c.wanted_until, IDLE_SECONDS)
            query = sa.select(is_wanted).where(own)
            return bool(connection.execute(query).scalar())

    def stay(self) -> None:
        """Wait for another run as if somebody had just wanted a worker. Raises StorageError."""
        self._update(wanted_until=Now() + IDLE_SECONDS)

    def leave(self) -> None:
        """Free the slot. Raises StorageError."""
        self._update(lease_until=0.0)

    def _update(self, **values: object) -> None:
        own = sa.and_(WORKERS.c.slot == self.slot, WORKERS.c.worker == self.worker)
        with storage.writing() as connection:
            connection.execute(WORKERS.update().where(own).values(**values))


def _is_live(slot: str) -> sa.ColumnElement[bool]:
    return sa.and_(WORKERS.c.slot == slot, is_live(WORKERS.c.lease_until, LEASE_SECONDS))
