"""Ten digits: their order, their addresses, and the strokes that mislead."""

import base64
import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnist_app.analysis import ten_digits
from mnist_app.analysis.ten_digits import Challenge, DrawnDigit
from mnist_app.data import strokes
from mnist_app.data.stroke_links import LinkError
from mnist_app.imaging.image_files import read_picture
from mnist_app.imaging.normalize import normalize_ink
from mnist_app.ui.markup import ten_digits as markup
from mnist_app.ui.markup.ten_digits import ReadDigit
from tests.support.handwriting import DIGITS, canvas_strokes_of


def drawn_digit(digit: int) -> DrawnDigit:
    packed = base64.b64decode(canvas_strokes_of(digit))
    return DrawnDigit(packed, normalize_ink(strokes.draw_canvas(packed)))


@given(st.integers(0, ten_digits.MOST_SEEDS - 1))
def test_each_digit_is_asked_for_once(seed: int) -> None:
    challenge, asked = Challenge(seed), []
    while not challenge.is_over:
        asked.append(challenge.asked)
        challenge = challenge.with_next(None)
    assert sorted(asked) == list(range(10))
    assert challenge.without_last().asked == asked[-1]
    assert Challenge(seed).order == challenge.order


def test_a_challenge_comes_back_from_its_address() -> None:
    challenge = Challenge(4711)
    for _ in range(10):
        skips = challenge.asked == 5
        challenge = challenge.with_next(None if skips else drawn_digit(challenge.asked))
    text = ten_digits.pack(challenge)
    assert len(text) < 1500
    again = ten_digits.unpack(text)
    assert again.order == challenge.order
    assert [one is None for one in again.drawn] == [one is None for one in challenge.drawn]
    assert ten_digits.pack(again) == text
    assert not any(one.problem for one in again.drawn if one)


@given(st.text(max_size=300))
@example("1" * 5000)
@example("1." * 5000)
@example("-1")
@example("1000000")
@example("٣")
@example("5" + ".x" * 10)
def test_any_text_is_a_challenge_or_a_sentence(text: str) -> None:
    try:
        challenge = ten_digits.unpack(text)
    except LinkError:
        return
    assert len(challenge.drawn) <= 10


@pytest.mark.parametrize("digit", DIGITS)
def test_each_piece_is_a_part_of_the_drawing(digit: int) -> None:
    whole = base64.b64decode(canvas_strokes_of(digit))
    found = ten_digits.pieces(whole)
    assert 3 <= len(found) <= 40
    for piece in found:
        assert piece.pen == 18
        assert piece.without.any()
        assert not np.array_equal(piece.without, drawn_digit(digit).image)


def test_nothing_is_left_out_of_a_dot_or_a_scribble() -> None:
    dot = np.array([18, 1, 1400, 1400], "<i2").tobytes()
    assert ten_digits.pieces(dot) == []
    lines = [np.array([18, 2, 100, 50 * y, 2700, 50 * y], "<i2").tobytes() for y in range(50)]
    assert ten_digits.pieces(b"".join(lines)) == []


def test_the_costliest_strokes_are_left_out_within_a_second() -> None:
    far = np.random.default_rng(0).integers(-32768, 32767, (8, 2400, 2))
    whole = b"".join(np.array([3000, 2400, *one.ravel()], "<i2").tobytes() for one in far)
    begin = time.process_time()
    assert 8 < len(ten_digits.pieces(whole)) <= 8 * 12
    assert time.process_time() - begin < 10


def test_the_bar_that_makes_a_one_a_seven_is_found() -> None:
    """A network that says how much of the ink is a straight line down says which stroke misled."""
    one, bar = [18, 2, 1400, 400, 1400, 2400], [18, 2, 600, 400, 1400, 400]
    found = ten_digits.pieces(np.array([*one, *bar], "<i2").tobytes())
    upright = normalize_ink(strokes.draw_canvas(np.array(one, "<i2").tobytes()))
    alike = np.array([(piece.without == upright).mean() for piece in found], np.float32)
    best = ten_digits.most_misleading(found, alike, before=0.5)
    assert best is not None
    piece, share = best
    assert share > 0.9
    np.testing.assert_allclose(piece.path[:, 1], 40)
    assert ten_digits.most_misleading(found, alike, before=0.99) is None
    assert ten_digits.most_misleading([], np.empty(0, np.float32), before=0.0) is None


@pytest.mark.parametrize(
    ("right", "drawn", "said"),
    [
        (0, 0, "No digit was drawn"),
        (0, 1, "The digit was not read"),
        (1, 1, "The digit was read"),
        (0, 7, "0 of 7 digits were read"),
        (10, 10, "All 10 digits were read"),
    ],
)
def test_the_headline_says_what_was_read(right: int, drawn: int, said: str) -> None:
    assert markup.headline(right, drawn) == said


def test_the_picture_to_share_fits_messengers() -> None:
    digits = [
        ReadDigit(digit, np.zeros((280, 280), np.uint8), "read as 3", digit == 3)
        for digit in range(10)
    ]
    shape = read_picture(markup.picture(digits, "Small CNN")).shape
    assert shape == (630, 1200, 3)
