"""Strokes of a pen or an eraser over ink, and what they change of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import Image

Points = NDArray[np.float64]
"""A path, shape (n, 2): x and y in pixels."""

# cv2.polylines takes points as fixed-point numbers, here in sixteenths of a pixel.
_FRACTION_BITS = 4
# By so many pixels are smooth lines wider than asked for where the thickness is even; odd ones are
# as wide as the next even ones.
_SMOOTH_EDGES = 1.4
# A stroke is drawn over ink, which is not 255 at its edges; so much counts as ink.
_INK = 128
THINNEST_PEN = 4


@dataclass(frozen=True, eq=False)
class Stroke:
    """A path that a pen or an eraser takes over a canvas."""

    points: Points
    width: float
    """The round pen's, in pixels."""
    erases: bool = False

    @property
    def length(self) -> float:
        """The path's length in pixels."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())

    def scaled(self, factor: float) -> "Stroke":
        """Return the same stroke on a canvas that is `factor` times as large."""
        return Stroke(self.points * factor, self.width * factor, self.erases)

    def over(self, ink: Image) -> Image:
        """Return ink, uint8 (height, width), with the stroke over it."""
        drawn = ink.copy()
        fixed = np.rint((self.points - 0.5) * 2**_FRACTION_BITS).astype(np.int32)
        color = 0 if self.erases else 255
        thickness = max(1, 2 * round((self.width - _SMOOTH_EDGES) / 2))
        cv2.polylines(drawn, [fixed], False, color, thickness, cv2.LINE_AA, _FRACTION_BITS)
        return drawn


Strokes = tuple[Stroke, ...]


def drawn(ink: Image, strokes: Strokes) -> Image:
    """Return ink, uint8 (height, width), with strokes over it, one after the other."""
    for stroke in strokes:
        ink = stroke.over(ink)
    return ink


def changed_share(before: Image, after: Image) -> float:
    """Return how much ink came or went, as a share of the ink that was there before.

    Both are uint8 of the same shape. Raises ValueError where there was no ink.
    """
    own = int(before.sum(dtype=np.int64))
    if not own:
        raise ValueError("Without ink there is no share of it.")
    return float(cv2.norm(before, after, cv2.NORM_L1)) / own


def pen_width(ink: Image) -> float:
    """Return the width in pixels of the pen that drew ink, uint8 (height, width).

    It is that of lines whose middle is as far from the background, in the median.
    """
    solid = (ink >= _INK).astype(np.uint8)
    distance = cv2.distanceTransform(np.pad(solid, 1), cv2.DIST_L2, 3)
    middle = (distance == cv2.dilate(distance, np.ones((3, 3), np.uint8))) & (distance > 0)
    widths = 2 * distance[middle] - 1
    return max(float(np.median(widths)), THINNEST_PEN) if widths.size else THINNEST_PEN
