"""Drawings that people labeled: image, strokes and label, seen by nobody but their owner."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app import limits, storage
from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.storage import LABELED_DRAWINGS, Now, StorageError
from mnist_app.training import capacity, runs
from mnist_app.training.presets import SHIPPED
from mnist_app.training.run import Run
from mnist_app.training.settings import Settings

SWITCHED_OFF = "Labeling drawings is switched off on this server."


class LabeledDrawingError(Exception):
    """A drawing that cannot be kept; the message is a sentence for the person."""


@dataclass(frozen=True)
class LabeledDrawing:
    """A drawing and what it was."""

    number: int
    image: Image
    """uint8 (28, 28), 0 to 255, as a network sees it."""
    label: int
    strokes: Mapping[str, Any]
    """See `canvas_strokes.as_json`; without any for a drawing that came as a picture. Those kept
    by older versions are the canvas's JSON (Fabric.js)."""


def keep(owner: str, image: Image, label: int, strokes: Mapping[str, Any] | None = None) -> None:
    """Keep what a drawing, uint8 (28, 28), was; when it is labeled again, the new label counts.

    Raises LabeledDrawingError for no label, where labeling is switched off, for too many drawings
    and where the store has no room or cannot be written.
    """
    if not limits.LABELING.is_on():
        raise LabeledDrawingError(SWITCHED_OFF)
    if image.shape != (IMAGE_SIDE, IMAGE_SIDE) or label not in range(CLASSES):
        raise LabeledDrawingError("A drawing of 28 × 28 pixels and a digit from 0 to 9 are needed.")
    content = image.astype(np.uint8).tobytes()
    own = LABELED_DRAWINGS.c.owner == owner
    with _store_errors_told(), storage.writing() as connection:
        storage.take_turns(connection, f"labeled drawings of {owner}")
        if not _count(connection, sa.and_(own, LABELED_DRAWINGS.c.image == content)):
            _require_place(connection, own)
        storage.upsert(
            connection,
            LABELED_DRAWINGS,
            {"owner": owner, "image": content},
            {"label": label, "strokes": dict(strokes or {}), "labeled_at": Now()},
        )


def list_drawings(owner: str) -> list[LabeledDrawing]:
    """Return a visitor's drawings, the oldest first. Raises LabeledDrawingError."""
    columns = LABELED_DRAWINGS.c
    query = sa.select(columns.id, columns.image, columns.label, columns.strokes)
    with _store_errors_told(), storage.reading() as connection:
        rows = connection.execute(query.where(columns.owner == owner).order_by(columns.id)).all()
    return [
        LabeledDrawing(
            number,
            np.frombuffer(image, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE),
            label,
            strokes if isinstance(strokes, dict) else {},
        )
        for number, image, label, strokes in rows
        if isinstance(image, bytes) and len(image) == IMAGE_SIDE**2 and label in range(CLASSES)
    ]


def delete(owner: str, number: int | None = None) -> None:
    """Delete one of a visitor's drawings, or all of them. Raises LabeledDrawingError."""
    chosen = LABELED_DRAWINGS.delete().where(LABELED_DRAWINGS.c.owner == owner)
    if number is not None:
        chosen = chosen.where(LABELED_DRAWINGS.c.id == number)
    with _store_errors_told(), storage.writing() as connection:
        connection.execute(chosen)


def as_npz(drawings: list[LabeledDrawing]) -> bytes:
    """Return drawings as an npz file: images, uint8 (n, 28, 28), and labels, uint8 (n,)."""
    file = io.BytesIO()
    np.savez_compressed(
        file,
        images=np.array([drawing.image for drawing in drawings], np.uint8).reshape(-1, 28, 28),
        labels=np.array([drawing.label for drawing in drawings], np.uint8),
    )
    return file.getvalue()


def fine_tune(owner: str, network: str, place: str = "") -> Run:
    """Start a run that goes on with a network, on the visitor's drawings mixed with MNIST.

    Raises LabeledDrawingError when there are none, and RunError as `runs.create` does.
    """
    drawings = list_drawings(owner)
    if not drawings:
        raise LabeledDrawingError("Label some drawings first: on the page Draw, below the answer.")
    return fine_tune_on(drawings, owner, network, "fine-tuned", place)


def fine_tune_on(
    drawings: list[LabeledDrawing], owner: str, network: str, kind: str, place: str = ""
) -> Run:
    """Start a run, called after its `kind`, that goes on with a network on these drawings.

    Raises RunError as `runs.create` does.
    """
    known = SHIPPED[network] if network in SHIPPED else runs.read(network, owner).settings
    return runs.create(_fine_tuning(known, network), kind, owner, as_npz(drawings), place=place)


def _fine_tuning(known: Settings, network: str) -> Settings:
    """Two short epochs with small steps: enough for a handful, and little is forgotten."""
    return replace(
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
        label_noise=0.0,
        rewritten=0,
        engine="keras",
    )


def _require_place(connection: Connection, own: sa.ColumnElement[bool]) -> None:
    if _count(connection, own) >= (most := limits.DRAWINGS_PER_VISITOR.value()):
        raise LabeledDrawingError(f"You keep {most} drawings already. Delete some of them first.")
    if _count(connection, sa.true()) >= limits.DRAWINGS.value():
        raise LabeledDrawingError(
            "As many drawings are kept on this server as it may keep, so this one is not. The "
            "answer stays."
        )
    capacity.require_space(connection)


def _count(connection: Connection, which: sa.ColumnElement[bool]) -> int:
    count = sa.select(sa.func.count()).select_from(LABELED_DRAWINGS).where(which)
    return int(connection.execute(count).scalar_one())


@contextmanager
def _store_errors_told() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        raise LabeledDrawingError(str(error)) from error
