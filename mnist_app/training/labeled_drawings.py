"""What people said that their drawings were: images and labels in one SQLite file."""

import contextlib
import io
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.storage import home
from mnist_app.training import runs
from mnist_app.training.runs import Run
from mnist_app.training.settings import SHIPPED

MOST_DRAWINGS = 300
"""How many one visitor can keep."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS drawings (
    id INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    image BLOB NOT NULL,
    label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
    said_at REAL NOT NULL,
    UNIQUE (owner, image)
)
"""


class HandError(Exception):
    """A drawing that cannot be kept; the message is a sentence for the person."""


@dataclass(frozen=True)
class Drawing:
    """A drawing and what it was."""

    number: int
    image: Image
    """uint8 (28, 28), 0 to 255, as a network sees it."""
    label: int


def keep(owner: str, image: Image, label: int) -> None:
    """Keep what a drawing, uint8 (28, 28), was; said again, the new label counts.

    Raises HandError for no label, too many drawings, and a file that cannot be written.
    """
    if image.shape != (IMAGE_SIDE, IMAGE_SIDE) or label not in range(CLASSES):
        raise HandError("A drawing of 28 × 28 pixels and a digit from 0 to 9 are needed.")
    if len(drawings(owner)) >= MOST_DRAWINGS:
        raise HandError(f"{MOST_DRAWINGS} drawings are kept already. Delete some of them first.")
    with _database() as database:
        database.execute(
            "INSERT INTO drawings (owner, image, label, said_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (owner, image) DO UPDATE SET label = excluded.label",
            (owner, image.astype(np.uint8).tobytes(), label, time.time()),
        )


def drawings(owner: str) -> list[Drawing]:
    """Return a visitor's drawings, the oldest first. Raises HandError."""
    with _database() as database:
        rows = database.execute(
            "SELECT id, image, label FROM drawings WHERE owner = ? ORDER BY id", (owner,)
        ).fetchall()
    return [
        Drawing(number, np.frombuffer(image, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE), label)
        for number, image, label in rows
        if len(image) == IMAGE_SIDE**2
    ]


def delete(owner: str, number: int | None = None) -> None:
    """Delete one of a visitor's drawings, or all of them. Raises HandError."""
    with _database() as database:
        database.execute(
            "DELETE FROM drawings WHERE owner = ? AND (? IS NULL OR id = ?)",
            (owner, number, number),
        )


def exported(kept: list[Drawing]) -> bytes:
    """Return drawings as an npz file: images, uint8 (n, 28, 28), and labels, uint8 (n,)."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        images=np.array([drawing.image for drawing in kept], np.uint8).reshape(-1, 28, 28),
        labels=np.array([drawing.label for drawing in kept], np.uint8),
    )
    return file.getvalue()


def teach(owner: str, network: str) -> Run:
    """Start a run that goes on with a network, on the visitor's drawings mixed with MNIST.

    Raises HandError when there are none, and RunError as `runs.create` does.
    """
    kept = drawings(owner)
    if not kept:
        raise HandError("Say what some drawings were first: on the page Draw, below the answer.")
    known = SHIPPED[network] if network in SHIPPED else runs.read(network).settings
    # Two short epochs with small steps: enough for a handful of drawings, and little is forgotten.
    teaching = replace(
        known,
        start_from=network,
        optimizer="adam",
        learning_rate=0.0005,
        schedule="cosine",
        weight_decay=0.0,
        batch_size=128,
        epochs=2,
        images=5000,
        augmentation="none",
        engine="keras",
    )
    return runs.create(teaching, "my-hand", owner, {runs.DRAWINGS: exported(kept)})


@contextlib.contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """Open the file, in one transaction."""
    try:
        home().mkdir(parents=True, exist_ok=True)
        file = home() / "hand.sqlite3"
        with contextlib.closing(sqlite3.connect(file, timeout=5)) as opened, opened:
            opened.execute(_SCHEMA)
            yield opened
    except (OSError, sqlite3.Error) as error:
        raise HandError(f"The drawings in {home()} cannot be read or written: {error}.") from None
