"""What there is to see of a run: its curves and pictures, made of the events in the store."""

import io
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from mnist_app import storage
from mnist_app.data.datasets import CLASSES, WATCHED_IMAGES
from mnist_app.data.npz import read_npz
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.storage import EVENTS, SNAPSHOTS, StorageError
from mnist_app.training.run import Run

TRAINING, VALIDATION, RATE, PROBABILITIES, DRAWING = (
    "training",
    "validation",
    "rate",
    "probabilities",
    "drawing",
)
"""Kinds of events. Numbers: loss and accuracy; the same; the rate; ten probabilities; none."""
_NUMBERS = {TRAINING: 2, VALIDATION: 2, RATE: 1, PROBABILITIES: CLASSES, DRAWING: 0}
_KEPT_HISTORIES = 64


@dataclass(frozen=True)
class Event:
    """Something that happened when a run had seen so many images."""

    kind: str
    images: int
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True)
class Curve:
    """A loss and an accuracy over the images seen."""

    images: tuple[int, ...] = ()
    loss: tuple[float, ...] = ()
    accuracy: tuple[float, ...] = ()


@dataclass(frozen=True)
class History:
    """What there is to draw: curves, and what the network thought of one drawing."""

    training: Curve = field(default_factory=Curve)
    validation: Curve = field(default_factory=Curve)
    rates: tuple[tuple[int, float], ...] = ()
    """Images seen, and the learning rate that was set by hand there."""
    probability_trace: tuple[tuple[int, tuple[float, ...]], ...] = ()
    """Images seen, and the ten probabilities of the drawing."""

    def followed_by(self, events: Iterable[Event]) -> "History":
        """Return this history with more events; those of another drawing begin another trace."""
        lists: dict[str, list[Event]] = {TRAINING: [], VALIDATION: [], RATE: []}
        trace = list(self.probability_trace)
        for event in events:
            if event.kind == DRAWING:
                trace.clear()
            elif event.kind == PROBABILITIES:
                trace.append((event.images, event.numbers))
            elif event.kind in lists:
                lists[event.kind].append(event)
        return History(
            _longer(self.training, lists[TRAINING]),
            _longer(self.validation, lists[VALIDATION]),
            (*self.rates, *((event.images, event.numbers[0]) for event in lists[RATE])),
            tuple(trace),
        )


@dataclass(frozen=True)
class Snapshot:
    """What a network in training is like at a moment."""

    kernels: Array
    """The first layer's, float32 (n, rows, columns); none where it has no picture."""
    wrong: NDArray[np.uint16]
    """Which of its data set's first WATCHED_IMAGES validation images it gets wrong, ascending."""
    answers: NDArray[np.uint8]
    """What it takes each of these for, 0 to 9."""
    drawing: Image
    """The drawing that it is asked about, uint8 (28, 28); black where there is none."""
    probabilities: NDArray[np.float32]
    """What it answers to the drawing, shape (10,); zeros where it was not asked."""


NO_DRAWING = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
NO_ANSWER = np.zeros(CLASSES, np.float32)
NO_SNAPSHOT = Snapshot(
    np.zeros((0, 1, 1), np.float32),
    np.zeros(0, np.uint16),
    np.zeros(0, np.uint8),
    NO_DRAWING,
    NO_ANSWER,
)


class _Cache:
    """Histories and snapshots that were read already: many who watch one run share them."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._histories: OrderedDict[tuple[str, int], tuple[int, int, History]] = OrderedDict()
        self._snapshots: OrderedDict[tuple[str, int], tuple[int, Snapshot]] = OrderedDict()

    def history(self, run: Run) -> History:
        """Return a run's history; only events after the last one known are read."""
        key = storage.url(), run.number
        with self._lock:
            rewinds, last, history = self._histories.pop(key, (run.rewinds, 0, History()))
            if rewinds != run.rewinds or last > run.last_event:
                last, history = 0, History()
            if last < run.last_event:
                history = history.followed_by(read_events(run, last))
            self._histories[key] = run.rewinds, run.last_event, history
            while len(self._histories) > _KEPT_HISTORIES:
                self._histories.popitem(last=False)
        return history

    def snapshot(self, run: Run) -> Snapshot:
        """Return a run's newest snapshot; it is read when there is a newer one."""
        key = storage.url(), run.number
        with self._lock:
            taken, snapshot = self._snapshots.pop(key, (0, NO_SNAPSHOT))
            if taken != run.snapshots:
                snapshot = _read_snapshot(run)
            self._snapshots[key] = run.snapshots, snapshot
            while len(self._snapshots) > _KEPT_HISTORIES:
                self._snapshots.popitem(last=False)
        return snapshot


