"""People's pen strokes, to measure networks on: read from a file, drawn as on the canvas."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import Image, bounding_box

CANVAS_SIDE = 280
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

Stroke = NDArray[np.float64]
"""Points of a pen stroke, shape (n, 2): x to the right and y down, in any unit."""
# cv2.polylines takes points as fixed-point numbers, here in sixteenths of a pixel.
_FRACTION_BITS = 4
# OpenCV's antialiased lines are 1.2 to 1.7 pixels too wide. Without antialiasing, on a canvas of
# twice the side, they are right to half a pixel, and shrinking the canvas smooths their edges.
_SUPERSAMPLING = 2


class StrokesError(Exception):
    """A file of strokes that cannot be read; the message is a sentence for the person."""


@dataclass(frozen=True)
class WrittenDigit:
    """A digit as somebody wrote it."""

    label: int
    """0 to 9."""
    strokes: tuple[Stroke, ...]
    """In the order in which they were written."""


def read_strokes(file: Path) -> list[WrittenDigit]:
    """Return the digits of a JSON file: a list of {"label": 7, "strokes": [[[x, y], ...], ...]}.

    Raises StrokesError when there is no such file or it holds anything else.
    """
    try:
        entries = json.loads(file.read_bytes())
    except OSError as error:
        raise StrokesError(f"{file} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise StrokesError(f"{file} is not a JSON file: {error}.") from error
    if not isinstance(entries, list) or not entries:
        raise StrokesError(f"{file} should hold a list of digits with labels and strokes.")
    return [_read_digit(entry, f"{file}, digit {index}") for index, entry in enumerate(entries)]


def draw(written: WrittenDigit, pen: int, size: int) -> Image:
    """Return a digit as the canvas draws it, in its middle: white on black, uint8 (280, 280).

    `pen` is the width of the round pen in pixels, `size` the larger side of the digit's center
    line in percent of the canvas.
    """
    points = np.concatenate(written.strokes)
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    scale = size / 100 * CANVAS_SIDE / max(float(span.max()), 1e-9)
    offset = (CANVAS_SIDE - span * scale) / 2
    fine = np.zeros((CANVAS_SIDE * _SUPERSAMPLING,) * 2, np.uint8)
    for stroke in written.strokes:
        path = _smooth((stroke - low) * scale + offset)
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


def _read_digit(entry: object, where: str) -> WrittenDigit:
    if not isinstance(entry, dict) or not {"label", "strokes"} <= entry.keys():
        raise StrokesError(f'{where} should be an object with "label" and "strokes".')
    label, strokes = entry["label"], entry["strokes"]
    if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < CLASSES:
        raise StrokesError(f"{where} has the label {label!r}; it should be a digit from 0 to 9.")
    if not isinstance(strokes, list) or not strokes:
        raise StrokesError(f"{where} has no strokes; it should have at least one.")
    return WrittenDigit(label, tuple(_read_stroke(stroke, where) for stroke in strokes))


def _read_stroke(stroke: object, where: str) -> Stroke:
    points = stroke if isinstance(stroke, list) else []
    if not points or not all(_is_point(point) for point in points):
        raise StrokesError(f"{where} has a stroke that is not a list of points [x, y].")
    return np.array(points, dtype=np.float64)


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(value, int | float) and abs(value) < 1e9 for value in point)
    )


def _smooth(points: Stroke) -> Stroke:
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
