"""Drawings for rooms, as phones send them."""

from collections.abc import Sequence

import numpy as np

PEN = 18


def packed(strokes: Sequence[Sequence[tuple[float, float]]]) -> bytes:
    """Return strokes of points in pixels of the canvas, as `data.canvas_strokes` has them."""
    parts = []
    for stroke in strokes:
        points = np.rint(np.array(stroke) * 10).astype("<i2")
        parts += [np.array([PEN, len(points)], "<i2").tobytes(), points.tobytes()]
    return b"".join(parts)


SEVEN = packed([[(70, 60), (140, 62), (210, 60), (170, 140), (130, 240)]])
