"""A writer: how one person moves the pen, what pen it is, and what comes out on the canvas."""

from statistics import NormalDist
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import Image

T = TypeVar("T")
Point = tuple[float, float]
Stroke = NDArray[np.float64]
"""Points of a pen stroke, shape (n, 2): x to the right, y down; a digit is about 1 tall."""

CANVAS_SIDE = 96
DIGIT_SIDE = 60
# The pen's width as a share of the digit's larger side: from 8 px on 224 px to 28 px on 84 px, and
# a bit beyond both.
THINNEST, USUAL, THICKEST = 0.03, 0.15, 0.36
# Of a stroke that a writer has written.
POINTS = 32
# Between two of these points the hand makes one movement. A fast writer begins a movement before
# the last ones have ended: so many are under way at a time, at the least and at the most.
_LEAST_OVERLAP, _MOST_OVERLAP = 0.3, 5.0
# The logarithmic standard deviations of the movements' speed over time, after Plamondon's fits.
_LEAST_SPREAD, _MOST_SPREAD = 0.15, 0.4
# The normal distribution from -4 to 4: beyond that it is 0 or 1 to four digits.
_DEVIATIONS = np.linspace(-4, 4, 161)
_NORMAL = np.array([NormalDist().cdf(deviation) for deviation in _DEVIATIONS])
# cv2.polylines takes points as fixed-point numbers, here in sixteenths of a pixel.
_FRACTION_BITS = 4


class Writer:
    """One person's handwriting: each point lands a little beside where it was aimed."""

    def __init__(self, generator: np.random.Generator) -> None:
        """Choose this writer's habits at random.

        `jitter` is the standard deviation of the distance from where a point was aimed.
        """
        self._generator = generator
        self.jitter = generator.uniform(0.005, 0.04)
        self._overlap = float(np.exp(generator.uniform(*np.log([_LEAST_OVERLAP, _MOST_OVERLAP]))))
        self._spread = generator.uniform(_LEAST_SPREAD, _MOST_SPREAD)

    def between(self, low: float, high: float) -> float:
        """Return a random number between `low` and `high`."""
        return float(self._generator.uniform(low, high))

    def chance(self, probability: float) -> bool:
        """Return True with the given probability, 0 to 1."""
        return bool(self._generator.random() < probability)

    def choose(self, things: list[T]) -> T:
        """Return one of the `things`, each with the same probability."""
        return things[int(self._generator.integers(len(things)))]

    def line(self, *points: Point) -> Stroke:
        """Return straight lines from point to point."""
        return self._aim(points)

    def curve(self, *points: Point) -> Stroke:
        """Return a smooth curve through the points, a Catmull-Rom spline."""
        aimed = self._aim(points)
        padded = np.concatenate([[2 * aimed[0] - aimed[1]], aimed, [2 * aimed[-1] - aimed[-2]]])
        before, start, end, after = (padded[i : len(aimed) - 1 + i, None] for i in range(4))
        t = np.linspace(0, 1, 8, endpoint=False)[None, :, None]
        pieces = 0.5 * (
            2 * start
            + (end - before) * t
            + (2 * before - 5 * start + 4 * end - after) * t**2
            + (3 * start - before - 3 * end + after) * t**3
        )
        return np.concatenate([pieces.reshape(-1, 2), aimed[-1:]])

    def arc(
        self, center: Point, radii: Point, start: float, sweep: float, drift: float = 0
    ) -> Stroke:
        """Return an arc of an ellipse, from the angle `start` on for `sweep` degrees.

        Angles are in degrees, clockwise, 0 to the right. By the end of the arc, the radii have
        grown by the share `drift`.
        """
        count = 8 + int(abs(sweep) / 20)
        angles = np.deg2rad(np.linspace(start, start + sweep, count))
        growth = np.linspace(1, 1 + drift, count)[:, None]
        ellipse = np.stack([np.cos(angles), np.sin(angles)], axis=1) * growth * radii
        return np.asarray(ellipse + self._aim([center]), dtype=np.float64)

    def write(self, stroke: Stroke) -> Stroke:
        """Return `stroke` as this writer writes it, shape (32, 2).

        The hand moves from point to point of the stroke. Each movement has a lognormal speed and
        begins before the last one has ended, so a fast hand rounds corners: the sigma-lognormal
        model of Plamondon, A kinematic theory of rapid human movements (1995). And every hand
        trembles.
        """
        lengths = np.hypot(*np.diff(stroke, axis=0).T)
        traveled = np.concatenate([[0], np.cumsum(lengths)])
        distances = np.linspace(0, traveled[-1], POINTS)
        points = np.empty((POINTS, 2))
        for axis in (0, 1):
            points[:, axis] = np.interp(distances, traveled, stroke[:, axis])
        done = self._movements(POINTS - 1)
        return np.asarray(points[0] + done @ np.diff(points, axis=0) + self._tremor(distances))

    def _movements(self, count: int) -> NDArray[np.float64]:
        """Return how much of each movement is done at each of some times.

        Shape (count + 1, count), values 0 to 1; at the first time nothing is done, at the last all.
        """
        pauses = self._generator.lognormal(0, 0.3, count) / self._overlap
        begins = np.cumsum(pauses) - pauses[0]
        spreads = self._spread * self._generator.lognormal(0, 0.2, count)
        # A movement of median duration 1 lies within the spread, to either side on a log scale.
        times = np.linspace(0, begins[-1] + np.exp(4 * spreads[-1]), 2 * count)
        elapsed = np.maximum(times[:, None] - begins, 1e-6)
        done = np.interp(np.log(elapsed) / spreads, _DEVIATIONS, _NORMAL)
        # The times at which the hand has come equally far, so that no time falls on a pause.
        share = done.mean(axis=1)
        wanted = np.linspace(0, share[-1], count + 1)
        at = np.searchsorted(share, wanted).clip(0, len(share) - 1)
        return np.asarray(done[at], dtype=np.float64)

    def _tremor(self, distances: NDArray[np.float64]) -> Stroke:
        """Return by how much the hand is off at distances along a stroke, shape (n, 2)."""
        phase = self.between(0, 6.28) + distances[:, None] * self.between(2, 9)
        return np.asarray(self.between(0, 0.015) * np.sin(phase + np.array([[0, 2]])))

    def _aim(self, points: tuple[Point, ...] | list[Point]) -> Stroke:
        aimed = np.array(points, dtype=np.float64)
        return aimed + self._generator.normal(0, self.jitter, aimed.shape)


