"""Which worker trains which run: a lease that the worker renews while it lives.

A worker that is killed renews nothing, so after some seconds everybody sees that its run was
interrupted, on whichever machine it ran. A worker that lost its lease can write nothing more.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import storage
from mnist_app.storage import RUNS, Now
from mnist_app.training import queue
from mnist_app.training.run import LEASE_SECONDS, SELECTED, Run, run_of

RENEWAL_SECONDS = 2.0


class LeaseLost(Exception):
    """The run was taken away from this worker, which must stop working on it."""


def claim_next(worker: str) -> Run | None:
    """Take the run whose turn it is; None where none waits. Raises StorageError.

    One that nobody can read ends there, so that those behind it have their turn.
    """
    waiting = sa.select(RUNS.c.id).where(RUNS.c.status == "queued")
    first = waiting.order_by(*queue.in_turn()).limit(1).with_for_update(skip_locked=True, of=RUNS)
    with storage.writing() as connection:
        found = connection.execute(first).one_or_none()
        if found is None:
            return None
        chosen = RUNS.c.id == found.id
        taken = {
            "status": "running",
            "message": "Getting ready",
            "worker": worker,
            "lease_until": Now() + LEASE_SECONDS,
            "changed_at": Now(),
        }
        connection.execute(RUNS.update().where(chosen).values(taken))
        run = run_of(connection.execute(SELECTED.where(chosen)).mappings().one())
        if run.status != "damaged":
            return run
        connection.execute(RUNS.update().where(chosen).values(status="failed", worker=None))
    return claim_next(worker)


def read_held(worker: str) -> Run | None:
    """Return the run that a worker holds: the store may have died before it said so.

    None where it holds none. Raises StorageError.
    """
    with storage.reading() as connection:
        found = connection.execute(SELECTED.where(_is_held_by(worker))).mappings().first()
    return None if found is None else run_of(found)


def renew(worker: str) -> None:
    """Keep all that a worker has taken. Raises StorageError."""
    with storage.writing() as connection:
        renewed = {"lease_until": Now() + LEASE_SECONDS}
        connection.execute(RUNS.update().where(_is_held_by(worker)).values(renewed))


def give_up(worker: str) -> None:
    """End all leases of a worker that is known to be dead. Raises StorageError."""
    with storage.writing() as connection:
        connection.execute(RUNS.update().where(RUNS.c.worker == worker).values(lease_until=0.0))


def update_held(
    connection: Connection, run: Run, worker: str, values: Mapping[str, object]
) -> None:
    """Change a run that this worker holds, and renew its lease.

    Raises LeaseLost where it does not hold it any more.
    """
    held = sa.and_(RUNS.c.id == run.number, RUNS.c.worker == worker)
    renewed = {"lease_until": Now() + LEASE_SECONDS}
    changed = connection.execute(RUNS.update().where(held).values(**renewed, **values))
    if not changed.rowcount:
        raise LeaseLost(run.name)


def _is_held_by(worker: str) -> sa.ColumnElement[bool]:
    return sa.and_(RUNS.c.worker == worker, RUNS.c.status.in_(("running", "paused")))
