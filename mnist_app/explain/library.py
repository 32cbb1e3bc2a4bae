"""A library of strokes that are weighed all at once by what a network's slopes promise of them."""

from collections.abc import Sequence

import cv2
import numpy as np

from mnist_app.explain.candidates import WIDTHS, Drawing
from mnist_app.explain.strokes import Stroke
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import BOX_SIDE, Image, bounding_box

Images = Sequence[Image]

# The slopes and the strokes are compared on a grid of this side.
_SIDE = 28
# The strokes are drawn larger, and shrunk.
_DRAWN_SIDE = 56
# The strokes: centers along each side of the box around the ink, directions, and lengths.
_CENTERS, _DIRECTIONS, _LENGTHS = 7, 8, (0.15, 0.3, 0.5)


class Library:
    """Straight strokes of pen and eraser, all over a drawing."""

    def __init__(self, drawing: Drawing) -> None:
        """Draw each of them once."""
        paths = list(drawing.grid(_CENTERS, _DIRECTIONS, _LENGTHS))
        self.strokes = [
            Stroke(path, drawing.pen * width, erases)
            for erases, width in ((False, WIDTHS[False][1]), (True, WIDTHS[True][1]))
            for path in paths
        ]
        factor = _DRAWN_SIDE / max(drawing.ink.shape)
        masks = [_mask(one.scaled(factor)) for one in self.strokes]
        self._masks = np.stack(masks).reshape(len(masks), -1).astype(np.float32) / 255
        self._pens = len(paths)
        self._ink = _on_grid(drawing.ink).sum()

    def promises(self, canvases: Images, images: Image, slopes: Array) -> tuple[Array, Array]:
        """Return what each stroke is to bring to each of some canvases, and its ink, (strokes, n).

        `images` are what the network sees of the canvases, and `slopes` those by each of their
        pixels, float32 (n, 28, 28), of what is to grow. What strokes bring is exact for faint ones
        and a guess for others. The ink is a share of the digit's own.
        """
        shown = np.stack([_on_grid(canvas).reshape(-1) for canvas in canvases], axis=1)
        rising = np.stack(
            [
                _slopes_on_grid(*one).reshape(-1)
                for one in zip(canvases, images, slopes, strict=True)
            ],
            axis=1,
        )
        pens, erasers = self._masks[: self._pens], self._masks[self._pens :]
        free = 255 - shown
        brought = np.concatenate([pens @ (rising * free), erasers @ (-rising * shown)])
        return brought, np.concatenate([pens @ free, erasers @ shown]) / self._ink


def _mask(stroke: Stroke) -> Image:
    """Return where a stroke lies on the grid, 0 to 255."""
    pen = Stroke(stroke.points, stroke.width)
    drawn = pen.over(np.zeros((_DRAWN_SIDE, _DRAWN_SIDE), np.uint8))
    return np.asarray(cv2.resize(drawn, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _on_grid(canvas: Image) -> Array:
    side = max(canvas.shape)
    square = np.zeros((side, side), np.uint8)
    square[: canvas.shape[0], : canvas.shape[1]] = canvas
    small = cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _slopes_on_grid(canvas: Image, image: Image, slopes: Array) -> Array:
    """Return the slopes by pixels of the normalized image where these lie on the canvas."""
    x, y, width, height = bounding_box(canvas)
    left, top, *_ = bounding_box(image)
    scale = BOX_SIDE / max(width, height)
    step = max(canvas.shape) / _SIDE
    # From the middle of a pixel of the grid to its place in the image.
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
    return np.asarray(moved * (scale * step) ** 2)
