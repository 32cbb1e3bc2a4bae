"""Whether there is room for more: asked in the transaction that keeps something."""

import shutil

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import limits, storage
from mnist_app.storage import StorageError, StorageFull, home

MB = 1_000_000


def require_space(connection: Connection) -> None:
    """Raise StorageFull where the store is as large as it may be, or its disk nearly full."""
    if _megabytes_free(connection) < limits.FREE_DISK_MB.value():
        raise StorageFull(
            "The disk of this server is nearly full, so nothing more is kept here. Try again later."
        )
    if _bytes_kept(connection) > limits.STORE_MB.value() * MB:
        raise StorageFull(
            "As much is kept on this server as it may keep. Delete something of yours, or try "
            "again later."
        )


def why_nothing_is_kept() -> str:
    """Return why nothing more can be kept, in a sentence; an empty one where it can."""
    try:
        with storage.reading() as connection:
            require_space(connection)
    except StorageError as error:
        return str(error)
    return ""


def _megabytes_free(connection: Connection) -> float:
    """Return how much of its disk the store can still take; infinity where it is elsewhere."""
    if connection.dialect.name != "sqlite":
        return float("inf")
    try:
        return shutil.disk_usage(home()).free / MB
    except OSError:
        return float("inf")


def _bytes_kept(connection: Connection) -> int:
    """Return how large the store is; in SQLite what was deleted leaves room that counts as free."""
    if connection.dialect.name == "sqlite":
        pages, free, size = (
            int(connection.exec_driver_sql(f"PRAGMA {what}").scalar_one())
            for what in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size
    return int(
        connection.execute(
            sa.select(sa.func.pg_database_size(sa.func.current_database()))
        ).scalar_one()
    )
