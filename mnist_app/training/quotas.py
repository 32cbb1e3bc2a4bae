"""How much of the queue anybody may take: asked in the transaction that puts a run into it."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import limits, storage
from mnist_app.storage import RUNS, WORKERS, Now
from mnist_app.storage.run_starts import RUN_STARTS
from mnist_app.training.run import (
    ACTIVE,
    LEASE_SECONDS,
    OPERATOR,
    SELECTED,
    Run,
    RunError,
    active_status,
    is_live,
    run_of,
)

HOUR = 3600.0


@dataclass(frozen=True)
class Load:
    """How much all servers of this store have to do."""

    waiting: int
    """Runs in the queue."""
    training: int
    """Runs that a worker holds."""
    workers: int
    """Workers that live."""


COUNTED_SECONDS = 24 * HOUR
"""So long it is known who started a run, and from which address; see `ui.visitor.place`."""


def load() -> Load:
    """Return how much there is to do. Raises StorageError."""
    runs = sa.select(active_status().label("status")).subquery()
    status = runs.c.status
    counts = sa.select(
        sa.func.count(sa.case((status == "queued", 1))),
        sa.func.count(sa.case((status.in_(("running", "paused")), 1))),
    )
    live = sa.select(sa.func.count()).where(is_live(WORKERS.c.lease_until, LEASE_SECONDS))
    with storage.reading() as connection:
        waiting, training = connection.execute(counts).one()
        workers = connection.execute(live).scalar_one()
    return Load(int(waiting), int(training), int(workers))


def active_runs_of(connection: Connection, owner: str) -> list[Run]:
    """Return a visitor's runs that wait or work; the operator may have many."""
    if owner == OPERATOR:
        return []
    query = SELECTED.where(RUNS.c.owner == owner, active_status().in_(ACTIVE))
    return [run_of(row) for row in connection.execute(query).mappings()]


def require_place(connection: Connection, owner: str, active: list[Run], place: str) -> None:
    """Raise RunError where a visitor has enough active runs, or the queue is full for him.

    Also where he, or all from his `place`, started as many runs in an hour as they may. An empty
    place is one that nobody knows.
    """
    if owner == OPERATOR:
        return
    if len(active) >= limits.RUNS_PER_VISITOR.value():
        raise RunError(_no_more_than(active))
    _require_turn(connection, owner, place)
    waiting, from_there = _waiting(connection, place)
    if waiting >= (most := limits.QUEUED_RUNS.value()):
        raise RunError(
            f"{most} runs wait already, and no more may. Try again when some of them are done."
        )
    if waiting >= most - most // 4 and 2 * from_there > waiting:
        raise RunError(
            "Most of the runs that wait were started from where you are. The last places of the "
            "queue are for others. Try again when some of these runs are done."
        )


def note_start(connection: Connection, run: int, owner: str, place: str) -> None:
    """Remember for a day who started a run, the one of this number, and from where."""
    old = sa.not_(RUN_STARTS.c.started_at.between(Now() - COUNTED_SECONDS, Now() + HOUR))
    connection.execute(RUN_STARTS.delete().where(old))
    if owner != OPERATOR:
        started = {"run_id": run, "owner": owner, "place": place, "started_at": Now()}
        connection.execute(RUN_STARTS.insert().values(**started))


def _require_turn(connection: Connection, owner: str, place: str) -> None:
    lately = RUN_STARTS.c.started_at > Now() - HOUR
    for which, limit, sentence in (
        (RUN_STARTS.c.owner == owner, limits.RUNS_PER_HOUR, "You have started {} runs"),
        (
            sa.and_(RUN_STARTS.c.place == place, RUN_STARTS.c.place != ""),
            limits.RUNS_PER_HOUR_PER_ADDRESS,
            "{} runs were started from where you are",
        ),
    ):
        query = sa.select(sa.func.count()).select_from(RUN_STARTS).where(which, lately)
        if connection.execute(query).scalar_one() >= limit.value():
            raise RunError(
                f"{sentence.format(limit.value())} within an hour, and no more may be. Try again "
                "later."
            )


def _waiting(connection: Connection, place: str) -> tuple[int, int]:
    """Return how many runs wait, and how many of them were started from a place."""
    from_there = sa.exists().where(
        RUN_STARTS.c.run_id == RUNS.c.id, RUN_STARTS.c.place == place, RUN_STARTS.c.place != ""
    )
    query = sa.select(sa.func.count(), sa.func.count(sa.case((from_there, 1))))
    waiting, there = connection.execute(query.where(RUNS.c.status == "queued")).one()
    return int(waiting), int(there)


def _no_more_than(active: list[Run]) -> str:
    if len(active) == 1:
        return (
            f"Your run {active[0].name} is {active[0].status}. Wait for its end or stop it, then "
            "train the next one."
        )
    return (
        f"You have {len(active)} runs that wait or are being trained. Wait for the end of one or "
        "stop it, then train the next one."
    )
