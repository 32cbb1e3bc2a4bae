"""The store: what it does when it is new, older, newer, busy, full, damaged or out of reach."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import storage
from mnist_app.classroom import rooms
from mnist_app.storage import LABELED_DRAWINGS, StorageBusy, StorageError, StorageFull
from mnist_app.storage.room_tables import ROOM_AUDIENCES, ROOM_DRAWINGS, ROOM_VOTES, ROOMS
from mnist_app.training import leases, runs
from mnist_app.training.history import NO_SNAPSHOT
from mnist_app.training.moments import moment, read_moments
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import OPERATOR
from mnist_app.training.settings import Settings
from tests.support.serving import ROOT


def insert_drawing(connection: Connection, image: bytes = b"image") -> None:
    connection.execute(
        LABELED_DRAWINGS.insert().values(
            owner="o", image=image, label=1, strokes={}, labeled_at=storage.Now()
        )
    )


def drawings() -> int:
    with storage.reading() as connection:
        count = sa.select(sa.func.count()).select_from(LABELED_DRAWINGS)
        return int(connection.execute(count).scalar_one())


@pytest.mark.usefixtures("store")
def test_what_fails_in_a_transaction_leaves_nothing() -> None:
    def fail() -> None:
        with storage.writing() as connection:
            insert_drawing(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert drawings() == 0
    with storage.writing() as connection:
        insert_drawing(connection)
    assert drawings() == 1


@pytest.mark.usefixtures("store")
def test_a_wrong_row_is_refused_by_the_store() -> None:
    with pytest.raises(StorageError), storage.writing() as connection:
        connection.execute(
            LABELED_DRAWINGS.insert().values(
                owner="o", image=b"", label=10, strokes={}, labeled_at=0.0
            )
        )


@pytest.mark.usefixtures("store")
def test_an_artifact_is_replaced_whole_and_gets_a_new_version() -> None:
    run = runs.create(Settings(), "quick", OPERATOR)
    versions = [storage.artifact_version(run.name, "scores")]
    for content in (b"one", bytes(2_000_000)):
        with storage.writing() as connection:
            storage.put_artifact(connection, run.name, "scores", content)
        assert storage.read_artifact(run.name, "scores") == content
        versions.append(storage.artifact_version(run.name, "scores"))
    assert versions[0] == 0
    assert len(set(versions)) == 3
    runs.delete(run.name, OPERATOR)
    assert storage.read_artifact(run.name, "scores") is None


@pytest.mark.usefixtures("store")
def test_the_stores_clock_is_the_time() -> None:
    with storage.reading() as connection:
        now = connection.execute(sa.select(storage.Now())).scalar_one()
    assert now == pytest.approx(time.time(), abs=5)


def test_an_older_store_is_upgraded_once(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many who open it at the same time: one upgrades it, and what it holds stays."""
    with storage.writing() as connection:
        insert_drawing(connection)
    steps = []

    def add_column(connection: Connection) -> None:
        steps.append("added")
        connection.execute(sa.text("ALTER TABLE labeled_drawings ADD COLUMN mood TEXT"))

    newest = storage.SCHEMA_VERSION
    monkeypatch.setattr(storage, "SCHEMA_VERSION", newest + 1)
    monkeypatch.setattr(storage, "UPGRADES", {newest: add_column})

    def open_and_read(_: int) -> int:
        engine = sa.create_engine(storage.url())
        if store == "sqlite":
            sa.event.listen(engine, "connect", storage._configure_sqlite)
            sa.event.listen(engine, "begin", storage._begin_in_sqlite)
        storage._upgrade(engine)
        engine.dispose()
        return 1

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(open_and_read, range(8))) == 8
    assert steps == ["added"]
    storage.close()
    assert drawings() == 1
    with storage.reading() as connection:
        assert "mood" in {c["name"] for c in sa.inspect(connection).get_columns("labeled_drawings")}


@pytest.mark.usefixtures("store")
def test_a_store_of_version_1_gets_what_came_later() -> None:
    run = runs.create(Settings(), "quick", OPERATOR)
    with storage.writing() as connection:
        storage.MOMENTS.drop(connection)
        connection.execute(sa.text("UPDATE schema_version SET version = 1"))
    storage.close()
    assert runs.read(run.name) == run
    claimed = leases.claim_next("worker")
    assert claimed is not None
    Recorder(claimed, "worker").record([], [moment(0, NO_SNAPSHOT)])
    assert [one.images for one in read_moments(run)] == [0]


