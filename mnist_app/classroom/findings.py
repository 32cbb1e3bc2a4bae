"""What a room's drawings show: its confusion matrix, its hardest digit, which digit divides it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.classroom.drawings import NO_DIGIT, RoomDrawing
from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import IMAGE_SIDE, Image

FEWEST = 5
"""So many drawings of a digit there have to be before it can be the hardest one."""
FEWEST_TO_DIVIDE = 8
SMALLEST_GROUP = 0.2
"""The share of a digit's drawings that its smaller group has at least."""
MOST_TO_DIVIDE = 500
LEAST_SECOND = 0.05
"""The smallest probability of a second answer that is worth telling."""
# How far two drawings of the same style may be apart, in pixels: they are blurred by so much.
_BLUR = 1.5
_ATTEMPTS = 3


@dataclass(frozen=True)
class Hardest:
    """The digit that the network reads worst."""

    digit: int
    right: int
    total: int


@dataclass(frozen=True)
class Nearest:
    """The drawing between two digits."""

    number: int
    first: int
    second: int
    shares: tuple[float, float]
    """The two largest probabilities."""


@dataclass(frozen=True)
class Divided:
    """The digit that people draw in two ways."""

    digit: int
    counts: tuple[int, int]
    averages: tuple[Image, Image]
    """The average of each way, uint8 (28, 28)."""


@dataclass(frozen=True)
class Findings:
    """What a room's drawings show."""

    confusion: NDArray[np.int64]
    """Shape (10, 11): a row a label, a column a reading, the last one for NO_DIGIT."""
    hardest: Hardest | None
    nearest: Nearest | None
    divided: Divided | None


def find(drawings: Sequence[RoomDrawing]) -> Findings:
    """Return what drawings show; hidden ones count for nothing."""
    shown = [drawing for drawing in drawings if not drawing.is_hidden]
    confusion = np.zeros((CLASSES, CLASSES + 1), np.int64)
    for drawing in shown:
        if drawing.label in range(CLASSES) and drawing.reading is not None:
            confusion[drawing.label, drawing.reading] += 1
    return Findings(confusion, _hardest(confusion), _nearest(shown), _divided(shown))


def _hardest(confusion: NDArray[np.int64]) -> Hardest | None:
    """Return the digit with the smallest share of right readings, if any was read wrong."""
    found = [
        Hardest(digit, int(row[digit]), int(row.sum()))
        for digit, row in enumerate(confusion)
        if row.sum() >= FEWEST and row[digit] < row.sum()
    ]
    return min(found, key=lambda one: one.right / one.total, default=None)


def _nearest(drawings: Sequence[RoomDrawing]) -> Nearest | None:
    """Return the drawing whose second answer is most probable; None where all are certain."""
    found = []
    for drawing in drawings:
        if drawing.probabilities is not None and drawing.reading not in (None, NO_DIGIT):
            second, first = (int(digit) for digit in drawing.probabilities.argsort()[-2:])
            shares = float(drawing.probabilities[first]), float(drawing.probabilities[second])
            if shares[1] >= LEAST_SECOND:
                found.append(Nearest(drawing.number, first, second, shares))
    return max(found, key=lambda one: one.shares[1], default=None)


def _divided(drawings: Sequence[RoomDrawing]) -> Divided | None:
    """Return the digit whose drawings fall apart most clearly into two groups."""
    found = []
    for digit in range(CLASSES):
        images = [drawing.image for drawing in drawings if drawing.label == digit]
        if len(images) >= FEWEST_TO_DIVIDE:
            found.append(_two_groups(digit, np.stack(images[-MOST_TO_DIVIDE:])))
    clear = [(share, divided) for share, divided in found if divided is not None]
    return max(clear, key=lambda one: one[0])[1] if clear else None


def _two_groups(digit: int, images: Image) -> tuple[float, Divided | None]:
    """Divide images, uint8 (n, 28, 28), by k-means; say also how much of their variance that is.

    None where one of the groups is too small to be a way to draw.
    """
    blurred = np.stack([cv2.GaussianBlur(image, (0, 0), _BLUR) for image in images])
    points = blurred.reshape(len(images), IMAGE_SIDE**2).astype(np.float32)
    cv2.setRNGSeed(digit)  # the same drawings fall into the same groups
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    within, groups, _ = cv2.kmeans(
        points, 2, np.empty(0, np.int32), criteria, _ATTEMPTS, cv2.KMEANS_PP_CENTERS
    )
    is_first = groups.ravel() == 0
    counts = int(is_first.sum()), int((~is_first).sum())
    if min(counts) < SMALLEST_GROUP * len(images):
        return 0.0, None
    total = float(((points - points.mean(axis=0)) ** 2).sum())
    averages = _average(images[is_first]), _average(images[~is_first])
    return 1 - float(within) / max(total, 1.0), Divided(digit, counts, averages)


def _average(images: Image) -> Image:
    return np.asarray(np.rint(images.mean(axis=0)), np.uint8)
