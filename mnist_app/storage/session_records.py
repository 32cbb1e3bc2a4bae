"""What is kept of a visitor's open pages, so that another server, or this one later, goes on.

A record is a few bytes that the store does not look into. Each open page of a visitor has its own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import limits, storage
from mnist_app.storage import Now
from mnist_app.storage.session_tables import SESSION_RECORDS

_HOUR = 3600.0
_COLUMNS = SESSION_RECORDS.c


@dataclass(frozen=True)
class SessionRecord:
    """What is kept of an open page."""

    owner: str
    session: str
    """The page's name, which nobody else knows; the store has a digest of it."""
    has_drawn: bool
    """Whether anything was ever drawn there: such a page counts more, see `latest`."""
    content: bytes


def keep(records: Sequence[SessionRecord]) -> None:
    """Put records, at least one, in the place of those before, all at once. Raises StorageError."""
    rows = [
        {
            "owner": record.owner,
            "session": _digest(record.session),
            "has_drawn": record.has_drawn,
            "content": record.content,
        }
        for record in sorted(records, key=lambda one: (one.owner, one.session))
    ]
    with storage.writing() as connection:
        storage.upsert_all(
            connection, SESSION_RECORDS, ("owner", "session"), rows, changed_at=Now()
        )


def read(owner: str, session: str) -> bytes | None:
    """Return what was kept of one page; None for nothing. Raises StorageError."""
    return _first(sa.select(_COLUMNS.content).where(_is(owner, session), _is_young()))


def pass_on(pages: Sequence[tuple[str, str, str]]) -> None:
    """Keep what was kept of pages of those that go on with them, too: owner, page, next page.

    It is as old there: who only comes back has done nothing new. Raises StorageError.
    """
    with storage.writing() as connection:
        rows = [
            dict(row) | {"session": _digest(session)}
            for owner, before, session in pages
            for row in connection.execute(
                SESSION_RECORDS.select().where(_is(owner, before), _is_young())
            ).mappings()
        ]
        if rows:
            storage.upsert_all(connection, SESSION_RECORDS, ("owner", "session"), rows)


def latest(owner: str) -> bytes | None:
    """Return what was kept last of a visitor's pages, of those where anything was drawn if any.

    None for nothing. Raises StorageError.
    """
    query = sa.select(_COLUMNS.content).where(_COLUMNS.owner == owner, _is_young())
    return _first(query.order_by(_COLUMNS.has_drawn.desc(), _COLUMNS.changed_at.desc()))


def forget_old() -> None:
    """Delete the records that are too old or too many. Raises StorageError."""
    with storage.writing() as connection:
        connection.execute(SESSION_RECORDS.delete().where(sa.not_(_is_young())))
        _keep_newest(connection, limits.VISITOR_SESSIONS.value(), _COLUMNS.owner)
        _keep_newest(connection, limits.SESSION_RECORDS.value())


def _keep_newest(connection: Connection, most: int, *among: sa.ColumnElement[str]) -> None:
    """Delete all but the newest records, in all or among those alike in a column."""
    age = sa.func.row_number().over(partition_by=among, order_by=_COLUMNS.changed_at.desc())
    ranked = sa.select(_COLUMNS.owner, _COLUMNS.session, age.label("age")).subquery()
    too_many = sa.select(ranked.c.owner, ranked.c.session).where(ranked.c.age > most)
    which = sa.tuple_(_COLUMNS.owner, _COLUMNS.session).in_(too_many)
    connection.execute(SESSION_RECORDS.delete().where(which))


def _first(query: sa.Select[Any]) -> bytes | None:
    with storage.reading() as connection:
        content: bytes | None = connection.execute(query.limit(1)).scalar()
    return content


def _is(owner: str, session: str) -> sa.ColumnElement[bool]:
    return sa.and_(_COLUMNS.owner == owner, _COLUMNS.session == _digest(session))


def _is_young() -> sa.ColumnElement[bool]:
    return _COLUMNS.changed_at > Now() - limits.SESSION_HOURS.value() * _HOUR


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()[:32]
