"""What is damaged in the store hides itself and nothing else. Only SQLite lets it in."""

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from mnist_app import storage
from mnist_app.networks import registry
from mnist_app.networks.card import CardError, read_card_text
from mnist_app.storage import EVENTS, RUNS, SNAPSHOTS, StorageError
from mnist_app.training import labeled_drawings, leases, runs
from mnist_app.training.checkpoint import Checkpoint, CheckpointError, read_checkpoint
from mnist_app.training.history import (
    NO_SNAPSHOT,
    TRAINING,
    VALIDATION,
    Event,
    read_history,
    read_snapshot,
    snapshot_bytes,
)
from mnist_app.training.moments import keep, moment, read_moments
from mnist_app.training.older_home import OLDER_FILE, import_drawings
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import Run
from mnist_app.training.settings import Settings
from mnist_app.ui.markup import run_words
from mnist_app.ui.markup.numbers import duration
from tests.support.handwriting import drawn

OWNER = "somebody"
CARD = registry.read_artifact("softmax", "card") or b""
JUNK: list[Any] = [None, "words", b"\xff\x00", -1, 1e400, "[]", "{", '{"mnist": "x"}', "[" * 5000]
COLUMNS = [one.name for one in RUNS.columns if one.name != "id"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    yield
    storage.close()


def finished() -> Run:
    runs.create(Settings(), "quick", OWNER)
    run = leases.claim_next("worker")
    assert run is not None
    recorder = Recorder(run, "worker")
    recorder.record([Event(TRAINING, 100, (0.5, 0.9)), Event(VALIDATION, 100, (0.4, 0.8))])
    recorder.finish("done", {"card": CARD, "weights": b"junk", "floats": b"junk"})
    return runs.read(run.name)


def fill(table: str, column: str, value: object, number: int) -> None:
    """Put anything into a row, past SQLAlchemy, where SQLite takes it."""
    with suppress(StorageError), storage.writing() as connection:
        statement = f"UPDATE {table} SET {column} = ? WHERE id = ?"
        connection.exec_driver_sql(statement, (value, number))


@pytest.mark.parametrize("column", COLUMNS)
def test_a_damaged_run_hides_no_other_and_no_queue_waits(column: str) -> None:
    whole = finished()
    for place, value in enumerate(JUNK):
        broken = runs.create(Settings(), "quick", f"another {place}")
        fill("runs", column, value, broken.number)
        behind = runs.create(Settings(), "quick", f"behind {place}")
        for run in runs.list_runs():
            assert run_words.state(run)
            assert run_words.where(run, *runs.place_in_queue(run)) is not None
            assert duration(run.seconds + run.seconds_left)
            assert set(run.after) in (set(), set(run.before))
        claimed = [leases.claim_next("worker") for _ in range(2)]
        assert behind.name in [run.name for run in claimed if run is not None]
    assert whole in runs.list_runs()
    assert runs.list_networks(OWNER) == [whole.name]


def test_a_damaged_event_is_left_out() -> None:
    run = finished()
    with storage.reading() as connection:
        last = connection.execute(sa.select(sa.func.max(EVENTS.c.id))).scalar_one()
    for column in ("kind", "images", "numbers"):
        for value in [*JUNK, "[1]", "[NaN, 1]", '["a", 2]']:
            fill("events", column, value, last)
            history = read_history(replace(run, rewinds=len(str(value))), OWNER)
            assert history.training.images == (100,)


def keep_snapshot(run: Run, content: object) -> None:
    with storage.writing() as connection:
        storage.upsert(connection, SNAPSHOTS, {"run_id": run.number}, {"content": content})


@given(st.integers(0, 3000), st.binary(max_size=8))
def test_a_damaged_snapshot_is_no_snapshot(place: int, damage: bytes) -> None:
    run = (runs.list_runs() or [finished()])[0]
    whole = snapshot_bytes(replace(NO_SNAPSHOT, drawing=drawn(4, 28)))
    content = whole[:place] + damage + whole[place + len(damage) :]
    keep_snapshot(run, content)
    read = read_snapshot(replace(run, snapshots=hash(content)), OWNER)
    assert read.drawing.shape == (28, 28)
    assert read.wrong.shape == read.answers.shape
    assert read.probabilities.shape == (10,)


ONE_ANSWER = np.array([3], np.uint8)
NO_WALLS = [
    (np.array([[4]], np.uint16), ONE_ANSWER),
    (np.array(["a"]), ONE_ANSWER),
    (np.array([4, 5], np.uint16), ONE_ANSWER),
    (np.array([5, 4], np.uint16), np.array([3, 3], np.uint8)),
    (np.array([4, 4], np.uint16), np.array([3, 3], np.uint8)),
    (np.array([500], np.uint16), ONE_ANSWER),
    (np.array([4], np.uint16), np.array([10], np.uint8)),
]


def test_arrays_of_other_shapes_are_no_snapshot() -> None:
    run = finished()
    for number, (wrong, answers) in enumerate(NO_WALLS):
        keep_snapshot(run, snapshot_bytes(replace(NO_SNAPSHOT, wrong=wrong, answers=answers)))
        assert read_snapshot(replace(run, snapshots=number + 1), OWNER) is NO_SNAPSHOT
    older = {"wrong": np.zeros((1, 28, 28), np.uint8), "labels": np.array([4], np.uint8)}
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **(vars(NO_SNAPSHOT) | older))
    keep_snapshot(run, content.getvalue())
    assert read_snapshot(replace(run, snapshots=99), OWNER) is NO_SNAPSHOT


