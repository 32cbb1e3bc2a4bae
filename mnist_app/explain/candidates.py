"""Strokes that are worth a try on a drawing: everywhere, from ink to ink, and towards a digit."""

import itertools
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.explain.strokes import Points, Stroke, Strokes, pen_width
from mnist_app.imaging.normalize import Image, bounding_box, normalize_ink

WIDTHS = {False: (0.7, 1.0, 1.4), True: (1.0, 1.6, 2.4)}
"""The widths of pens and of erasers, as shares of the pen's that drew the digit."""
# The grid: centers along each side of the box around the ink, directions of half a turn, and
# lengths as shares of the box's larger side.
_CENTERS, _DIRECTIONS, _LENGTHS = 5, 4, (0.25, 0.5)
# Beside it, strokes from ink to ink: between so many points that are far from each other, straight
# and bent to both sides by a share of their length.
_INK_POINTS, _BENDS = 12, (-0.3, 0.0, 0.3)
# How far strokes may lie outside of the box, as a share of its larger side.
_MARGIN = 0.15
# A pixel that differs by so much is something to draw or to erase; ink that counts is as bright.
_SOLID = 100
# The least piece of a difference that a stroke is laid through, in pixels of 28 x 28.
_SPECK = 4


class Drawing:
    """A drawing, and strokes that may be worth a try on it."""

    def __init__(self, ink: Image) -> None:
        """`ink` is uint8 (side, side), bright on black. Raises ValueError where there is none."""
        x, y, width, height = bounding_box(ink)
        if not width:
            raise ValueError("A stroke changes nothing where nothing is drawn.")
        self.ink = ink
        self.image = normalize_ink(ink)
        """What a network sees of it, uint8 (28, 28)."""
        self.size = float(max(width, height))
        """The larger side of the box around the ink, in pixels."""
        self.pen = pen_width(ink)
        """The width in pixels of the pen that drew it."""
        self._corner = np.array([x, y], float)
        self._extent = np.array([width, height], float)

    def within(self, points: Points) -> Points:
        """Return a path that keeps its pen on the canvas."""
        edge = self.pen / 2
        return np.clip(points, edge, np.array(self.ink.shape[::-1]) - edge)

    def grid(
        self,
        centers: int = _CENTERS,
        directions: int = _DIRECTIONS,
        lengths: tuple[float, ...] = _LENGTHS,
    ) -> Iterator[Points]:
        """Yield straight paths all over the box around the ink, and a little beside it."""
        margin = _MARGIN * self.size
        low, high = self._corner - margin, self._corner + self._extent + margin
        turns = np.pi * np.arange(directions) / directions
        places = [np.linspace(low[axis], high[axis], centers) for axis in (0, 1)]
        for x, y, turn, length in itertools.product(*places, turns, lengths):
            half = np.array([np.cos(turn), np.sin(turn)]) * length * self.size / 2
            yield self.within(np.array([x, y]) + np.array([-half, half]))

    def first_strokes(self) -> Iterator[Stroke]:
        """Yield strokes of pen and eraser everywhere, and from ink to ink."""
        for path in self.grid():
            yield Stroke(path, self.pen)
            yield Stroke(path, self.pen, erases=True)
        yield from self._between_ink()

    def _between_ink(self) -> Iterator[Stroke]:
        for first, last in itertools.combinations(self._ink_points(), 2):
            across = (last - first)[::-1] * (1, -1)
            for bend in _BENDS:
                path = [first, (first + last) / 2 + bend * across, last] if bend else [first, last]
                yield Stroke(self.within(np.array(path)), self.pen)
            if np.linalg.norm(last - first) < max(_LENGTHS) * self.size:
                width = WIDTHS[True][1] * self.pen
                yield Stroke(self.within(np.array([first, last])), width, erases=True)

    def towards(self, examples: Image) -> Iterator[Strokes]:
        """Yield strokes that make the digit more like each of some images, (n, 28, 28)."""
        for like in examples:
            change = like.astype(np.int16) - self.image
            added = self._stroke_along(change > _SOLID, False)
            removed = self._stroke_along(change < -_SOLID, True)
            yield from ((one,) for one in (added, removed) if one)
            if added and removed:
                yield removed, added

    def _stroke_along(self, mask: NDArray[np.bool_], erases: bool) -> Stroke | None:
        """Return a stroke through the largest piece of a mask, (28, 28); None for a speck."""
        count, pieces, sizes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        if count < 2 or sizes[1:, cv2.CC_STAT_AREA].max() < _SPECK:
            return None
        rows, columns = np.nonzero(pieces == 1 + sizes[1:, cv2.CC_STAT_AREA].argmax())
        points = np.stack([columns, rows], axis=1) + 0.5
        center = points.mean(axis=0)
        along = (points - center) @ np.linalg.svd(points - center, full_matrices=False)[2][0]
        thirds = np.array_split(points[np.argsort(along)], 3)
        ends = points[[along.argmin(), along.argmax()]]
        path = np.array([ends[0], thirds[1].mean(axis=0), ends[1]])
        width = self.pen * (WIDTHS[True][1] if erases else 1)
        return Stroke(self.within(self._on_canvas(path)), width, erases)

    def _on_canvas(self, points: Points) -> Points:
        """Return where points of the normalized image, 28 x 28, lie on the canvas."""
        x, y, width, height = bounding_box(self.image)
        scale = self.size / max(width, height)
        return np.asarray((points - (x, y)) * scale + self._corner)

    def _ink_points(self) -> Points:
        """Return points of the ink, each as far as can be from those before it."""
        rows, columns = np.nonzero(self.ink >= min(_SOLID, self.ink.max()))
        ink = np.stack([columns, rows], axis=1) + 0.5
        chosen = [ink[0]]
        nearest = np.full(len(ink), np.inf)
        for _ in range(_INK_POINTS - 1):
            nearest = np.minimum(nearest, np.linalg.norm(ink - chosen[-1], axis=1))
            chosen.append(ink[nearest.argmax()])
        return np.array(chosen)
