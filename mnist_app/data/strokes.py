"""Pen strokes of people, for measuring: read from a file, drawn as the canvas draws them."""

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
"""Where the digit stands: the share of the free width to its left and of the height above it."""
WAYS = len(PENS) * len(SIZES) * len(POSITIONS)
"""In how many ways a digit is drawn."""

Stroke = NDArray[np.float64]
_SHIFT = 4  # cv2.polylines takes points in sixteenths of a pixel
# OpenCV's antialiased lines are 1.2 to 1.7 pixels too wide. Without antialiasing they are right to
# half a pixel on a canvas of twice the side, and shrinking it smooths their edges.
_FINER = 2


class StrokesError(Exception):
    """A file of strokes cannot be read; the message is a sentence for the person."""


@dataclass(frozen=True)
class WrittenDigit:
    """One digit as somebody wrote it."""

    label: int
    """0 to 9."""
    strokes: tuple[Stroke, ...]
    """Each of shape (n, 2): x to the right and y down, in any unit."""


def read_strokes(file: Path) -> list[WrittenDigit]:
    """Return the digits of a JSON file: a list of {"label": 7, "strokes": [[[x, y], ...], ...]}.

    Raises StrokesError when there is no such file, or it holds anything else.
    """
    try:
        entries = json.loads(file.read_bytes())
    except OSError as error:
        raise StrokesError(f"{file} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise StrokesError(f"{file} is no JSON file: {error}.") from error
    if not isinstance(entries, list) or not entries:
        raise StrokesError(f"{file} should hold a list of digits with labels and strokes.")
    return [_read_digit(entry, f"{file}, digit {index}") for index, entry in enumerate(entries)]


def draw(written: WrittenDigit, pen: int, size: int) -> Image:
    """Draw a digit as the canvas does, in its middle: white on black, uint8 (280, 280).

    `pen` is the width of the round pen in pixels, `size` the larger side of the digit's center
    line in percent of the canvas.
    """
    points = np.concatenate(written.strokes)
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    scale = size / 100 * CANVAS_SIDE / max(float(span.max()), 1e-9)
    offset = (CANVAS_SIDE - span * scale) / 2
    fine = np.zeros((CANVAS_SIDE * _FINER, CANVAS_SIDE * _FINER), np.uint8)
    for stroke in written.strokes:
        path = _smooth((stroke - low) * scale + offset)
        fixed = np.rint((path * _FINER - 0.5) * 2**_SHIFT).astype(np.int32)
        cv2.polylines(fine, [fixed], False, 255, pen * _FINER, cv2.LINE_8, _SHIFT)
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
        raise StrokesError(f"{where} has a stroke that is no list of points [x, y].")
    return np.array(points, dtype=np.float64)


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(value, int | float) and abs(value) < 1e9 for value in point)
    )


def _smooth(points: Stroke) -> Stroke:
    """Return the way of the canvas's pencil: quadratic curves from middle to middle.

    Fabric.js's PencilBrush takes each point as the control point between the middles of its two
    segments. Two points of each curve are enough: people's points lie close together.
    """
    middles = (points[:-1] + points[1:]) / 2
    tops = (middles[:-1] + 2 * points[1:-1] + middles[1:]) / 4
    between = np.empty((len(middles) + len(tops), 2))
    between[0::2], between[1::2] = middles, tops
    return np.concatenate([points[:1], between, points[-1:]])
