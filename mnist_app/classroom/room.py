"""What a room is: a row of the store as a value, its tasks, and what cannot be done with it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import storage
from mnist_app.data.datasets import CLASSES
from mnist_app.storage import StorageError
from mnist_app.storage.room_tables import ROOMS

Status = Literal["open", "paused", "closed"]
Kind = Literal["free", "draw", "fool", "nothing"]
Reason = Literal[
    "unknown", "closed", "paused", "full", "fast", "damaged", "long", "foreign", "store"
]
MOST_TASKS = 200
"""Tasks that a speaker gives in one room."""
NO_SUCH_ROOM = "There is no such room any more. Ask for its code."
PAUSED = "The room is paused. Your drawing is sent when it goes on."
CLOSED = "The room is closed. Thank you for drawing!"
NOT_YOURS = "Only the browser that opened this room can do that."


class RoomError(Exception):
    """Something that cannot be done in a room; the message is a sentence for the person."""

    def __init__(self, sentence: str, reason: Reason) -> None:
        """Say it; `reason` is the same for a program."""
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True)
class Task:
    """What the speaker asks everybody to draw."""

    kind: Kind = "free"
    digit: int | None = None
    """Which digit everybody draws, 0 to 9, where the kind is "draw"; else None."""


@dataclass(frozen=True)
class Teaching:
    """What a network learned from a room, and how good it was before."""

    run: str
    """The run's name."""
    before: str
    """The network that it went on with."""
    held: Mapping[int, bool]
    """The drawings of phones that it does not learn from, by number: whether the network read them
    right before."""


@dataclass(frozen=True)
class Room:
    """A room as it is in the store."""

    number: int
    """Unique in the store; no later room has it again."""
    code: str
    """What people type: see `codes`."""
    key: str
    """What opens it for a phone, not to be guessed; it is in the QR code."""
    owner: str
    """Who opened it: a visitor, see `ui.visitor`."""
    status: Status
    network: str
    """Who reads the drawings."""
    tasks: tuple[Task, ...]
    """All that were given, the current one last."""
    teaching: Teaching | None
    """None before a network learned from the room."""
    version: int
    """Grows with each change in the room."""

    @property
    def round(self) -> int:
        """The number of the current task, from 0."""
        return len(self.tasks) - 1

    @property
    def task(self) -> Task:
        """The current task."""
        return self.tasks[-1]


@contextmanager
def told() -> Iterator[None]:
    """Raise a RoomError with the store's sentence in the place of a StorageError."""
    try:
        yield
    except StorageError as error:
        raise RoomError(str(error), "store") from error


def read_room(connection: Connection, which: sa.ColumnElement[bool]) -> Room:
    """Return a room, which stays as it is until the transaction ends. Raises RoomError."""
    row = connection.execute(sa.select(ROOMS).where(which).with_for_update()).mappings().first()
    if row is None:
        raise RoomError(NO_SUCH_ROOM, "unknown")
    return room_of(row)


@contextmanager
def changing(which: sa.ColumnElement[bool], who: str | None = None) -> Iterator["Change"]:
    """Give a transaction in which a room is changed: its version grows when it was.

    `who` asks; None where anybody may. Raises RoomError for nobody's room, and for anybody but the
    one who opened it.
    """
    with told(), storage.writing() as connection:
        room = read_room(connection, which)
        if who is not None and room.owner != who:
            raise RoomError(NOT_YOURS, "foreign")
        change = Change(connection, room)
        yield change
        if change.is_made:
            changed = ROOMS.update().where(ROOMS.c.id == room.number)
            connection.execute(changed.values(version=change.version))


class Change:
    """A transaction in a room."""

    def __init__(self, connection: Connection, room: Room) -> None:
        """Begin it."""
        self.connection = connection
        self.room = room
        self.is_made = False
        self._version = room.version + 1

    @property
    def version(self) -> int:
        """The room's version after the change."""
        self.is_made = True
        return self._version

    def update(self, **values: object) -> None:
        """Change the room itself."""
        changed = ROOMS.update().where(ROOMS.c.id == self.room.number)
        self.connection.execute(changed.values(version=self.version, **values))


def room_of(row: sa.RowMapping) -> Room:
    """Return a row as a room. Raises RoomError for one that nobody can read."""
    values: dict[str, Any] = dict(row)
    try:
        tasks = tuple(_task_of(task) for task in values["tasks"])
        teaching = _teaching_of(values["teaching"])
        if not tasks or values["status"] not in get_args(Status):
            raise ValueError("A room has a status and tasks.")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RoomError(NO_SUCH_ROOM, "unknown") from error
    return Room(
        number=values["id"],
        code=values["code"],
        key=values["key"],
        owner=values["owner"],
        status=values["status"],
        network=values["network"],
        tasks=tasks,
        teaching=teaching,
        version=values["version"],
    )


def as_json(task: Task) -> dict[str, object]:
    """Return a task as the store keeps it, and as browsers get it."""
    return asdict(task)


def check(task: Task) -> Task:
    """Return a task that can be given. Raises ValueError for any other."""
    if task.kind not in get_args(Kind) or (task.kind == "draw") != (task.digit in range(CLASSES)):
        raise ValueError("This is no task.")
    return task


def _task_of(value: Mapping[str, Any]) -> Task:
    return check(Task(value["kind"], value["digit"]))


def _teaching_of(value: Mapping[str, Any]) -> Teaching | None:
    if not value:
        return None
    held = {int(number): bool(right) for number, right in value["held"].items()}
    return Teaching(str(value["run"]), str(value["before"]), held)
