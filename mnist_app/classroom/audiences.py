"""How many phones are in rooms, over all servers: each says every few seconds how many it has."""

from collections.abc import Mapping

import sqlalchemy as sa

from mnist_app import storage
from mnist_app.classroom.room import told
from mnist_app.storage import Now
from mnist_app.storage.room_tables import ROOM_AUDIENCES

FRESH_SECONDS = 8.0
"""What a server said counts for so long: one that has died says nothing more."""


def exchange(server: str, own: Mapping[int, int]) -> dict[int, int]:
    """Say how many phones a server has, by the room's number; return how many all others have.

    Raises RoomError.
    """
    columns = ROOM_AUDIENCES.c
    is_fresh = columns.counted_at.between(Now() - FRESH_SECONDS, Now() + FRESH_SECONDS)
    with told(), storage.writing() as connection:
        for room, phones in sorted(own.items()):
            counted = {"phones": phones, "counted_at": Now()}
            key = {"room_id": room, "server": server}
            storage.upsert(connection, ROOM_AUDIENCES, key, counted)
        query = sa.select(columns.room_id, sa.func.sum(columns.phones).label("phones")).where(
            columns.room_id.in_(list(own)), columns.server != server, is_fresh
        )
        rows = connection.execute(query.group_by(columns.room_id)).all()
    return {row.room_id: int(row.phones) for row in rows}
