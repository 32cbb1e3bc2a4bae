"""Training runs in the store: starting, steering, watching, resuming and deleting them.

A new run waits in the queue; a worker takes it (`leases`), writes what happens (`recorder`) and
applies commands (`controls`); everybody can read what happened (`history`). Functions that change a
run are told who asks, and refuse everybody but its owner and the operator.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import storage
from mnist_app.data import datasets
from mnist_app.data.datasets import DatasetError
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.storage import ARTIFACTS, RUNS, Now, StorageError
from mnist_app.training import settings as settings_module
from mnist_app.training.run import (
    ACTIVE,
    ENDED,
    OPERATOR,
    SELECTED,
    Run,
    RunError,
    active_status,
    read_run,
    run_of,
)
from mnist_app.training.settings import Settings

# Cleaning up: ended runs beyond this many, the oldest first, and those older than this.
KEPT_RUNS = 60
KEPT_SECONDS = 30 * 24 * 3600
CLEANUP_RULE = f"The newest {KEPT_RUNS} ended runs are kept, each for 30 days after its last step."


def create(
    settings: Settings,
    kind: str,
    who: str,
    drawings: bytes | None = None,
    strokes: bytes | None = None,
) -> Run:
    """Put a new run, called after its `kind`, into the queue.

    `drawings` are as `labeled_drawings.as_npz` returns them, `strokes` as `stroke_files.as_npz`.

    A visitor has one active run at a time: two clicks make one run. Raises RunError for a second
    one that differs, when files of the data set are missing, and when the store cannot be written,
    and SettingsError for settings out of bounds. Old runs are deleted first.
    """
    settings = settings_module.read(settings_module.as_dictionary(settings))
    if settings.rewritten and strokes is None:
        raise RunError(
            "This training writes people’s digits anew and has no strokes of people. Bring them, "
            "or set the number of rewritten digits to 0."
        )
    try:
        datasets.require_files(settings.data)
    except DatasetError as error:
        raise RunError(str(error)) from None
    with _store_errors_told(), storage.writing() as connection:
        storage.take_turns(connection, "runs")
        _clean_up(connection)
        active = _active_run_of(connection, who)
        if active is not None:
            if active.settings == settings and active.status == "queued":
                return active
            raise RunError(_only_one(active))
        name = _insert(connection, settings, kind, who, drawings is not None)
        if drawings is not None:
            storage.put_artifact(connection, name, "drawings", drawings)
        if strokes is not None:
            storage.put_artifact(connection, name, "strokes", strokes)
        return read_run(connection, name)


def read(name: str) -> Run:
    """Return the run `name`, by one indexed query. Raises RunError when there is none."""
    with _store_errors_told(), storage.reading() as connection:
        return read_run(connection, name)


def list_runs() -> list[Run]:
    """Return all runs, the newest first; none where the store cannot be read."""
    try:
        with storage.reading() as connection:
            newest_first = SELECTED.order_by(RUNS.c.queued_at.desc(), RUNS.c.id.desc())
            return [run_of(row) for row in connection.execute(newest_first).mappings()]
    except StorageError:
        return []


def list_networks(owner: str) -> list[str]:
    """Return the names of a visitor's runs that have a network to answer with, the newest first.

    None where the store cannot be read.
    """
    query = (
        sa.select(RUNS.c.name)
        .join(ARTIFACTS, sa.and_(ARTIFACTS.c.run == RUNS.c.name, ARTIFACTS.c.kind == "card"))
        .where(RUNS.c.owner == owner)
        .order_by(RUNS.c.id.desc())
    )
    try:
        with storage.reading() as connection:
            return list(connection.execute(query).scalars())
    except StorageError:
        return []


def place_in_queue(run: Run) -> tuple[int, int]:
    """Return a run's place, 1 for the next one, and how many wait; place 0 is not in the queue."""
    is_before = sa.or_(
        RUNS.c.queued_at < run.queued_at,
        sa.and_(RUNS.c.queued_at == run.queued_at, RUNS.c.id <= run.number),
    )
    query = sa.select(
        sa.func.count(sa.case((is_before, 1))),
        sa.func.count(),
        sa.func.count(sa.case((RUNS.c.id == run.number, 1))),
    ).where(RUNS.c.status == "queued")
    with _store_errors_told(), storage.reading() as connection:
        place, waiting, is_waiting = connection.execute(query).one()
    return (int(place) if is_waiting else 0), int(waiting)


def is_anybody_waiting() -> bool:
    """Say whether a run waits in the queue."""
    query = sa.select(sa.exists().where(RUNS.c.status == "queued"))
    with storage.reading() as connection:
        return bool(connection.execute(query).scalar())


