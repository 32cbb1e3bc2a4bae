"""Rooms in the store: opening and finding them, giving tasks, pausing, closing, forgetting.

Functions that change a room are told who asks, and refuse everybody but the one who opened it.
"""

import contextlib
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import limits, storage
from mnist_app.classroom import codes
from mnist_app.classroom.room import (
    MOST_TASKS,
    Room,
    RoomError,
    Status,
    Task,
    as_json,
    changing,
    check,
    read_room,
    room_of,
    told,
)
from mnist_app.storage import Now
from mnist_app.storage.room_tables import ROOM_DRAWINGS, ROOMS

HOUR = 3600.0
_TRIES = 50
"""Codes that are tried for a new room until one is free."""


def open_room(owner: str, address: str, network: str) -> Room:
    """Open a room for a visitor, `owner`, who comes from `address`. `network` reads its drawings.

    An empty address is one that nobody knows. Rooms that are too old are forgotten first. Raises
    RoomError where there are too many.
    """
    with told(), storage.writing() as connection:
        storage.take_turns(connection, "rooms")
        _forget_old(connection)
        _require_place(connection, owner, address)
        number = connection.execute(
            ROOMS.insert()
            .values(
                code=_free_code(connection),
                key=codes.new_key(),
                owner=owner,
                opened_from=address,
                opened_at=Now(),
                status="open",
                network=network,
                tasks=[as_json(Task())],
                teaching={},
            )
            .returning(ROOMS.c.id)
        ).scalar_one()
        return read_room(connection, ROOMS.c.id == number)


def latest(owner: str) -> Room | None:
    """Return the room that a visitor opened last, closed or not; None for none.

    Raises RoomError.
    """
    query = sa.select(ROOMS).where(ROOMS.c.owner == owner, _is_young()).order_by(ROOMS.c.id.desc())
    with told(), storage.reading() as connection:
        row = connection.execute(query).mappings().first()
    return None if row is None else room_of(row)


def by_key(key: str) -> Room:
    """Return the room that a key opens. Raises RoomError."""
    with told(), storage.reading() as connection:
        return read_room(connection, sa.and_(ROOMS.c.key == key, _is_young()))


def by_code(code: str) -> Room:
    """Return the room that has a code, unless it is closed. Raises RoomError.

    Whoever asks has to be counted: see `codes.Guesses`.
    """
    is_open = sa.and_(ROOMS.c.code == code, ROOMS.c.status != "closed", _is_young())
    with told(), storage.reading() as connection:
        return read_room(connection, is_open)


def states(numbers: Sequence[int]) -> dict[int, Room]:
    """Return rooms by their numbers. Raises RoomError where the store cannot be read.

    Those that are forgotten or damaged are left out.
    """
    query = sa.select(ROOMS).where(ROOMS.c.id.in_(numbers), _is_young())
    with told(), storage.reading() as connection:
        rows = connection.execute(query).mappings().all()
    found: dict[int, Room] = {}
    for row in rows:
        with contextlib.suppress(RoomError):
            found[row["id"]] = room_of(row)
    return found


def set_status(number: int, who: str, status: Status) -> None:
    """Pause a room, let it go on, or close it, which is for good. Raises RoomError."""
    with changing(ROOMS.c.id == number, who) as change:
        if change.room.status != "closed":
            change.update(status=status)


def give_task(number: int, who: str, task: Task) -> None:
    """Give a room its next task. Raises RoomError, also for too many, and ValueError for none."""
    check(task)
    with changing(ROOMS.c.id == number, who) as change:
        tasks = change.room.tasks
        if len(tasks) >= MOST_TASKS:
            raise RoomError(
                f"This room has had {MOST_TASKS} tasks. Open another one for more.", "full"
            )
        change.update(tasks=[as_json(one) for one in (*tasks, task)])


def choose_network(number: int, who: str, network: str) -> None:
    """Let another network read the room's drawings, those that are there as well.

    Raises RoomError.
    """
    with changing(ROOMS.c.id == number, who) as change:
        if change.room.network == network:
            return
        change.update(network=network)
        own = ROOM_DRAWINGS.update().where(ROOM_DRAWINGS.c.room_id == number)
        change.connection.execute(own.values(reading=None, probabilities=None))


def forget_old() -> None:
    """Delete the rooms that are too old, with all that was drawn there. Raises RoomError."""
    with told(), storage.writing() as connection:
        _forget_old(connection)


def _is_young() -> sa.ColumnElement[bool]:
    return ROOMS.c.opened_at > Now() - limits.ROOM_HOURS.value() * HOUR


def _forget_old(connection: Connection) -> None:
    connection.execute(ROOMS.delete().where(sa.not_(_is_young())))


def _require_place(connection: Connection, owner: str, address: str) -> None:
    """Raise RoomError where there are as many rooms as there may be; closed ones count, too."""
    columns = ROOMS.c
    for which, limit, sentence in (
        (columns.owner == owner, limits.ROOMS_PER_VISITOR, "You have opened {} rooms today."),
        (
            sa.and_(columns.opened_from == address, columns.opened_from != ""),
            limits.ROOMS_PER_ADDRESS,
            "{} rooms were opened today from where you are.",
        ),
        (sa.true(), limits.ROOMS, "{} rooms were opened on this server today."),
    ):
        count = sa.select(sa.func.count()).select_from(ROOMS).where(which)
        if connection.execute(count).scalar_one() >= limit.value():
            raise RoomError(
                f"{sentence.format(limit.value())} A room is forgotten after "
                f"{limits.ROOM_HOURS.value()} hours; no more can be opened until then.",
                "full",
            )


def _free_code(connection: Connection) -> str:
    for _ in range(_TRIES):
        code = codes.new_code()
        if connection.execute(sa.select(ROOMS.c.id).where(ROOMS.c.code == code)).first() is None:
            return code
    raise RoomError("No code is free at the moment. Try again.", "full")
