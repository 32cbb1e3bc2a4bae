"""Corrupted digits, against NumPy's own shifts and turns."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.data import datasets
from mnist_app.imaging import corruptions
from mnist_app.imaging.corruptions import CORRUPTIONS

IMAGES = datasets.load_test().images
DIGIT = IMAGES[0]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_neutral_strength_changes_nothing(name: str) -> None:
    corruption = CORRUPTIONS[name]
    same = corruption.apply(DIGIT, corruption.neutral)
    assert np.array_equal(same, DIGIT)
    assert not np.shares_memory(same, DIGIT)
    assert corruption.neutral in corruption.strengths


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_other_strength_changes_the_digit(name: str) -> None:
    corruption = CORRUPTIONS[name]
    inked = np.roll(DIGIT, -7, axis=0)  # up to its first row, so that hiding any row changes it
    for strength in corruption.strengths:
        changed = not np.array_equal(corruption.apply(inked, strength), inked)
        assert changed == (strength != corruption.neutral)


@given(st.sampled_from(sorted(CORRUPTIONS)), st.floats(0, 1), st.integers(0, 9_999))
def test_any_strength_gives_an_image(name: str, share: float, index: int) -> None:
    corruption = CORRUPTIONS[name]
    first, last = corruption.strengths[0], corruption.strengths[-1]
    strength = first + share * (last - first)
    image = IMAGES[index]
    before = image.copy()
    corrupted = corruption.apply(image, strength)
    assert corrupted.shape == (28, 28)
    assert corrupted.dtype == np.uint8
    assert np.array_equal(image, before)
    assert np.array_equal(corruption.apply(image, strength), corrupted)  # the same at each call


def test_whole_pixels_are_moved_as_they_are() -> None:
    moved = corruptions.shift(DIGIT, 3)
    assert np.array_equal(moved[:, 3:], DIGIT[:, :-3])
    assert not moved[:, :3].any()


def test_a_quarter_turn_is_counterclockwise() -> None:
    assert np.array_equal(corruptions.turn(DIGIT, 90), np.rot90(DIGIT))


def test_half_the_size_stays_in_the_middle() -> None:
    square = np.zeros((28, 28), np.uint8)
    square[4:24, 4:24] = 255
    x, y, width, height = cv2.boundingRect((corruptions.scale(square, 50) > 127).astype(np.uint8))
    assert (x, y, width, height) == (9, 9, 10, 10)


@pytest.mark.parametrize("pixels", [-2, -1, 1, 2, 4])
def test_a_line_is_wider_by_so_many_pixels(pixels: int) -> None:
    line = np.zeros((28, 28), np.uint8)
    line[:, 12:16] = 255
    changed = corruptions.change_pen(line, pixels)
    assert changed[14].sum() / 255 == pytest.approx(4 + pixels, abs=0.35)


def test_noise_is_as_strong_as_asked_and_differs_by_image() -> None:
    gray = np.full((40, 28, 28), 128, np.uint8)
    noisy = corruptions.apply_to_all(gray, CORRUPTIONS["noise"], 30)
    assert noisy.astype(float).std() == pytest.approx(30, rel=0.03)
    assert not np.array_equal(noisy[0], noisy[1])


def test_a_blur_spreads_a_point_as_a_bell_and_loses_no_ink() -> None:
    point = np.zeros((28, 28), np.uint8)
    point[14, 14] = 255
    blurred = corruptions.blur(point, 1.5).astype(float)
    rows, columns = np.indices(point.shape) - 14
    bell = np.exp(-(rows**2 + columns**2) / (2 * 1.5**2))
    assert np.abs(blurred - 255 * bell / bell.sum()).max() < 1
    assert corruptions.blur(DIGIT, 2).sum() == pytest.approx(DIGIT.sum(), rel=0.02)


@given(st.floats(0, 90))
def test_contrast_is_lower_by_so_many_percent(percent: float) -> None:
    pale = corruptions.lower_contrast(DIGIT, percent).astype(int)
    assert np.ptp(pale) == pytest.approx(255 * (1 - percent / 100), abs=1)
    assert pale.max() + pale.min() == pytest.approx(255, abs=1)


def test_occluded_rows_are_black_and_the_others_stay() -> None:
    occluded = corruptions.occlude(DIGIT, 10)
    assert not occluded[:10].any()
    assert np.array_equal(occluded[10:], DIGIT[10:])
    assert DIGIT[:10].any()
