"""The tables of rooms in which many people draw: see `classroom`."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app.storage.metadata import METADATA

ROOMS = sa.Table(
    "rooms",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(8), nullable=False, unique=True),
    sa.Column("key", sa.String(32), nullable=False, unique=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("opened_from", sa.String(64), nullable=False),
    sa.Column("opened_at", sa.Float, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("network", sa.String(40), nullable=False),
    sa.Column("tasks", sa.JSON, nullable=False),
    sa.Column("teaching", sa.JSON, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, default=0),
    sa.Index("rooms_by_owner", "owner"),
    sqlite_autoincrement=True,
)
ROOM_DRAWINGS = sa.Table(
    "room_drawings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("room_id", sa.Integer, sa.ForeignKey(ROOMS.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("phone", sa.String(32), nullable=False),
    sa.Column("sending", sa.String(32), nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("strokes", sa.LargeBinary, nullable=False),
    sa.Column("image", sa.LargeBinary, nullable=False),
    sa.Column("problem", sa.String(16), nullable=False),
    sa.Column("reading", sa.Integer),
    sa.Column("probabilities", sa.LargeBinary),
    sa.Column("is_hidden", sa.Boolean, nullable=False, default=False),
    sa.Column("changed", sa.Integer, nullable=False),
    sa.Column("sent_at", sa.Float, nullable=False),
    sa.UniqueConstraint("room_id", "phone", "sending"),
    sa.Index("room_drawings_by_change", "room_id", "changed"),
    sa.Index("room_drawings_by_phone", "room_id", "phone", "sent_at"),
    sqlite_autoincrement=True,
)
sa.Index(
    "room_drawings_unread",
    ROOM_DRAWINGS.c.room_id,
    sqlite_where=ROOM_DRAWINGS.c.reading.is_(None),
    postgresql_where=ROOM_DRAWINGS.c.reading.is_(None),
)
ROOM_VOTES = sa.Table(
    "room_votes",
    METADATA,
    sa.Column(
        "drawing_id",
        sa.Integer,
        sa.ForeignKey(ROOM_DRAWINGS.c.id, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("phone", sa.String(32), primary_key=True),
    sa.Column("digit", sa.Integer, nullable=False),
)
ROOM_AUDIENCES = sa.Table(
    "room_audiences",
    METADATA,
    sa.Column(
        "room_id", sa.Integer, sa.ForeignKey(ROOMS.c.id, ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("server", sa.String(32), primary_key=True),
    sa.Column("phones", sa.Integer, nullable=False),
    sa.Column("counted_at", sa.Float, nullable=False),
)


def add_room_tables(connection: Connection) -> None:
    """Make a store of schema version 2 one of version 3: rooms, their drawings and votes."""
    METADATA.create_all(connection, tables=[ROOMS, ROOM_DRAWINGS, ROOM_VOTES])


def add_room_audiences(connection: Connection) -> None:
    """Make a store of schema version 5 one of version 6: how many phones each server has."""
    METADATA.create_all(connection, tables=[ROOM_AUDIENCES])