def join(*strokes: Stroke) -> Stroke:
    """Return the strokes as a single one, written without lifting the pen."""
    return np.concatenate(strokes)


def draw(strokes: list[Stroke], width: int) -> Image:
    """Return strokes drawn with a round pen of `width` pixels, uint8 (96, 96).

    The larger side of their center lines is 60 pixels.
    """
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = DIGIT_SIDE / max(float((high - low).max()), 1e-6)
    offset = CANVAS_SIDE / 2 - scale * (low + high) / 2
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    for stroke in strokes:
        fixed = np.rint((stroke * scale + offset) * 2**_FRACTION_BITS).astype(np.int32)
        cv2.polylines(canvas, [fixed], False, 255, width, cv2.LINE_AA, _FRACTION_BITS)
    return canvas


def pen_width(writer: Writer, thickest: float = THICKEST) -> int:
    """Return the width, in pixels of `draw`, of a pen that this writer chooses.

    `thickest` is the largest width, as a share of the drawing's larger side.
    """
    share = writer.between(THINNEST, thickest if writer.chance(0.65) else USUAL)
    return max(2, round(DIGIT_SIDE * share))


def slant_and_stretch(strokes: list[Stroke], writer: Writer) -> list[Stroke]:
    """Return the strokes slanted, turned and stretched, as this writer does with all of them."""
    turn = np.deg2rad(writer.between(-12, 12))
    slant = writer.between(-0.15, 0.4)
    aspect = np.exp(writer.between(np.log(0.6), np.log(1.25)))
    upright = np.array([[aspect, -slant], [0, 1]])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return [np.asarray(stroke @ (rotation @ upright).T) for stroke in strokes]