def test_a_damaged_moment_keeps_no_other_away() -> None:
    run = finished()
    with storage.writing() as connection:
        insert = "INSERT INTO moments (run_id, images, content) VALUES (?, ?, ?)"
        connection.exec_driver_sql(insert, (run.number, "many", b"junk"))
        keep(connection, run, [moment(100, NO_SNAPSHOT)])
    assert [one.images for one in read_moments(run)] == [100]


@given(st.integers(0, 600), st.binary(max_size=8))
def test_a_damaged_checkpoint_is_told(place: int, damage: bytes) -> None:
    whole = Checkpoint(1, 2.0, 3, 4, {"kernel": np.ones(9)}).to_bytes()
    with suppress(CheckpointError):
        assert read_checkpoint(whole[:place] + damage + whole[place + len(damage) :])


@pytest.mark.parametrize("accuracy", [-0.1, 1.5, 1e400, "much", None])
def test_an_accuracy_that_is_no_share_is_refused(accuracy: object) -> None:
    card = json.loads(CARD)
    card["evaluation"]["tests"]["mnist"]["accuracy"] = accuracy
    with pytest.raises(CardError):
        read_card_text(json.dumps(card))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"7", b"\xff", b"[" * 100_000])
def test_a_damaged_card_hides_a_network(content: bytes) -> None:
    run = finished()
    registry.write_artifact(run.name, "card", content)
    assert not registry.exists(run.name)
    with pytest.raises(registry.NetworkError, match="cannot be read"):
        registry.read_card(run.name)


DAMAGED: dict[str, list[Any]] = {
    "image": [b"", "x" * 784, 7],
    "strokes": ["{", "[]", 3],
    "labeled_at": ["words"],
}


@pytest.mark.parametrize("column", DAMAGED)
def test_a_damaged_row_hides_no_other_drawing(column: str) -> None:
    strokes = {"objects": [{"type": "Path"}]}
    for value in DAMAGED[column]:
        labeled_drawings.delete(OWNER)
        labeled_drawings.keep(OWNER, drawn(4, 28), 4, strokes)
        labeled_drawings.keep(OWNER, drawn(7, 28), 7)
        broken = labeled_drawings.list_drawings(OWNER)[1].number
        fill("labeled_drawings", column, value, broken)
        first, *others = labeled_drawings.list_drawings(OWNER)
        assert (first.label, first.strokes) == (4, strokes)
        assert all(one.strokes == {} and one.image.shape == (28, 28) for one in others)


def test_a_damaged_older_drawing_keeps_none_away() -> None:
    with closing(sqlite3.connect(storage.home() / OLDER_FILE)) as older:
        older.execute(
            "CREATE TABLE drawings (id INTEGER PRIMARY KEY, owner, image, label, said_at)"
        )
        rows = [
            ("a", None, 4, 1.5),
            (None, b"x", 4, 1.5),
            ("a", b"x", 12, 1.5),
            ("a", b"x", 4, None),
        ]
        rows.append(("a", drawn(7, 28).tobytes(), 7, 1.5))
        insert = "INSERT INTO drawings (owner, image, label, said_at) VALUES (?, ?, ?, ?)"
        older.executemany(insert, rows)
        older.commit()
    assert import_drawings() == 1
    assert [drawing.label for drawing in labeled_drawings.list_drawings("a")] == [7]
