"""The table of who started runs lately: it outlives the runs, which their owners may delete."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app.storage.metadata import METADATA

RUN_STARTS = sa.Table(
    "run_starts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.Integer, nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("place", sa.String(64), nullable=False),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Index("run_starts_by_run", "run_id"),
    sa.Index("run_starts_by_time", "started_at"),
    sqlite_autoincrement=True,
)


def add_run_starts(connection: Connection) -> None:
    """Make a store of schema version 3 one of version 4."""
    METADATA.create_all(connection, tables=[RUN_STARTS])
