"""Strokes in few bytes, as the canvas sends them."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.data import canvas_strokes
from tests.support.handwriting import DIGITS, canvas_strokes_of


@pytest.mark.parametrize("digit", DIGITS)
def test_strokes_are_split_as_they_were_drawn(digit: int) -> None:
    found = list(canvas_strokes.split(canvas_strokes.read(canvas_strokes_of(digit, pen=20))))
    assert [width for width, _ in found] == [20] * len(DIGITS[digit])
    for (_, points), drawn in zip(found, DIGITS[digit], strict=True):
        np.testing.assert_allclose(points / 10, np.array(drawn) * 2.8, atol=0.051)
    kept = canvas_strokes.as_json(canvas_strokes.read(canvas_strokes_of(digit)))["strokes"]
    assert isinstance(kept, list)
    assert len(kept) == len(DIGITS[digit])


def packed(*numbers: int) -> str:
    return base64.b64encode(np.array(numbers, "<i2").tobytes()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "no base64",
        "AAA",
        base64.b64encode(b"odd").decode(),
        packed(18),
        packed(18, 0),
        packed(18, -1, 5, 5),
        packed(0, 1, 5, 5),
        packed(18, 2, 5, 5),
        packed(18, 1, 5, 5, 18),
        packed(*[18, 1, 5, 5] * 10_500),
    ],
)
def test_what_is_no_stroke_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        canvas_strokes.read(text)


def test_as_many_points_as_are_kept_are_read() -> None:
    most = packed(18, 20_000, *[5] * 40_000)
    assert canvas_strokes.read(most) == base64.b64decode(most)


@given(st.binary(max_size=60))
def test_any_bytes_are_strokes_or_refused(content: bytes) -> None:
    try:
        strokes = canvas_strokes.read(base64.b64encode(content).decode())
    except ValueError:
        return
    assert strokes == content
    assert sum(4 + points.nbytes for _, points in canvas_strokes.split(strokes)) == len(content)
