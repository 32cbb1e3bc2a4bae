"""What the store cannot do, in sentences for people, who see neither paths nor exceptions."""

import contextlib
import functools
import logging
import sqlite3
import time
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

LOGGER = logging.getLogger(__name__)


class StorageError(Exception):
    """The store cannot do what was asked; the message is a sentence for the person."""

    def __init__(self, sentence: str, detail: str = "") -> None:
        """Say it; `detail` is for the log and for who works at this machine alone."""
        super().__init__(sentence)
        self.detail = detail


class StorageBusy(StorageError):
    """Others write; the same may work in a moment."""


class StorageFull(StorageError):
    """No space is left, or the place cannot be written."""


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Raise a StorageError with a sentence in the place of the database's own exceptions."""
    try:
        yield
    except StorageError as error:
        _log(error)
        raise
    except DBAPIError as error:
        explained = _explained(error)
        _log(explained)
        raise explained from error
    except SQLAlchemyError as error:
        explained = StorageError("The store of this server cannot be used.", str(error))
        _log(explained)
        raise explained from error


def unwritable(detail: str) -> StorageFull:
    """Return what to raise where the store's place cannot be used."""
    return StorageFull(
        "The folder of this server’s data cannot be used. Let the program write it, or choose "
        "another one with MNIST_APP_HOME.",
        detail,
    )


def _explained(error: DBAPIError) -> StorageError:
    cause = error.orig
    text = str(cause).strip() or type(cause).__name__
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    state = getattr(cause, "sqlstate", "") or ""
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or state in ("55P03", "40001", "40P01"):
        return StorageBusy("The store is busy. Try again in a moment.")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) or state == "53100":
        return StorageFull(
            "The disk of this server is full. Free some space there and try again.", text
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return unwritable(text)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StorageError(
            "The store of this server is damaged. Move store.sqlite3 away to begin with an empty "
            "one.",
            text,
        )
    return StorageError("The store of this server cannot be reached.", text)


def _log(error: StorageError) -> None:
    if not isinstance(error, StorageBusy):
        _log_once(f"{error} {error.detail}", int(time.monotonic() // 60))


@functools.lru_cache(64)
def _log_once(text: str, minute: int) -> None:  # noqa: ARG001
    """Log what is wrong once a minute: pages ask more often."""
    LOGGER.warning(text)
