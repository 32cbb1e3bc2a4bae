"""People's digits drawn with every pen, in every size and position, and normalized."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from loky import cpu_count, get_reusable_executor
from numpy.typing import NDArray

from mnist_app import cluster
from mnist_app.analysis.progress import Progress, silently
from mnist_app.cluster import Task
from mnist_app.data import strokes
from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.data.strokes import PENS, POSITIONS, SIZES
from mnist_app.imaging.normalize import IMAGE_SIDE, Image, normalize

# Digits that one process draws before it gets more.
TASK_DIGITS = 50
GRID = (len(PENS), len(SIZES), len(POSITIONS))


@dataclass(frozen=True)
class StrokeDrawings:
    """Digits of people, each drawn in all cells of the grid of pens, sizes and positions."""

    images: Image
    """The different images among them, shape (n, 28, 28)."""
    indices: NDArray[np.int64]
    """Which of `images` each drawing is, by digit, pen, size and position."""
    unreadable: NDArray[np.bool_]
    """Where `normalize` found a problem, same shape as `indices`."""
    labels: NDArray[np.int64]
    """The label of each digit, shape (digits,)."""
    writers: tuple[str, ...]
    """Who wrote each digit; empty where that is not known."""


def draw_all(written: list[WrittenDigit], progress: Progress = silently) -> StrokeDrawings:
    """Draw and normalize digits in all cells of the grid, on all cores or by a cluster.

    Raises ClusterError where that does not answer.
    """
    parts = [written[start : start + TASK_DIGITS] for start in range(0, len(written), TASK_DIGITS)]
    tasks: Sequence[Future[StrokeDrawings] | Task[StrokeDrawings]]
    if cluster.is_named():
        tasks = cluster.hand_in(draw, parts)
    else:
        executor = get_reusable_executor(max_workers=cpu_count())
        tasks = [executor.submit(draw, part) for part in parts]
    return _join([task.result() for task in progress(tasks, "Drawing digits")])


def draw(written: list[WrittenDigit]) -> StrokeDrawings:
    """Draw and normalize digits in all cells of the grid, in this process."""
    images = np.empty((len(written), *GRID, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    unreadable = np.empty((len(written), *GRID), np.bool_)
    for index, pen, size in np.ndindex(len(written), *GRID[:2]):
        canvas = strokes.draw(written[index], PENS[pen], SIZES[size])
        for place, position in enumerate(POSITIONS):
            result = normalize(strokes.move(canvas, position), background="black")
            images[index, pen, size, place] = result.image
            unreadable[index, pen, size, place] = result.problem is not None
    flat = images.reshape(-1, IMAGE_SIDE * IMAGE_SIDE)
    different, indices = np.unique(flat, axis=0, return_inverse=True)
    return StrokeDrawings(
        images=different.reshape(-1, IMAGE_SIDE, IMAGE_SIDE),
        indices=indices.reshape(unreadable.shape),
        unreadable=unreadable,
        labels=np.array([digit.label for digit in written], np.int64),
        writers=tuple(digit.writer for digit in written),
    )


def _join(parts: list[StrokeDrawings]) -> StrokeDrawings:
    offsets = np.cumsum([0, *(len(part.images) for part in parts[:-1])])
    shifted = [part.indices + offset for part, offset in zip(parts, offsets, strict=True)]
    return StrokeDrawings(
        images=np.concatenate([part.images for part in parts]),
        indices=np.concatenate(shifted),
        unreadable=np.concatenate([part.unreadable for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        writers=tuple(writer for part in parts for writer in part.writers),
    )
