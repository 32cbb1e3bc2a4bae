"""What is drawn in a room: sent by phones, read by the network, voted on, hidden by the speaker.

A phone is known by a random token of its own, of which the store has a digest. What it sends again,
because no answer came, is kept once.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from mnist_app import limits, storage
from mnist_app.classroom.room import (
    CLOSED,
    PAUSED,
    Room,
    RoomError,
    Task,
    changing,
    told,
)
from mnist_app.data import canvas_strokes
from mnist_app.data.canvas_strokes import TENTHS
from mnist_app.data.datasets import CLASSES
from mnist_app.data.strokes import draw_canvas
from mnist_app.imaging.normalize import IMAGE_SIDE, Image, Problem, normalize
from mnist_app.storage import Now
from mnist_app.storage.room_tables import ROOM_DRAWINGS, ROOM_VOTES, ROOMS
from mnist_app.training import capacity

NO_DIGIT = 10
"""What stands in the place of a digit where there is none: in readings and in votes."""
READ_AT_ONCE = 100
AGREED_VOTES = 3
"""So many phones have to vote before what most of them read is what a drawing is."""
AGREED_SHARE = 2 / 3
_DAMAGED = "This drawing arrived damaged. Draw it again."
_MINUTE = 60.0
Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class RoomDrawing:
    """A drawing as the speaker sees it."""

    number: int
    round: int
    """The number of the task that it was drawn for."""
    phone: str
    """Another text for each phone; it says nothing else."""
    image: Image
    """What the network sees, uint8 (28, 28)."""
    label: int | None
    """What it is, 0 to 9 or NO_DIGIT: by its task, or as most of the room reads it; None where
    nobody knows."""
    reading: int | None
    """What the network reads, 0 to 9 or NO_DIGIT; None before it has read."""
    probabilities: Probabilities | None
    """What it answers, shape (10,); None before it has read, and for what is no picture of one
    digit (`normalize.Problem`)."""
    votes: tuple[int, ...]
    """How many phones read it as each digit, and last as none; shape (11,)."""
    is_hidden: bool
    changed: int
    """The room's version in which it was changed last."""

    @property
    def is_wrong(self) -> bool:
        """Say whether the network reads it as something else than it is."""
        return self.label is not None and self.reading not in (None, self.label)


@dataclass(frozen=True)
class Ballot:
    """A drawing that a phone is asked about."""

    number: int
    image: Image
    """uint8 (28, 28)."""


@dataclass(frozen=True)
class Unread:
    """A drawing that the network has not read."""

    number: int
    image: Image
    """uint8 (28, 28)."""


def send(key: str, phone: str, sending: str, round: int, strokes: bytes) -> int:
    """Keep a drawing of a phone in the room that `key` opens, and return its number.

    Args:
        key: The room's.
        phone: The phone's token.
        sending: Another text for each drawing of a phone; the same where it sends one again, which
            is then kept already.
        round: The number of the task that it was drawn for.
        strokes: As `data.canvas_strokes` has them.

    Raises RoomError, whose reason says whether it is worth trying again.
    """
    image, problem = _look_at(strokes)
    who = _digest(phone)
    with changing(ROOMS.c.key == key) as change:
        room, connection = change.room, change.connection
        sent = sa.and_(
            ROOM_DRAWINGS.c.room_id == room.number,
            ROOM_DRAWINGS.c.phone == who,
            ROOM_DRAWINGS.c.sending == sending,
        )
        known = connection.execute(sa.select(ROOM_DRAWINGS.c.id).where(sent)).scalar()
        if known is not None:
            return int(known)
        if not 0 <= round <= room.round:
            raise RoomError(_DAMAGED, "damaged")
        _require_open(room)
        _require_place(connection, room, who)
        number = connection.execute(
            ROOM_DRAWINGS.insert()
            .values(
                room_id=room.number,
                phone=who,
                sending=sending,
                round=round,
                strokes=strokes,
                image=image.tobytes(),
                problem="" if problem is None else problem.name,
                reading=None if problem is None else NO_DIGIT,
                changed=change.version,
                sent_at=Now(),
            )
            .returning(ROOM_DRAWINGS.c.id)
        ).scalar_one()
        return int(number)


def unread(room: Room) -> list[Unread]:
    """Return some drawings that the room's network has not read, the oldest first.

    Raises RoomError.
    """
    columns = ROOM_DRAWINGS.c
    query = (
        sa.select(columns.id, columns.image)
        .where(columns.room_id == room.number, columns.reading.is_(None))
        .order_by(columns.id)
        .limit(READ_AT_ONCE)
    )
    with told(), storage.reading() as connection:
        return [Unread(number, _image(image)) for number, image in connection.execute(query)]


