"""Drawings in addresses: what is packed comes back, and what was not packed costs nothing."""

import base64
import re
import time
import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_app.data import canvas_strokes, stroke_links, strokes
from mnist_app.data.stroke_links import LinkError
from mnist_app.imaging.normalize import Image
from tests.support.handwriting import DIGITS, canvas_strokes_of

BLANK = np.zeros((28, 28), np.uint8)
COORDINATES = st.integers(-32760, 32760)
DRAWINGS = st.lists(
    st.tuples(
        st.integers(1, 3000), st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=30)
    ),
    min_size=1,
    max_size=5,
)


def as_bytes(drawing: list[tuple[int, list[tuple[int, int]]]]) -> bytes:
    """Return strokes, each a pen's width and points, as the canvas sends them."""
    return b"".join(
        np.array([width, len(points), *np.ravel(points)], "<i2").tobytes()
        for width, points in drawing
    )


def checked(content: bytes) -> str:
    """Return a text whose checksum is right, whatever it holds."""
    check = zlib.crc32(content).to_bytes(4, "big")[:2]
    return base64.urlsafe_b64encode(content + check).rstrip(b"=").decode()


def distance(points: np.ndarray, path: np.ndarray) -> float:
    """Return how far the furthest of some points is from a path of straight lines."""
    if len(path) == 1:
        return float(np.hypot(*(points - path[0]).T).max())
    start, along = path[:-1], np.diff(path, axis=0)
    squared = (along**2).sum(axis=1)
    share = ((points[:, np.newaxis] - start) * along).sum(axis=2) / np.where(squared, squared, 1)
    nearest = start + np.clip(share, 0, 1)[..., np.newaxis] * along
    return float(np.linalg.norm(points[:, np.newaxis] - nearest, axis=2).min(axis=1).max())


@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_comes_back_short_and_as_it_was(digit: int) -> None:
    drawn = base64.b64decode(canvas_strokes_of(digit, pen=20))
    text = stroke_links.pack(drawn, BLANK)
    assert re.fullmatch(r"[A-Za-z0-9_-]{10,300}", text)
    found = stroke_links.unpack(text)
    assert isinstance(found, bytes)
    before, after = (strokes.draw_canvas(one).astype(int) for one in (drawn, found))
    assert np.abs(before - after).sum() < 0.1 * before.sum()


@given(DRAWINGS)
@example([(18, [(1400, 1400)])])
@example([(1, [(18, 0), (0, 0), (0, 18), (18, 0)])])
@example([(18, [(1400, 1400), (1400, 1400)]), (8, [(0, 0), (2800, 2800), (0, 0)])])
def test_strokes_stay_where_they_are(drawing: list[tuple[int, list[tuple[int, int]]]]) -> None:
    found = stroke_links.unpack(stroke_links.pack(as_bytes(drawing), BLANK))
    assert isinstance(found, bytes)
    parts = list(canvas_strokes.split(found))
    assert [width for width, _ in parts] == [width for width, _ in drawing]
    furthest = stroke_links.TOLERANCE + 0.5**0.5 / stroke_links.STEPS_PER_PIXEL + 0.01
    for (_, points), (_, drawn) in zip(parts, drawing, strict=True):
        path = strokes.pencil_path(np.array(drawn) / 10)
        assert distance(path, points / 10) <= furthest
        assert distance(points / 10, path) <= furthest


@given(DRAWINGS)
def test_a_link_to_what_a_link_showed_is_the_same(
    drawing: list[tuple[int, list[tuple[int, int]]]],
) -> None:
    found = stroke_links.unpack(stroke_links.pack(as_bytes(drawing), BLANK))
    assert isinstance(found, bytes)
    assert stroke_links.unpack(stroke_links.pack(found, BLANK)) == found


@given(arrays(np.uint8, (28, 28)))
def test_a_picture_without_strokes_comes_back_exactly(image: Image) -> None:
    text = stroke_links.pack(b"", image)
    assert len(text) <= stroke_links.LONGEST
    np.testing.assert_array_equal(stroke_links.unpack(text), image)


def test_the_costliest_strokes_are_packed_within_a_second() -> None:
    """A spiral that shrinks is split at its second point again and again."""
    turns = np.linspace(0, 400 * np.pi, stroke_links.MOST_POINTS)
    spiral = (np.exp(-turns / 200) * 3000 * np.stack([np.cos(turns), np.sin(turns)])).T
    begin = time.process_time()
    stroke_links.pack(as_bytes([(18, spiral.astype(int).tolist())]), BLANK)
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("points", [2000, 6000])
def test_too_many_strokes_are_kept_as_their_picture(points: int) -> None:
    scribble = np.random.default_rng(0).integers(0, 2800, (points, 2))
    text = stroke_links.pack(as_bytes([(18, [(int(x), int(y)) for x, y in scribble])]), BLANK)
    np.testing.assert_array_equal(stroke_links.unpack(text), BLANK)


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(checked)))
@example("")
@example("A" * 100_000)
@example(checked(b"\x01"))
@example(checked(b"\x01\x12"))
@example(checked(b"\x01\x12\x00"))
@example(checked(b"\x01\x12\x01\xff\xff\x7f\xff\xff\x7f"))
@example(checked(b"\x01" + b"\x80" * 100))
@example(checked(b"\x02" + zlib.compress(bytes(1_000_000), wbits=-15)))
@example(checked(b"\x02" + zlib.compress(bytes(784), wbits=-15)[:-1]))
@example(checked(b"\x63"))
def test_any_text_is_a_drawing_or_a_sentence(text: str) -> None:
    try:
        found = stroke_links.unpack(text)
    except LinkError:
        return
    if isinstance(found, bytes):
        assert list(canvas_strokes.split(canvas_strokes.read(base64.b64encode(found).decode())))
    else:
        assert found.shape == (28, 28)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_link_that_was_cut_off_is_noticed(cut: int) -> None:
    text = stroke_links.pack(base64.b64decode(canvas_strokes_of(8)), BLANK)
    with pytest.raises(LinkError, match="damaged"):
        stroke_links.unpack(text[:-cut])


def test_the_costliest_text_is_shown_within_a_moment() -> None:
    """As many wide strokes as fit, from one end of what is kept to the other."""
    far = 3276
    corners = [(0, 0), *[(far, far), (-far, -far)] * 120]
    steps = np.diff(np.array([(140, 140), *corners]), axis=0).ravel()
    numbers = [3000, len(corners), *(2 * s if s >= 0 else -2 * s - 1 for s in steps.tolist())]
    packed = b"\x01" + b"".join(
        bytes([n & 127 | 128, n >> 7 & 127 | 128, n >> 14]) for n in numbers
    )
    begin = time.process_time()
    found = stroke_links.unpack(checked(packed))
    assert isinstance(found, bytes)
    strokes.draw_canvas(found)
    assert time.process_time() - begin < 1