def resume(name: str, who: str, more_epochs: int = 0) -> None:
    """Put an ended or interrupted run into the queue again, for some more epochs.

    One that waits already stays where it is. Raises RunError while it works, when there is nothing
    left to do, when another run of its owner is active, and for anybody who may not change it.
    """
    with _changing(name, who) as (connection, run):
        if run.status == "queued":
            return
        if run.status in ACTIVE:
            raise RunError(f"{name} is being trained. Stop it first.")
        active = _active_run_of(connection, run.owner)
        if active is not None:
            raise RunError(_only_one(active))
        first, epochs = run.first_epoch, run.epochs
        if more_epochs:
            first, epochs = run.completed_epochs, run.completed_epochs + more_epochs
        if run.completed_epochs >= epochs and run.status in ("done", "stopped"):
            raise RunError(f"{name} has done its {epochs} epochs. Say how many more it should do.")
        _discard_commands(connection, run)
        _update(
            connection,
            run,
            status="queued",
            queued_at=Now(),
            epochs=epochs,
            first_epoch=first,
            message="",
            worker=None,
        )


def leave_queue(name: str, who: str) -> None:
    """Take a run that waits out of the queue. Raises RunError as `resume` does."""
    with _changing(name, who) as (connection, run):
        if run.status == "queued":
            _update(connection, run, status="stopped")
        elif run.is_active:
            raise RunError(f"{name} is being trained already. Stop it instead.")


def delete(name: str, who: str) -> None:
    """Delete a run, its network and its curves; it must not work. Raises RunError as `resume`."""
    with _changing(name, who) as (connection, run):
        if run.status in ("running", "paused"):
            raise RunError(f"{name} is being trained. Stop it first.")
        connection.execute(RUNS.delete().where(RUNS.c.id == run.number))


def watch(name: str, who: str, image: Image) -> None:
    """Let a run be asked about a drawing, uint8 (28, 28), while it learns. Raises RunError."""
    if image.shape != (IMAGE_SIDE, IMAGE_SIDE):
        raise RunError(f"A drawing of {IMAGE_SIDE} × {IMAGE_SIDE} pixels is needed.")
    with _changing(name, who) as (connection, run):
        _update(connection, run, watched=image.astype(np.uint8).tobytes())


def send_command(name: str, who: str, kind: str, value: float | None = None) -> None:
    """Tell a run that trains something: "pause", "resume", "stop" or a new "learning_rate".

    Raises RunError where it does not train, and for anybody who may not change it.
    """
    with _changing(name, who) as (connection, run):
        if run.status not in ("running", "paused"):
            raise RunError(f"{name} is not being trained.")
        connection.execute(
            storage.COMMANDS.insert().values(
                run_id=run.number, kind=kind, value=value, sender=who, sent_at=Now()
            )
        )


@contextmanager
def _changing(name: str, who: str) -> Iterator[tuple[Connection, Run]]:
    """Give a transaction and the run that somebody may change in it."""
    with _store_errors_told(), storage.writing() as connection:
        storage.take_turns(connection, "runs")
        run = read_run(connection, name)
        if not run.may_be_changed_by(who):
            raise RunError(
                f"{name} belongs to somebody else. Only the browser that started it can change it."
            )
        yield connection, run


def _update(connection: Connection, run: Run, **values: object) -> None:
    changed = RUNS.update().where(RUNS.c.id == run.number)
    connection.execute(changed.values(changed_at=Now(), **values))


def _insert(
    connection: Connection, settings: Settings, kind: str, who: str, has_drawings: bool
) -> str:
    """Insert a run and return its name, made of its number, which no other run has had."""
    number = connection.execute(
        RUNS.insert()
        .values(
            name="new",
            owner=who,
            status="queued",
            settings=settings_module.as_dictionary(settings),
            queued_at=Now(),
            changed_at=Now(),
            epochs=settings.epochs,
            learning_rate=settings.learning_rate,
            has_drawings=has_drawings,
        )
        .returning(RUNS.c.id)
    ).scalar_one()
    name = f"{kind}-{number}"
    connection.execute(RUNS.update().where(RUNS.c.id == number).values(name=name))
    return name


def _active_run_of(connection: Connection, owner: str) -> Run | None:
    """Return a visitor's run that waits or works; the operator may have many."""
    if owner == OPERATOR:
        return None
    query = SELECTED.where(RUNS.c.owner == owner, active_status().in_(ACTIVE)).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else run_of(row)


def _clean_up(connection: Connection) -> None:
    ended = sa.select(RUNS.c.id).where(active_status().in_(ENDED))
    newest = ended.order_by(RUNS.c.queued_at.desc(), RUNS.c.id.desc())
    numbers = list(connection.execute(newest).scalars())[KEPT_RUNS:]
    too_many = RUNS.c.id.in_(numbers)
    too_old = sa.and_(RUNS.c.changed_at < Now() - KEPT_SECONDS, active_status().in_(ENDED))
    connection.execute(RUNS.delete().where(sa.or_(too_many, too_old)))


def _discard_commands(connection: Connection, run: Run) -> None:
    """What was still unheard when a run ended is not meant for its next beginning."""
    commands = storage.COMMANDS
    unheard = sa.and_(commands.c.run_id == run.number, commands.c.applied_at.is_(None))
    connection.execute(commands.update().where(unheard).values(applied_at=Now()))


@contextmanager
def _store_errors_told() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        raise RunError(str(error)) from error


def _only_one(active: Run) -> str:
    return (
        f"Your run {active.name} is {active.status}. Wait for its end or stop it, then train the "
        "next one."
    )