def keep_readings(
    room: Room, read: Sequence[Unread], probabilities: Probabilities, readings: Sequence[int]
) -> None:
    """Keep what the room's network answers: probabilities, shape (n, 10), and digits or NO_DIGIT.

    They are dropped where another network reads in the room by now. Raises RoomError.
    """
    with changing(ROOMS.c.id == room.number) as change:
        if change.room.network != room.network:
            return
        values = [
            {
                "number": drawing.number,
                "probabilities": answer.astype("<f4").tobytes(),
                "reading": int(reading),
                "changed": change.version,
            }
            for drawing, answer, reading in zip(read, probabilities, readings, strict=True)
        ]
        if values:
            own = ROOM_DRAWINGS.update().where(ROOM_DRAWINGS.c.id == sa.bindparam("number"))
            change.connection.execute(own, values)


def list_drawings(room: Room, who: str, after: int = -1) -> list[RoomDrawing]:
    """Return what was drawn in a room, or changed after a version of it; the oldest first.

    Hidden ones are among them. Raises RoomError for anybody but the one who opened the room.
    """
    if room.owner != who:
        raise RoomError("Only the browser that opened this room can see its drawings.", "foreign")
    columns = ROOM_DRAWINGS.c
    query = sa.select(ROOM_DRAWINGS).where(columns.room_id == room.number, columns.changed > after)
    with told(), storage.reading() as connection:
        rows = connection.execute(query.order_by(columns.id)).mappings().all()
        votes = _votes(connection, room.number)
    return [_drawing_of(row, room.tasks, votes) for row in rows]


def hide(room: Room, who: str, number: int, is_hidden: bool = True) -> None:
    """Hide a drawing from the wall and from everybody, or show it again. Raises RoomError."""
    with changing(ROOMS.c.id == room.number, who) as change:
        own = sa.and_(ROOM_DRAWINGS.c.room_id == room.number, ROOM_DRAWINGS.c.id == number)
        changed = ROOM_DRAWINGS.update().where(own)
        change.connection.execute(changed.values(is_hidden=is_hidden, changed=change.version))


def ballot(key: str, phone: str) -> Ballot | None:
    """Return the drawing that a phone shall vote on next; None where there is none.

    It is one of the current task, by another phone, that has few votes. Raises RoomError.
    """
    who = _digest(phone)
    columns, votes = ROOM_DRAWINGS.c, ROOM_VOTES.c
    own = sa.select(votes.drawing_id).where(votes.phone == who)
    query = (
        sa.select(columns.id, columns.image)
        .join(ROOMS, ROOMS.c.id == columns.room_id)
        .outerjoin(ROOM_VOTES, votes.drawing_id == columns.id)
        .where(
            ROOMS.c.key == key,
            ROOMS.c.status != "closed",
            columns.round == sa.func.json_array_length(ROOMS.c.tasks) - 1,
            columns.phone != who,
            columns.is_hidden.is_(False),
            columns.id.not_in(own),
        )
        .group_by(columns.id, columns.image)
        .order_by(sa.func.count(votes.phone), columns.id)
    )
    with told(), storage.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else Ballot(row.id, _image(row.image))


def vote(key: str, phone: str, number: int, digit: int) -> None:
    """Keep what a phone reads in another's drawing, 0 to 9 or NO_DIGIT; the last vote counts.

    Raises RoomError.
    """
    if digit not in range(NO_DIGIT + 1):
        raise RoomError("A vote is a digit, or none.", "damaged")
    who = _digest(phone)
    with changing(ROOMS.c.key == key) as change:
        _require_open(change.room)
        others = sa.and_(
            ROOM_DRAWINGS.c.room_id == change.room.number,
            ROOM_DRAWINGS.c.id == number,
            ROOM_DRAWINGS.c.phone != who,
        )
        changed = ROOM_DRAWINGS.update().where(others).values(changed=change.version)
        if change.connection.execute(changed).rowcount != 1:
            raise RoomError("There is no such drawing any more.", "damaged")
        storage.upsert(
            change.connection, ROOM_VOTES, {"drawing_id": number, "phone": who}, {"digit": digit}
        )


