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

from mnist_app import limits, storage
from mnist_app.data import datasets
from mnist_app.data.datasets import DatasetError
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.networks import registry
from mnist_app.storage import ARTIFACTS, RUNS, Now, StorageError
from mnist_app.training import capacity, queue, quotas
from mnist_app.training import settings as settings_module
from mnist_app.training.run import (
    ACTIVE,
    OPERATOR,
    SELECTED,
    Run,
    RunError,
    active_status,
    read_run,
    run_of,
)
from mnist_app.training.settings import Settings

OTHERS_SHOWN = 30
"""How many of other people's runs a visitor is shown."""
SWITCHED_OFF = "Training is switched off on this server."


def create(
    settings: Settings,
    kind: str,
    who: str,
    drawings: bytes | None = None,
    strokes: bytes | None = None,
    place: str = "",
) -> Run:
    """Put a new run, called after its `kind`, into the queue.

    `drawings` are as `labeled_drawings.as_npz` returns them, `strokes` as `stroke_files.as_npz`;
    `place` is where `who` comes from, see `ui.visitor`.

    A visitor has few active runs at a time, usually one: two clicks make one run. Raises RunError
    for one more that differs, where training is switched off, it would start from a network that
    `who` may not use, too many runs wait or were started lately, no space is left, files of the
    data set are missing or the store cannot be written, and SettingsError for settings out of
    bounds. Old runs are deleted first.
    """
    _require_training(who)
    settings = settings_module.read(settings_module.as_dictionary(settings))
    if not may_use(settings.start_from, who):
        raise RunError(f"{settings.start_from} is another person’s alone. Choose another network.")
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
        _clean_up(connection, who)
        active = quotas.active_runs_of(connection, who)
        for run in active:
            if run.settings == settings and run.status == "queued":
                return run
        quotas.require_place(connection, who, active, place)
        capacity.require_space(connection)
        name = _insert(connection, settings, kind, who, drawings is not None)
        if drawings is not None:
            storage.put_artifact(connection, name, "drawings", drawings)
        if strokes is not None:
            storage.put_artifact(connection, name, "strokes", strokes)
        made = read_run(connection, name)
        quotas.note_start(connection, made.number, who, place)
        return made


def read(name: str, who: str = OPERATOR) -> Run:
    """Return the run `name`, by one indexed query.

    Raises RunError when there is none, or none that is shown to `who`.
    """
    with _store_errors_told(), storage.reading() as connection:
        run = read_run(connection, name)
    if not run.is_shown_to(who):
        raise RunError(f"There is no run {name}.")
    return run


def may_use(network: str, who: str) -> bool:
    """Say whether the network of this name is not another person's alone; see `Run.is_shown_to`.

    False where the store cannot be read.
    """
    is_private = sa.and_(RUNS.c.has_drawings.is_not(False), RUNS.c.owner != who)
    query = sa.select(sa.exists().where(RUNS.c.name == network, is_private))
    try:
        with storage.reading() as connection:
            return who == OPERATOR or not connection.execute(query).scalar()
    except StorageError:
        return False


def read_keras_file(name: str, who: str) -> bytes:
    """Return a run's network as a Keras file, empty where it has none. Raises RunError."""
    run = read(name, who)
    return registry.read_artifact(run.name, "keras") or b""


def list_runs(who: str = OPERATOR) -> list[Run]:
    """Return what somebody is shown, the newest first; none where the store cannot be read.

    The operator is shown all runs, a visitor the own ones and the newest of others; see
    `Run.is_shown_to`.
    """
    newest_first = SELECTED.order_by(RUNS.c.id.desc())
    queries = [newest_first]
    if who != OPERATOR:
        others = newest_first.where(_is_anothers(who)).limit(OTHERS_SHOWN)
        queries = [newest_first.where(RUNS.c.owner == who), others]
    try:
        with storage.reading() as connection:
            rows = [row for query in queries for row in connection.execute(query).mappings()]
    except StorageError:
        return []
    return sorted(map(run_of, rows), key=lambda run: -run.number)


def has_anybody_else(who: str) -> bool:
    """Say whether `list_runs` has runs of others than `who`."""
    query = sa.select(sa.exists().where(_is_anothers(who)))
    try:
        with storage.reading() as connection:
            return bool(connection.execute(query).scalar())
    except StorageError:
        return False


def cleanup_rule() -> str:
    """Return a sentence that says which runs are kept."""
    return (
        f"Your newest {limits.KEPT_RUNS_PER_VISITOR.value()} ended runs are kept, and the newest "
        f"{limits.KEPT_RUNS.value()} of all people."
    )


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
    with _store_errors_told(), storage.reading() as connection:
        return queue.place(connection, run)


def is_anybody_waiting() -> bool:
    """Say whether a run waits in the queue."""
    query = sa.select(sa.exists().where(RUNS.c.status == "queued"))
    with storage.reading() as connection:
        return bool(connection.execute(query).scalar())


def resume(name: str, who: str, more_epochs: int = 0, place: str = "") -> None:
    """Put an ended or interrupted run into the queue again, for some more epochs.

    One that waits already stays where it is. `place` is as for `create`. Raises RunError while it
    works, when there is nothing left to do, when its owner has too many active runs, and for
    anybody who may not change it, and where training is switched off or too many runs wait.
    """
    _require_training(who)
    with _changing(name, who) as (connection, run):
        if run.status == "queued":
            return
        if run.status in ACTIVE:
            raise RunError(f"{name} is being trained. Stop it first.")
        active = quotas.active_runs_of(connection, run.owner)
        quotas.require_place(connection, run.owner, active, place)
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
        quotas.note_start(connection, run.number, run.owner, place)


def leave_queue(name: str, who: str) -> None:
    """Take a run that waits out of the queue. Raises RunError as `resume` does."""
    with _changing(name, who) as (connection, run):
        if run.status == "queued":
            kept = (
                f"It left the queue. What it learned in {run.completed_epochs} epochs is kept."
                if run.completed_epochs
                else "It left the queue before it learned anything: there is no network yet."
            )
            _update(connection, run, status="stopped", message=kept)
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


def _is_anothers(who: str) -> sa.ColumnElement[bool]:
    """Say in a query whether a run is another's, and shown to `who`."""
    return sa.and_(RUNS.c.owner != who, RUNS.c.has_drawings.is_(False))


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


def _require_training(who: str) -> None:
    if who != OPERATOR and not limits.TRAINING.is_on():
        raise RunError(SWITCHED_OFF)


def _clean_up(connection: Connection, who: str) -> None:
    """Delete a visitor's oldest ended runs, and then the oldest of all.

    What tells their age is the number of their last event, which grows whatever the clock does. A
    run that never learned anything has none and goes first; one that was interrupted goes last: it
    seems so for some seconds when the clock is set.
    """
    was_working = RUNS.c.status.in_(("running", "paused"))
    newest = [was_working.desc(), RUNS.c.last_event.desc(), RUNS.c.id.desc()]
    ended = sa.select(RUNS.c.id).where(active_status().not_in(ACTIVE)).order_by(*newest)
    own = ended.where(RUNS.c.owner == who).offset(limits.KEPT_RUNS_PER_VISITOR.value())
    if who != OPERATOR:
        connection.execute(RUNS.delete().where(RUNS.c.id.in_(own)))
    beyond = ended.offset(limits.KEPT_RUNS.value())
    connection.execute(RUNS.delete().where(RUNS.c.id.in_(beyond)))


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
