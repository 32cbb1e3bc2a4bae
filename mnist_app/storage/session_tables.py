"""The table of what is kept of open pages: see `storage.session_records`."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app.storage.metadata import METADATA

SESSION_RECORDS = sa.Table(
    "session_records",
    METADATA,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("session", sa.String(64), primary_key=True),
    sa.Column("has_drawn", sa.Boolean, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),
    sa.Index("session_records_by_change", "changed_at"),
)


def add_session_records(connection: Connection) -> None:
    """Add the table of session records to a store of an older schema version."""
    METADATA.create_all(connection, tables=[SESSION_RECORDS])
