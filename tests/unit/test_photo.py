"""Ink on photographs and scans: light, noise and dust do not count."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_app.imaging import photo
from mnist_app.imaging.normalize import Image, normalize
from tests.support.handwriting import DIGITS, drawn
from tests.support.images import difference


def photographed(ink: Image, seed: int = 0) -> Image:
    """Return dark ink on paper that is lit from one corner, with noise."""
    light = cv2.resize(np.array([[250.0, 190.0], [220.0, 150.0]]), ink.shape[::-1])
    noise = np.random.default_rng(seed).normal(0, 3, ink.shape)
    return np.clip(light * (1 - 0.75 * (ink / 255.0)) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("number", DIGITS)
def test_every_kind_of_picture_leads_to_the_same_digit(number: int) -> None:
    ink = drawn(number, 400, 26)
    usual = normalize(ink, background="black").image
    opaque = np.full_like(ink, 255)
    pictures = {
        "inverted": 255 - ink,
        "rgb": np.dstack([255 - ink] * 3),
        "light ink, rgba": np.dstack([ink, ink, ink, opaque]),
        "dark ink, transparent paper": np.dstack([np.zeros_like(ink)] * 3 + [ink]),
        "light ink, transparent paper": np.dstack([opaque] * 3 + [ink]),
        "uneven light": photographed(ink),
        "uneven light, light ink": 255 - photographed(ink),
    }
    for name, picture in pictures.items():
        result = normalize(picture)
        assert result.problem is None, name
        assert difference(result.image, usual) < 8, name


@pytest.mark.parametrize("size", [2, 5, 9])
def test_dust_is_removed_and_ink_stays(size: int) -> None:
    clean = drawn(5, 400, 26)
    dusty = clean.copy()
    for x, y in ((20, 30), (370, 60), (40, 380), (350, 350)):
        dusty[y : y + size, x : x + size] = 255
    assert np.array_equal(photo.find_ink(255 - dusty), photo.find_ink(255 - clean))


def test_a_second_stroke_is_no_dust() -> None:
    ink = photo.find_ink(255 - drawn(4, 400, 26))
    count, _ = cv2.connectedComponents((drawn(4, 400, 26) > 127).astype(np.uint8))
    found, _ = cv2.connectedComponents((ink > 127).astype(np.uint8))
    assert found == count


@pytest.mark.parametrize("contrast", [0, 1, photo.LOWEST_CONTRAST - 1])
def test_paper_alone_has_no_ink(contrast: int) -> None:
    light = np.linspace(200, 200 + contrast, 300).astype(np.uint8)
    paper = np.tile(light, (200, 1))
    assert not photo.find_ink(paper).any()
    assert not photo.find_ink(255 - paper).any()


def test_a_shadow_without_ink_has_no_ink() -> None:
    blank = photographed(np.zeros((400, 400), np.uint8))
    assert not photo.find_ink(blank).any()


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=60)))
def test_any_picture_gives_ink_of_its_own_shape(gray: Image) -> None:
    before = gray.copy()
    ink = photo.find_ink(gray)
    assert ink.shape == gray.shape
    assert ink.dtype == np.uint8
    assert np.array_equal(gray, before)


@given(st.integers(0, 255), st.integers(0, 255))
def test_two_gray_levels_are_ink_where_they_differ_enough(paper: int, pen: int) -> None:
    gray = np.full((60, 60), paper, np.uint8)
    gray[20:40, 25:35] = pen
    expected = np.zeros_like(gray)
    if abs(paper - pen) >= photo.LOWEST_CONTRAST:
        expected[20:40, 25:35] = 255
    assert np.array_equal(photo.find_ink(gray), expected)
