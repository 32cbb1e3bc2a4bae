"""What was drawn on the canvas, stroke by stroke, in few bytes.

Numbers are little-endian int16. A stroke is the pen's width in pixels, how many points follow, and
the points' x and y in tenths of a pixel. The browser writes this: `components/drawing_canvas`.
"""

import base64
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

MOST_POINTS = 20_000
"""Points of all strokes; a pen that is dragged for five minutes leaves about as many."""
MOST_STROKES = 500
TENTHS = 10
_HEADER = 2
_MOST_BYTES = 2 * (2 * MOST_POINTS + _HEADER * MOST_STROKES)
LONGEST_TEXT = 4 * -(-_MOST_BYTES // 3)

Stroke = tuple[int, NDArray[np.int16]]
"""The pen's width in pixels, and points in tenths of a pixel, shape (n, 2)."""


def read(text: str) -> bytes:
    """Return strokes that a browser wrote in base64.

    Raises ValueError for what is none, and for more strokes or points than are kept.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError("There are too many strokes.")
    strokes = base64.b64decode(text, validate=True)
    list(split(strokes))
    return strokes


def split(strokes: bytes) -> Iterator[Stroke]:
    """Yield stroke by stroke. Raises ValueError where `strokes` is something else."""
    if len(strokes) % 2:
        raise ValueError("Strokes are whole numbers of two bytes.")
    numbers = np.frombuffer(strokes, "<i2")
    at = 0
    while at < len(numbers):
        width, count = (int(number) for number in numbers[at : at + _HEADER])
        points = numbers[at + _HEADER : at + _HEADER + 2 * count]
        if count < 1 or width < 1 or len(points) != 2 * count:
            raise ValueError("A stroke has a pen and points.")
        yield width, points.reshape(count, 2)
        at += _HEADER + 2 * count


def as_json(strokes: bytes) -> dict[str, object]:
    """Return strokes as they are kept with a labeled drawing; points in pixels, [x, y]."""
    return {
        "strokes": [
            {"width": width, "points": (points / TENTHS).round(1).tolist()}
            for width, points in split(strokes)
        ]
    }