@pytest.mark.usefixtures("store")
def test_an_upgrade_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with storage.writing() as connection:
        insert_drawing(connection)

    def fail(connection: Connection) -> None:
        connection.execute(sa.text("DELETE FROM labeled_drawings"))
        connection.execute(sa.text("no SQL at all"))

    storage.close()
    newest = storage.SCHEMA_VERSION
    monkeypatch.setattr(storage, "SCHEMA_VERSION", newest + 1)
    monkeypatch.setattr(storage, "UPGRADES", {newest: fail})
    with pytest.raises(StorageError):
        drawings()
    monkeypatch.setattr(storage, "SCHEMA_VERSION", newest)
    assert drawings() == 1


@pytest.mark.usefixtures("store")
def test_a_newer_store_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawings() == 0
    storage.close()
    monkeypatch.setattr(storage, "SCHEMA_VERSION", 0)
    with pytest.raises(StorageError, match=r"schema version \d+; this program knows 0\. Update"):
        drawings()
    assert runs.list_runs() == []


@pytest.mark.usefixtures("store")
def test_a_busy_store_does_not_say_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LOCK_TIMEOUT", 1.0)
    storage.close()

    def write() -> None:
        with storage.writing() as connection:
            storage.take_turns(connection, "test")
            insert_drawing(connection)

    with storage.writing() as holding:
        storage.take_turns(holding, "test")
        with (
            ThreadPoolExecutor(1) as threads,
            pytest.raises(StorageBusy, match=r"The store is busy\. Try again in a moment\."),
        ):
            threads.submit(write).result()
    write()
    assert drawings() == 1


def fill(connection: Connection) -> None:
    connection.execute(sa.text("PRAGMA max_page_count = 1"))
    for number in range(100):
        insert_drawing(connection, bytes(100_000) + bytes([number]))


def test_a_full_disk_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    full = pytest.raises(StorageFull, match=r"The disk of this server is full\. Free some space")
    with full, storage.writing() as connection:
        fill(connection)
    storage.close()
    assert drawings() == 0


def no_folder(home: Path) -> None:
    home.write_bytes(b"a file")


def no_database(home: Path) -> None:
    home.mkdir()
    (home / "store.sqlite3").write_bytes(b"no database" * 1000)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (no_folder, r"The folder .* cannot be used\. Let the program write it"),
        (no_database, r"The store .* is damaged\. Move store\.sqlite3 away"),
    ],
)
def test_a_store_that_cannot_be_used_says_what_to_do(
    damage: Callable[[Path], None], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    damage(home)
    monkeypatch.setenv("MNIST_APP_HOME", str(home))
    with pytest.raises(StorageError, match=sentence):
        drawings()


def test_a_server_that_is_away_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_APP_STORE", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(StorageError, match=r"The store of this server cannot be reached\.$"):
        drawings()


@pytest.mark.usefixtures("store")
def test_what_was_committed_survives_a_killed_process() -> None:
    program = (
        "import os, sys\n"
        "from mnist_app import storage\n"
        "from tests.unit.test_storage import insert_drawing\n"
        "for number in range(50):\n"
        "    with storage.writing() as connection:\n"
        "        insert_drawing(connection, bytes([number]))\n"
        "print(50, flush=True)\n"
        "with storage.writing() as connection:\n"
        "    insert_drawing(connection, b'half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.stdout.strip() == "50", ended.stderr
    assert drawings() == 50


@pytest.mark.usefixtures("store")
def test_readers_do_not_wait_for_a_writer() -> None:
    with storage.writing() as connection:
        insert_drawing(connection)
        assert drawings() == 0
    assert drawings() == 1


def test_sqlite_is_in_wal_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    assert drawings() == 0
    with sqlite3.connect(tmp_path / "store.sqlite3") as opened:
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.usefixtures("store")
def test_a_store_without_rooms_gets_them_when_it_is_opened() -> None:
    with storage.writing() as connection:
        insert_drawing(connection)
        for table in (ROOM_AUDIENCES, ROOM_VOTES, ROOM_DRAWINGS, ROOMS):
            table.drop(connection)
        connection.execute(storage._SCHEMA.update().values(version=2))
    storage.close()
    assert rooms.open_room("speaker", "", "cnn").status == "open"
    assert drawings() == 1
