"""Drawings for rooms, as phones send them."""

import base64
from collections.abc import Sequence

import numpy as np

from tests.support.handwriting import canvas_strokes_of

PEN = 18


def packed(strokes: Sequence[Sequence[tuple[float, float]]]) -> bytes:
    """Return strokes of points in pixels of the canvas, as `data.canvas_strokes` has them."""
    parts = []
    for stroke in strokes:
        points = np.rint(np.array(stroke) * 10).astype("<i2")
        parts += [np.array([PEN, len(points)], "<i2").tobytes(), points.tobytes()]
    return b"".join(parts)


SEVEN = base64.b64decode(canvas_strokes_of(7))
