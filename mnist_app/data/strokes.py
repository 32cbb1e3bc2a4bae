"""People's pen strokes, to measure networks on: drawn as on the canvas."""

from collections.abc import Iterable

import cv2
import numpy as np

from mnist_app.data import canvas_strokes
from mnist_app.data.canvas_strokes import TENTHS
from mnist_app.data.stroke_files import Stroke, WrittenDigit
from mnist_app.imaging.normalize import Image, bounding_box

CANVAS_SIDE = 280
WIDEST_PEN = 64
"""In pixels of the canvas; no pen that people can choose is as wide."""
PENS = (8, 18, 28)
"""Widths of the pen in pixels."""
SIZES = (30, 50, 80)
"""The larger side of the digit's center line in percent of the canvas."""
POSITIONS = {
    "center": (0.5, 0.5),
    "top left": (0.0, 0.0),
    "top right": (1.0, 0.0),
    "bottom left": (0.0, 1.0),
    "bottom right": (1.0, 1.0),
}
"""Where the digit stands: the shares of the free space that lie to its left and above it."""
DRAWINGS_PER_DIGIT = len(PENS) * len(SIZES) * len(POSITIONS)
"""How often each digit is drawn: with every pen, in every size and position."""

# cv2.polylines takes points as fixed-point numbers, here in sixteenths of a pixel.
_FRACTION_BITS = 4
# OpenCV's antialiased lines are 1.2 to 1.7 pixels too wide. Without antialiasing, on a canvas of
# twice the side, they are right to half a pixel, and shrinking the canvas smooths their edges.
_SUPERSAMPLING = 2


def draw(written: WrittenDigit, pen: int, size: int) -> Image:
    """Return a digit as the canvas draws it, in its middle: white on black, uint8 (280, 280).

    `pen` is the width of the round pen in pixels, `size` the larger side of the digit's center
    line in percent of the canvas.
    """
    points = np.concatenate(written.strokes)
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    scale = size / 100 * CANVAS_SIDE / max(float(span.max()), 1e-9)
    offset = (CANVAS_SIDE - span * scale) / 2
    return paint((pen, (stroke - low) * scale + offset) for stroke in written.strokes)


def draw_canvas(strokes: bytes) -> Image:
    """Return strokes of the canvas as it shows them: white on black, uint8 (280, 280).

    They are as `data.canvas_strokes` has them; a pen that is too wide is as wide as WIDEST_PEN.
    Raises ValueError for anything else.
    """
    return paint(
        (min(width, WIDEST_PEN), points / TENTHS) for width, points in canvas_strokes.split(strokes)
    )


def paint(strokes: Iterable[tuple[int, Stroke]]) -> Image:
    """Return what the canvas shows of strokes: white on black, uint8 (280, 280).

    Each is a pen's width and points, shape (n, 2), in the canvas's pixels.
    """
    fine = np.zeros((CANVAS_SIDE * _SUPERSAMPLING,) * 2, np.uint8)
    for pen, stroke in strokes:
        path = pencil_path(stroke)
        fixed = np.rint((path * _SUPERSAMPLING - 0.5) * 2**_FRACTION_BITS).astype(np.int32)
        thickness = pen * _SUPERSAMPLING
        cv2.polylines(fine, [fixed], False, 255, thickness, cv2.LINE_8, _FRACTION_BITS)
    canvas = cv2.resize(fine, (CANVAS_SIDE, CANVAS_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(canvas, dtype=np.uint8)


def move(canvas: Image, position: str) -> Image:
    """Return `canvas` with its ink moved to `position`, a key of POSITIONS, by whole pixels."""
    x, y, width, height = bounding_box(canvas)
    across, down = POSITIONS[position]
    left, top = round((CANVAS_SIDE - width) * across), round((CANVAS_SIDE - height) * down)
    return np.roll(canvas, (top - y, left - x), axis=(0, 1))


def pencil_path(points: Stroke) -> Stroke:
    """Return the path that the canvas's pencil draws through points, shape (m, 2).

    Fabric.js's PencilBrush draws quadratic curves from midpoint to midpoint of the segments, with
    the point between them as control point. Two points of each curve are enough, because people's
    points lie close together.
    """
    midpoints = (points[:-1] + points[1:]) / 2
    vertices = (midpoints[:-1] + 2 * points[1:-1] + midpoints[1:]) / 4
    between = np.empty((len(midpoints) + len(vertices), 2))
    between[0::2], between[1::2] = midpoints, vertices
    return np.concatenate([points[:1], between, points[-1:]])
