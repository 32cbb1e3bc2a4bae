"""Where things are kept: one store behind SQLAlchemy, and files that are replaced whole.

The store is SQLite in WAL mode in the home folder, or whatever MNIST_APP_STORE names, for instance
postgresql+psycopg://user@host/database. Every change of state is one transaction, so a reader
never sees half of one, and what was committed survives a killed process.
"""

import contextlib
import functools
import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from platformdirs import user_data_path
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mnist_app.storage.errors import StorageBusy, StorageError, StorageFull, told, unwritable
from mnist_app.storage.metadata import METADATA
from mnist_app.storage.room_tables import add_room_audiences, add_room_tables
from mnist_app.storage.run_starts import add_run_starts
from mnist_app.storage.session_tables import add_session_records

__all__ = ["METADATA", "StorageBusy", "StorageError", "StorageFull"]

SCHEMA_VERSION = 6
# Seconds that a transaction waits for others that write.
LOCK_TIMEOUT = 15.0

_SCHEMA = sa.Table("schema_version", METADATA, sa.Column("version", sa.Integer, nullable=False))

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False, unique=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("queued_at", sa.Float, nullable=False),
    sa.Column("changed_at", sa.Float, nullable=False),
    sa.Column("epochs", sa.Integer, nullable=False),
    sa.Column("completed_epochs", sa.Integer, nullable=False, default=0),
    sa.Column("first_epoch", sa.Integer, nullable=False, default=0),
    sa.Column("seconds", sa.Float, nullable=False, default=0.0),
    sa.Column("learning_rate", sa.Float, nullable=False),
    sa.Column("message", sa.Text, nullable=False, default=""),
    sa.Column("test_accuracy", sa.Float),
    sa.Column("before", sa.JSON, nullable=False, default=dict),
    sa.Column("after", sa.JSON, nullable=False, default=dict),
    sa.Column("has_drawings", sa.Boolean, nullable=False, default=False),
    sa.Column("progress", sa.Float, nullable=False, default=0.0),
    sa.Column("seconds_left", sa.Float, nullable=False, default=0.0),
    sa.Column("last_event", sa.Integer, nullable=False, default=0),
    sa.Column("rewinds", sa.Integer, nullable=False, default=0),
    sa.Column("snapshots", sa.Integer, nullable=False, default=0),
    sa.Column("worker", sa.String(80)),
    sa.Column("lease_until", sa.Float, nullable=False, default=0.0),
    sa.Column("watched", sa.LargeBinary),
    sa.Index("runs_by_status", "status", "queued_at"),
    sa.Index("runs_by_owner", "owner", "status"),
    sqlite_autoincrement=True,
)


def _of_run() -> sa.Column[int]:
    return sa.Column(
        "run_id", sa.Integer, sa.ForeignKey(RUNS.c.id, ondelete="CASCADE"), nullable=False
    )


EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _of_run(),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("images", sa.Integer, nullable=False),
    sa.Column("numbers", sa.JSON, nullable=False),
    sa.Index("events_by_run", "run_id", "id"),
    sqlite_autoincrement=True,
)
SNAPSHOTS = sa.Table(
    "snapshots",
    METADATA,
    sa.Column("run_id", sa.Integer, sa.ForeignKey(RUNS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
MOMENTS = sa.Table(
    "moments",
    METADATA,
    sa.Column("run_id", sa.Integer, sa.ForeignKey(RUNS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("images", sa.Integer, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
COMMANDS = sa.Table(
    "commands",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _of_run(),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("sender", sa.String(64), nullable=False),
    sa.Column("sent_at", sa.Float, nullable=False),
    sa.Column("applied_at", sa.Float),
    sa.Index("commands_by_run", "run_id", "applied_at", "id"),
    sqlite_autoincrement=True,
)
ARTIFACTS = sa.Table(
    "artifacts",
    METADATA,
    sa.Column(
        "run",
        sa.String(40),
        sa.ForeignKey(RUNS.c.name, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
LABELED_DRAWINGS = sa.Table(
    "labeled_drawings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("image", sa.LargeBinary, nullable=False),
    sa.Column("label", sa.Integer, nullable=False),
    sa.Column("strokes", sa.JSON, nullable=False),
    sa.Column("labeled_at", sa.Float, nullable=False),
    sa.CheckConstraint("label BETWEEN 0 AND 9"),
    sa.UniqueConstraint("owner", "image"),
    sqlite_autoincrement=True,
)
WORKERS = sa.Table(
    "workers",
    METADATA,
    sa.Column("slot", sa.String(255), primary_key=True),
    sa.Column("worker", sa.String(80)),
    sa.Column("process_id", sa.Integer, nullable=False, default=0),
    sa.Column("is_warm", sa.Boolean, nullable=False, default=False),
    sa.Column("lease_until", sa.Float, nullable=False, default=0.0),
    sa.Column("wanted_until", sa.Float, nullable=False, default=0.0),
)

UPGRADES: dict[int, Callable[[Connection], None]] = {
    1: lambda connection: MOMENTS.create(connection),
    2: add_room_tables,
    3: add_run_starts,
    4: add_session_records,
    5: add_room_audiences,
}
"""What makes a store of one schema version a store of the next, by the version it starts from."""


class Now(FunctionElement[float]):
    """The store's own clock, seconds since 1970: servers need not agree on theirs."""

    type = sa.Float()
    inherit_cache = True


@compiles(Now, "sqlite")
def _now_in_sqlite(_element: Now, _compiler: SQLCompiler, **_: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(Now, "postgresql")
def _now_in_postgresql(_element: Now, _compiler: SQLCompiler, **_: object) -> str:
    return "extract(epoch from clock_timestamp())::float8"


def home() -> Path:
    """Return the folder of everything that is kept: MNIST_APP_HOME, or the user's data folder."""
    given = os.environ.get("MNIST_APP_HOME")
    return Path(given) if given else user_data_path("mnist-lab", appauthor=False)


def url() -> str:
    """Return the SQLAlchemy URL of the store: MNIST_APP_STORE, or SQLite in the home folder."""
    return os.environ.get("MNIST_APP_STORE") or f"sqlite:///{home().absolute() / 'store.sqlite3'}"


@contextlib.contextmanager
def reading() -> Iterator[Connection]:
    """Give a connection that sees one consistent state. Raises StorageError."""
    with told(), _engine().connect() as connection:
        yield connection


@contextlib.contextmanager
def writing() -> Iterator[Connection]:
    """Give a connection in one transaction: all of it happens, or nothing. Raises StorageError."""
    with told(), _engine().connect() as connection:
        connection = connection.execution_options(is_writing=True)
        with connection.begin():
            yield connection


def patiently(write: Callable[[], None], timeout: float = 60.0) -> None:
    """Write what must be written: a store that does not answer is asked again and again.

    Raises StorageFull at once, and another StorageError after `timeout` seconds.
    """
    until = time.monotonic() + timeout
    while True:
        try:
            write()
            return
        except StorageFull:
            raise
        except StorageError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.5)


def take_turns(connection: Connection, what: str) -> None:
    """Let transactions that name the same `what` follow each other; those of SQLite always do."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(what))))


def upsert(
    connection: Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Insert a row, or give `values` to the one whose unique columns are `key`."""
    insert = _insert(connection, table).values(**key, **values)
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=values))


def upsert_all(
    connection: Connection,
    table: sa.Table,
    key: Collection[str],
    rows: Sequence[Mapping[str, Any]],
    **alike: Any,  # noqa: ANN401
) -> None:
    """Insert rows, or replace those whose unique columns, named by `key`, have the same values.

    `alike` are the columns that have one value, or one expression, in all of them. Many rows cost
    little more than one.
    """
    insert = _insert(connection, table).values(**alike)
    replaced = [name for name in (*rows[0], *alike) if name not in key]
    values = {name: insert.excluded[name] for name in replaced}
    statement = insert.on_conflict_do_update(index_elements=list(key), set_=values)
    connection.execute(statement, list(rows))


def _insert(connection: Connection, table: sa.Table) -> Any:  # noqa: ANN401
    """Return an insertion in the words of the connection's database."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_in_postgresql

        return insert_in_postgresql(table)
    from sqlalchemy.dialects.sqlite import insert as insert_in_sqlite

    return insert_in_sqlite(table)


def read_artifact(run: str, kind: str) -> bytes | None:
    """Return an artifact of a run, or None where there is none. Raises StorageError."""
    query = sa.select(ARTIFACTS.c.content).where(ARTIFACTS.c.run == run, ARTIFACTS.c.kind == kind)
    with reading() as connection:
        content: bytes | None = connection.execute(query).scalar()
    return content


def artifact_version(run: str, kind: str) -> int:
    """Return a number that is another after each writing of an artifact; 0 where there is none.

    Raises StorageError.
    """
    query = sa.select(ARTIFACTS.c.version).where(ARTIFACTS.c.run == run, ARTIFACTS.c.kind == kind)
    with reading() as connection:
        return int(connection.execute(query).scalar() or 0)


def put_artifact(connection: Connection, run: str, kind: str, content: bytes) -> None:
    """Keep an artifact of a run in the transaction of `connection`, in the place of the last."""
    version = secrets.randbits(62) + 1
    key = {"run": run, "kind": kind}
    upsert(connection, ARTIFACTS, key, {"version": version, "content": content})


@contextlib.contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """Give another name to write under; afterwards that is the file, at once. Raises OSError."""
    beside = file.with_name(f".{os.getpid()}-{secrets.token_hex(4)}-{file.name}")
    try:
        yield beside
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes) -> None:
    """Put a file's new content in the place of the old one at once. Raises OSError."""
    with replaced(file) as beside:
        beside.write_bytes(content)


_opening = threading.Lock()
_opened: list[Engine] = []


def _engine() -> Engine:
    """Return the engine of the store, which is made and upgraded with its first use."""
    with _opening:
        return _open(url())


@functools.lru_cache(8)
def _open(address: str) -> Engine:
    if address.startswith("sqlite:///"):
        _make_folder(Path(address.removeprefix("sqlite:///")).parent)
        waiting: dict[str, Any] = {"timeout": LOCK_TIMEOUT}
        engine = sa.create_engine(address, connect_args=waiting, json_deserializer=_from_json)
        sa.event.listen(engine, "connect", _configure_sqlite)
        sa.event.listen(engine, "begin", _begin_in_sqlite)
    else:
        waiting = {"options": f"-c lock_timeout={1000 * LOCK_TIMEOUT:.0f}"}
        engine = sa.create_engine(address, pool_pre_ping=True, connect_args=waiting)
    _upgrade(engine)
    _opened.append(engine)
    return engine


def close() -> None:
    """Close all connections of this process to all stores; the next use opens them again."""
    with _opening:
        for engine in _opened:
            engine.dispose()
        _opened.clear()
        _open.cache_clear()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(f"{folder}: {error.strerror}") from error


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below
    connection.text_factory = _as_text
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _as_text(content: bytes) -> str:
    """Return what a row has as text: one that is damaged hides no other."""
    return content.decode(errors="replace")


def _from_json(text: str) -> Any:  # noqa: ANN401
    """Return what a row has as JSON; None for what is none: one row hides no other."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None


def _begin_in_sqlite(connection: Connection) -> None:
    """Take the lock first where something will be written: later it could not be waited for."""
    is_writing = connection.get_execution_options().get("is_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _upgrade(engine: Engine) -> None:
    """Bring the store to this program's schema, step by step, in one transaction."""
    with engine.connect().execution_options(is_writing=True) as connection, connection.begin():
        take_turns(connection, "schema")
        if not sa.inspect(connection).has_table(_SCHEMA.name):
            METADATA.create_all(connection)
            connection.execute(_SCHEMA.insert().values(version=SCHEMA_VERSION))
            return
        version = connection.execute(sa.select(_SCHEMA.c.version)).scalar_one()
        if version > SCHEMA_VERSION:
            raise StorageError(
                f"The store has schema version {version}; this program knows {SCHEMA_VERSION}. "
                "Update the program, or choose another MNIST_APP_HOME or MNIST_APP_STORE."
            )
        for step in range(version, SCHEMA_VERSION):
            UPGRADES[step](connection)
        connection.execute(_SCHEMA.update().values(version=SCHEMA_VERSION))