def as_file(room: Room, who: str) -> bytes:
    """Return the room's digits as a file of strokes, see `stroke_files.read_strokes`.

    Those are in it of which one knows what they are, except for the hidden ones; a writer is a
    phone. Raises RoomError as `list_drawings` does.
    """
    listed = [
        one for one in list_drawings(room, who) if one.label in range(CLASSES) and not one.is_hidden
    ]
    columns = ROOM_DRAWINGS.c
    query = sa.select(columns.id, columns.strokes).where(columns.room_id == room.number)
    with told(), storage.reading() as connection:
        strokes = {number: content for number, content in connection.execute(query)}
    writers = {
        phone: f"phone {at}" for at, phone in enumerate(dict.fromkeys(d.phone for d in listed), 1)
    }
    digits = [
        {
            "label": drawing.label,
            "writer": writers[drawing.phone],
            "strokes": [
                (points / TENTHS).round(1).tolist()
                for _, points in canvas_strokes.split(strokes[drawing.number])
            ],
        }
        for drawing in listed
        if drawing.number in strokes
    ]
    return json.dumps(digits).encode()


def _look_at(strokes: bytes) -> tuple[Image, Problem | None]:
    """Return what a network sees of strokes, and what is wrong with it."""
    try:
        normalized = normalize(draw_canvas(strokes), background="black")
    except ValueError as error:
        raise RoomError(_DAMAGED, "damaged") from error
    if normalized.problem is Problem.BLANK:
        raise RoomError("There is nothing on this drawing. Draw something first.", "damaged")
    return normalized.image, normalized.problem


def _require_open(room: Room) -> None:
    if room.status == "paused":
        raise RoomError(PAUSED, "paused")
    if room.status == "closed":
        raise RoomError(CLOSED, "closed")


def _require_place(connection: Connection, room: Room, who: str) -> None:
    columns = ROOM_DRAWINGS.c
    own = sa.and_(columns.room_id == room.number, columns.phone == who)
    lately = sa.and_(own, columns.sent_at > Now() - _MINUTE)
    if _count(connection, columns.id, lately) >= (most := limits.PHONE_DRAWINGS.value()):
        raise RoomError(
            f"{most} drawings a minute are enough. This one is sent in a moment.", "fast"
        )
    of_room = columns.room_id == room.number
    if _count(connection, columns.id, of_room) >= limits.ROOM_DRAWINGS.value():
        raise RoomError("This room has as many drawings as it can hold.", "full")
    if not _count(connection, columns.id, own):
        phones = _count(connection, columns.phone.distinct(), of_room)
        if phones >= limits.ROOM_PHONES.value():
            raise RoomError(f"This room is full: {phones} phones draw in it.", "full")
    capacity.require_space(connection)


def _count(
    connection: Connection, what: sa.ColumnElement[Any], which: sa.ColumnElement[bool]
) -> int:
    return int(connection.execute(sa.select(sa.func.count(what)).where(which)).scalar_one())


def _votes(connection: Connection, room: int) -> dict[int, list[int]]:
    """Return how many phones read each drawing of a room as each digit."""
    query = (
        sa.select(ROOM_VOTES.c.drawing_id, ROOM_VOTES.c.digit, sa.func.count())
        .join(ROOM_DRAWINGS, ROOM_DRAWINGS.c.id == ROOM_VOTES.c.drawing_id)
        .where(ROOM_DRAWINGS.c.room_id == room)
        .group_by(ROOM_VOTES.c.drawing_id, ROOM_VOTES.c.digit)
    )
    votes: dict[int, list[int]] = {}
    for number, digit, count in connection.execute(query):
        votes.setdefault(number, [0] * (NO_DIGIT + 1))[digit] = count
    return votes


def _drawing_of(
    row: sa.RowMapping, tasks: Sequence[Task], votes: dict[int, list[int]]
) -> RoomDrawing:
    own_votes = tuple(votes.get(row["id"], [0] * (NO_DIGIT + 1)))
    answer = row["probabilities"]
    return RoomDrawing(
        number=row["id"],
        round=row["round"],
        phone=row["phone"],
        image=_image(row["image"]),
        label=_label(tasks[row["round"]], own_votes),
        reading=row["reading"],
        probabilities=None if answer is None else np.frombuffer(answer, "<f4"),
        votes=own_votes,
        is_hidden=row["is_hidden"],
        changed=row["changed"],
    )


def _label(task: Task, votes: tuple[int, ...]) -> int | None:
    """Return what a drawing is, by its task or by enough votes; None where nobody knows."""
    if task.kind == "draw":
        return task.digit
    if task.kind == "nothing":
        return NO_DIGIT
    most, total = max(votes), sum(votes)
    if total < AGREED_VOTES or most < AGREED_SHARE * total:
        return None
    return votes.index(most)


def _image(content: bytes) -> Image:
    return np.frombuffer(content, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)


def _digest(phone: str) -> str:
    """Return the name under which a phone's drawings are kept."""
    return hashlib.sha256(phone.encode()).hexdigest()[:16]
