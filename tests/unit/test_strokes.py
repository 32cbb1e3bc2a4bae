"""People's pen strokes, drawn as the canvas draws them."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.data import strokes
from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.data.strokes import PENS, POSITIONS, SIZES
from mnist_app.imaging import normalize
from tests.support.handwriting import written


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pen", PENS)
def test_the_ink_has_the_right_size_and_place(pen: int, size: int, position: str) -> None:
    straight = WrittenDigit(1, (np.array([[0.0, 0], [0, 50], [0, 100]]),))
    canvas = strokes.move(strokes.draw(straight, pen, size), position)
    x, y, width, height = normalize.bounding_box(np.where(canvas > 127, canvas, 0).astype(np.uint8))
    assert canvas.shape == (280, 280)
    assert width == pytest.approx(pen, abs=1)
    assert height == pytest.approx(2.8 * size + pen, abs=1)
    across, down = POSITIONS[position]
    assert x == pytest.approx(across * (280 - width), abs=1)
    assert y == pytest.approx(down * (280 - height), abs=1)


@pytest.mark.parametrize("degrees", [0, 17, 45, 73, 90])
@pytest.mark.parametrize("pen", PENS)
def test_a_line_is_as_wide_as_the_pen(pen: int, degrees: int) -> None:
    """Without its two half circles, the ink's area is length times width."""
    along = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    line = WrittenDigit(1, (np.array([-along, along]),))
    length = 2.8 * 50 / np.abs(along).max()
    ink = strokes.draw(line, pen, 50).sum() / 255
    assert (ink - np.pi * (pen / 2) ** 2) / length == pytest.approx(pen, abs=0.7)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_unit_and_origin_of_points_do_not_matter(origin: float, unit: float) -> None:
    plain = written(4)
    moved = WrittenDigit(4, tuple(stroke * unit + origin for stroke in plain.strokes))
    drawn, again = strokes.draw(plain, 18, 50), strokes.draw(moved, 18, 50)
    assert cv2.absdiff(drawn, again).mean() < 0.5


@pytest.mark.parametrize("pen", PENS)
def test_a_single_point_is_a_round_dot(pen: int) -> None:
    canvas = strokes.draw(WrittenDigit(1, (np.array([[7.0, 7.0]]),)), pen, 50)
    rows, columns = np.indices(canvas.shape) + 0.5 - 140
    distance = np.hypot(rows, columns)
    assert canvas.sum() / 255 == pytest.approx(np.pi * (pen / 2) ** 2, rel=0.05)
    assert canvas[distance < pen / 2 - 1].min() == 255
    assert canvas[distance > pen / 2 + 1].max() == 0


def test_curves_are_those_of_the_canvas_pencil() -> None:
    """A quadratic curve with the corner as its control point passes a quarter of the way in."""
    corner = WrittenDigit(7, (np.array([[0.0, 0], [100, 0], [100, 100]]),))
    canvas = strokes.draw(corner, 8, 80)
    assert canvas[28, 252] == 0  # the corner
    assert canvas[56, 224] == 255  # a quarter of the way to the middles (140, 28) and (252, 140)
