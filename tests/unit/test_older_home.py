"""A home folder from before there was one store: its drawings come along."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from mnist_app import storage
from mnist_app.training import labeled_drawings
from mnist_app.training.older_home import OLDER_FILE, import_drawings
from tests.support.handwriting import drawn

pytestmark = pytest.mark.usefixtures("store")

SCHEMA = """
CREATE TABLE drawings (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    image BLOB NOT NULL,
    label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
    said_at REAL NOT NULL,
    UNIQUE (owner, image)
)
"""


def older_file(*drawings: tuple[str, np.ndarray, int]) -> Path:
    file = storage.home() / OLDER_FILE
    with sqlite3.connect(file) as older:
        older.execute(SCHEMA)
        for owner, image, label in drawings:
            older.execute(
                "INSERT INTO drawings (owner, image, label, said_at) VALUES (?, ?, ?, 1.5)",
                (owner, image.tobytes(), label),
            )
    older.close()
    return file


def test_drawings_of_an_older_home_are_imported_once() -> None:
    file = older_file(("a", drawn(4, 28), 4), ("a", drawn(7, 28), 7), ("b", drawn(4, 28), 9))
    assert import_drawings() == 3
    kept = labeled_drawings.list_drawings("a")
    assert [drawing.label for drawing in kept] == [4, 7]
    assert np.array_equal(kept[1].image, drawn(7, 28))
    assert [drawing.label for drawing in labeled_drawings.list_drawings("b")] == [9]
    assert not file.exists()
    labeled_drawings.delete("a")
    assert import_drawings() == 0
    assert labeled_drawings.list_drawings("a") == []


def test_a_file_that_cannot_be_read_stays_where_it_is(caplog: pytest.LogCaptureFixture) -> None:
    file = storage.home() / OLDER_FILE
    file.write_bytes(b"no database" * 100)
    assert import_drawings() == 0
    assert file.exists()
    assert "cannot be imported" in caplog.text


def test_without_an_older_file_nothing_happens() -> None:
    assert import_drawings() == 0