_CACHE = _Cache()


def read_history(run: Run, who: str) -> History:
    """Return the curves of a run as far as `run` knows of them; none where they cannot be read.

    What the network thought of its owner's drawing is for the owner alone.
    """
    try:
        history = _CACHE.history(run)
    except StorageError:
        return History()
    return history if run.shows_drawing_to(who) else replace(history, probability_trace=())


def read_snapshot(run: Run, who: str) -> Snapshot:
    """Return a run's newest snapshot; an empty one where there is none or nobody can read it.

    The drawing and the answers to it are for its owner alone; others get none.
    """
    try:
        snapshot = _CACHE.snapshot(run)
    except StorageError:
        return NO_SNAPSHOT
    if run.shows_drawing_to(who):
        return snapshot
    return replace(snapshot, drawing=NO_DRAWING, probabilities=NO_ANSWER)


def read_events(run: Run, after: int = 0) -> list[Event]:
    """Return a run's events whose number is larger than `after`, in their order.

    Those that are newer than `run` are left out, and those that nobody can read. Raises
    StorageError.
    """
    query = (
        sa.select(EVENTS.c.kind, EVENTS.c.images, EVENTS.c.numbers)
        .where(EVENTS.c.run_id == run.number, EVENTS.c.id > after, EVENTS.c.id <= run.last_event)
        .order_by(EVENTS.c.id)
    )
    with storage.reading() as connection:
        rows = connection.execute(query).all()
    return [
        Event(kind, images, tuple(numbers))
        for kind, images, numbers in rows
        if _is_sound(kind, images, numbers)
    ]


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """Return a snapshot as an npz file; not compressed, because one is made at each tick."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **vars(snapshot))
    return content.getvalue()


def _is_sound(kind: object, images: object, numbers: object) -> bool:
    """Say whether an event has what a recorder writes; SQLite keeps anything in any column."""
    return (
        isinstance(images, int)
        and isinstance(numbers, list)
        and len(numbers) == _NUMBERS.get(str(kind), -1)
        and all(isinstance(one, int | float) and math.isfinite(one) for one in numbers)
    )


def _read_snapshot(run: Run) -> Snapshot:
    query = sa.select(SNAPSHOTS.c.content).where(SNAPSHOTS.c.run_id == run.number)
    with storage.reading() as connection:
        content = connection.execute(query).scalar()
    arrays = read_npz(content)
    if arrays is None or not _is_snapshot(arrays):
        return NO_SNAPSHOT
    return replace(NO_SNAPSHOT, **arrays)


def _is_snapshot(arrays: Mapping[str, NDArray[Any]]) -> bool:
    """Say whether these are the arrays of a snapshot, by their names, shapes, types and values."""
    usual = vars(NO_SNAPSHOT)
    return (
        set(arrays) == set(usual)
        and all(arrays[name].ndim == one.ndim for name, one in usual.items())
        and all(arrays[name].dtype == one.dtype for name, one in usual.items())
        and arrays["drawing"].shape == NO_DRAWING.shape
        and arrays["probabilities"].shape == NO_ANSWER.shape
        and bool(np.isfinite(arrays["probabilities"]).all())
        and is_wall(arrays["wrong"], arrays["answers"])
    )


def is_wall(wrong: NDArray[Any], answers: NDArray[Any]) -> bool:
    """Say whether these can be watched images that a network gets wrong, and its answers."""
    return (
        wrong.ndim == 1
        and wrong.shape == answers.shape
        and bool((np.diff(wrong.astype(np.int64)) > 0).all())
        and not (len(wrong) and wrong[-1] >= WATCHED_IMAGES)
        and bool((answers < CLASSES).all())
    )


def _longer(curve: Curve, events: list[Event]) -> Curve:
    return Curve(
        (*curve.images, *(event.images for event in events)),
        (*curve.loss, *(event.numbers[0] for event in events)),
        (*curve.accuracy, *(event.numbers[1] for event in events)),
    )
