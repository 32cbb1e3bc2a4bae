"""In which order waiting runs are trained: fair turns between people.

A person's runs take turns with those of others: the first of each goes before the second of
anybody. Which turn a run has depends on how many of its owner's runs were ahead when it was queued,
so that nobody loses a turn by having waited long, or gains one because a run of his has ended.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import storage
from mnist_app.storage import COMMANDS, RUNS, Now
from mnist_app.training.run import LEASE_SECONDS, Run, is_live

# How often a run may lose its worker within one epoch: perhaps it is what ends them.
MOST_LOSSES = 10
# Seconds after which a lost run is left as it is: somebody may resume it.
FORGOTTEN_AFTER = 86_400.0

_LOST = "lost"
"""The kind of a command that nobody gives: a run was put back, with the epochs that it has done."""


def in_turn() -> tuple[sa.ColumnElement[Any], ...]:
    """Return by what a query sorts the runs that wait."""
    return (_turn(), RUNS.c.queued_at, RUNS.c.id)


def place(connection: Connection, run: Run) -> tuple[int, int]:
    """Return a run's place, 1 for the next one, and how many wait; place 0 is not in the queue."""
    query = sa.select(RUNS.c.id).where(RUNS.c.status == "queued").order_by(*in_turn())
    waiting = connection.execute(query).scalars().all()
    return (waiting.index(run.number) + 1 if run.number in waiting else 0), len(waiting)


def waiting() -> list[tuple[str, float]]:
    """Return the runs that wait, the next one first: name, and when each was queued.

    Raises StorageError.
    """
    query = sa.select(RUNS.c.name, RUNS.c.queued_at).where(RUNS.c.status == "queued")
    with storage.reading() as connection:
        rows = connection.execute(query.order_by(*in_turn())).all()
    return [(row.name, row.queued_at) for row in rows]


def count_training() -> int:
    """Return how many runs are being trained or paused. Raises StorageError."""
    is_held = sa.and_(
        RUNS.c.status.in_(("running", "paused")), is_live(RUNS.c.lease_until, LEASE_SECONDS)
    )
    with storage.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).where(is_held)).scalar_one())


def put_back_lost() -> None:
    """Put all runs whose lease has run out into the queue again. Raises StorageError."""
    until = RUNS.c.lease_until
    is_recent = until > Now() - FORGOTTEN_AFTER
    _put_back(sa.and_(sa.not_(is_live(until, LEASE_SECONDS)), is_recent))


def put_back(worker: str) -> None:
    """Put what a worker holds that is dead into the queue again. Raises StorageError."""
    _put_back(RUNS.c.worker == worker)


def _put_back(which: sa.ColumnElement[bool]) -> None:
    """Put runs back where they were in the queue; each goes on from its checkpoint."""
    is_begun = RUNS.c.status.in_(("running", "paused"))
    query = sa.select(RUNS.c.id, RUNS.c.completed_epochs).where(is_begun, which)
    with storage.reading() as connection:
        if connection.execute(query).first() is None:
            return
    with storage.writing() as connection:
        for run in connection.execute(query.with_for_update(skip_locked=True)).all():
            losses = 1 + _losses(connection, run.id, run.completed_epochs)
            _note_loss(connection, run.id, run.completed_epochs)
            values = {"status": "queued", "message": "", "worker": None, "changed_at": Now()}
            if losses >= MOST_LOSSES:
                values |= {"status": "failed", "message": _too_often(losses)}
            connection.execute(RUNS.update().where(RUNS.c.id == run.id).values(values))


def _losses(connection: Connection, run: int, completed_epochs: int) -> int:
    """Return how often a run lost its worker since it has done so many epochs."""
    query = sa.select(sa.func.count()).where(
        COMMANDS.c.run_id == run, COMMANDS.c.kind == _LOST, COMMANDS.c.value == completed_epochs
    )
    return int(connection.execute(query).scalar_one())


def _note_loss(connection: Connection, run: int, completed_epochs: int) -> None:
    noted = {"kind": _LOST, "value": completed_epochs, "sender": "queue"}
    times = {"sent_at": Now(), "applied_at": Now()}
    connection.execute(COMMANDS.insert().values(run_id=run, **noted, **times))


def _too_often(losses: int) -> str:
    return (
        f"It lost its worker {losses} times in the same epoch, so it is tried no more. “Resume” "
        "tries it again."
    )


def _turn() -> sa.ScalarSelect[int]:
    """Return how many of its owner's runs were ahead of a run when it was queued.

    Ahead are those that waited or were being trained then, also where they have ended since.
    """
    ahead = RUNS.alias("ahead")
    was_before = sa.or_(
        ahead.c.queued_at < RUNS.c.queued_at,
        sa.and_(ahead.c.queued_at == RUNS.c.queued_at, ahead.c.id < RUNS.c.id),
    )
    is_held = sa.and_(
        ahead.c.status.in_(("running", "paused")), is_live(ahead.c.lease_until, LEASE_SECONDS)
    )
    was_active = sa.or_(ahead.c.status == "queued", is_held, ahead.c.changed_at >= RUNS.c.queued_at)
    return (
        sa.select(sa.func.count())
        .where(ahead.c.owner == RUNS.c.owner, was_before, was_active)
        .correlate(RUNS)
        .scalar_subquery()
    )
