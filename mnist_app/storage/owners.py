"""All that is kept of one person, in whichever tables it is: counted, and deleted on request."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import storage
from mnist_app.storage import METADATA
from mnist_app.storage.room_tables import ROOM_DRAWINGS, ROOMS
from mnist_app.storage.run_starts import RUN_STARTS

COUNTED_ON = frozenset({ROOMS.name, RUN_STARTS.name})
"""Rows that stay, without the person's name: they say how much came from an address lately."""


def owned() -> list[sa.Table]:
    """Return the tables whose rows belong to a person; what hangs on those rows goes with them."""
    return [table for table in METADATA.sorted_tables if "owner" in table.c]


def count(owner: str) -> Mapping[str, int]:
    """Return how many rows a person has in each table, by its name. Raises StorageError."""
    with storage.reading() as connection:
        return _count(connection, owner)


def forget(owner: str) -> Mapping[str, int]:
    """Delete all that is kept of a person, at once, and return how much that was, as `count` does.

    A run that is being trained goes, too: its worker loses it. A room is closed and emptied, and
    what is left of it until it is forgotten says nothing of who opened it. Raises StorageError.
    """
    with storage.writing() as connection:
        for what in ("runs", "rooms", f"labeled drawings of {owner}"):
            storage.take_turns(connection, what)
        kept = _count(connection, owner)
        rooms = sa.select(ROOMS.c.id).where(ROOMS.c.owner == owner)
        connection.execute(ROOM_DRAWINGS.delete().where(ROOM_DRAWINGS.c.room_id.in_(rooms)))
        emptied = {"status": "closed", "teaching": {}, "version": ROOMS.c.version + 1}
        connection.execute(ROOMS.update().where(ROOMS.c.owner == owner).values(**emptied))
        for table in owned():
            own = table.c.owner == owner
            if table.name in COUNTED_ON:
                connection.execute(table.update().where(own).values(owner=""))
            else:
                connection.execute(table.delete().where(own))
    return kept


def _count(connection: Connection, owner: str) -> dict[str, int]:
    found = {}
    for table in owned():
        query = sa.select(sa.func.count()).select_from(table).where(table.c.owner == owner)
        found[table.name] = int(connection.execute(query).scalar_one())
    return found
