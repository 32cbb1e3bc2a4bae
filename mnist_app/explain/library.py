"""A library of strokes that are weighed all at once by what a network's slopes promise of them."""

from collections.abc import Sequence

import cv2
import numpy as np

from mnist_app.explain.candidates import WIDTHS, Sketch
from mnist_app.explain.strokes import Stroke
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import BOX_SIDE, Image, bounding_box

# The slopes and the strokes are compared on a grid of this side.
_SIDE = 28
# The strokes: centers along each side of the box around the ink, directions, and lengths.
_CENTERS, _DIRECTIONS, _LENGTHS = 8, 8, (0.15, 0.3, 0.5)


class Library:
    """Straight strokes of pen and eraser, all over a drawing."""

    def __init__(self, sketch: Sketch) -> None:
        paths = list(sketch.grid(_CENTERS, _DIRECTIONS, _LENGTHS))
        self._shape = sketch.ink.shape
        self.strokes = [
            Stroke(path, sketch.pen * width, erases)
            for erases, width in ((False, WIDTHS[False][1]), (True, WIDTHS[True][1]))
            for path in paths
        ]
        factor = _SIDE / max(self._shape)
        blank = np.zeros((_SIDE, _SIDE), np.uint8)
        masks = [Stroke(one.points, one.width).scaled(factor).over(blank) for one in self.strokes]
        self._masks = np.stack(masks).reshape(len(masks), -1).astype(np.float32) / 255
        self._pens = len(paths)

    def promises(
        self, canvases: Sequence[Image], images: Image, slopes: Array
    ) -> tuple[Array, Array]:
        """Return what each stroke is to bring and to cost on each of some canvases, (strokes, n).

        `slopes` are those by each pixel, float32 (n, 28, 28), of what is to grow. What is brought
        is exact for faint strokes, a guess for others; costs are in sums of ink.
        """
        rising = np.stack(
            [self._on_grid(*one) for one in zip(canvases, images, slopes, strict=True)]
        )
        shown = np.stack([self._shrunk(canvas) for canvas in canvases])
        area = (max(self._shape) / _SIDE) ** 2
        pens, erasers = self._masks[: self._pens], self._masks[self._pens :]
        free, inked = (255 - shown).T, shown.T
        brought = [pens @ (rising.T * free), erasers @ (-rising.T * inked)]
        costs = [pens @ free * area, erasers @ inked * area]
        return np.concatenate(brought), np.concatenate(costs)

    def _shrunk(self, canvas: Image) -> Array:
        small = cv2.resize(canvas, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32).reshape(-1)

    def _on_grid(self, canvas: Image, image: Image, slopes: Array) -> Array:
        """Return the slopes by pixels of the normalized image where these lie on the canvas."""
        x, y, width, height = bounding_box(canvas)
        left, top, *_ = bounding_box(image)
        scale = BOX_SIDE / max(width, height)
        step = max(self._shape) / _SIDE
        # From places on the grid to those on the canvas and to those in the image.
        place = np.array(
            [
                [scale * step, 0, left + scale * (step / 2 - x) - 0.5],
                [0, scale * step, top + scale * (step / 2 - y) - 0.5],
            ]
        )
        moved = cv2.warpAffine(
            slopes, place, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        # A pixel of the grid covers so many of the image.
        return np.asarray(moved.reshape(-1) * (scale * step) ** 2)
