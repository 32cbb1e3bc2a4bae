"""From a drawing to 28x28 pixels: MNIST itself says what is right, and plain NumPy."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_app.data import datasets
from mnist_app.imaging import normalize
from mnist_app.imaging.normalize import Image, Problem
from tests.support.handwriting import DIGITS, drawn
from tests.support.images import difference

TEST_IMAGES = datasets.load_test().images[:1000]
SIDES = st.integers(1, 20)
BACKGROUNDS: list[normalize.Background] = ["black", "unknown"]


def test_mnist_images_are_normalized_to_themselves() -> None:
    """Their makers did the same, so that nothing moves; only a peak of 254 becomes 255."""
    for image in TEST_IMAGES:
        result = normalize.normalize(image, background="black").image
        assert np.abs(result.astype(int) - image).max() <= 1


def test_an_mnist_image_on_the_canvas_is_normalized_to_itself() -> None:
    for image in TEST_IMAGES[:200]:
        canvas = normalize.place_on_canvas(image, 280)
        result = normalize.normalize(canvas, background="black").image
        assert np.abs(result.astype(int) - image).max() <= 1


@pytest.mark.parametrize("number", DIGITS)
def test_place_and_size_on_the_canvas_do_not_matter(number: int) -> None:
    usual = normalize.normalize(drawn(number, 280, 18), background="black").image
    corner = np.zeros((560, 560), np.uint8)
    corner[:280, 280:] = drawn(number, 280, 18)
    assert np.array_equal(normalize.normalize(corner, background="black").image, usual)
    twice = normalize.normalize(drawn(number, 560, 36), background="black").image
    assert difference(twice, usual) < 10  # a width may round to one pixel more


@settings(max_examples=60)
@given(
    hnp.arrays(
        np.uint8,
        st.one_of(
            hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=90),
            st.tuples(st.integers(1, 90), st.integers(1, 90), st.sampled_from([3, 4])),
        ),
    ),
    st.sampled_from(BACKGROUNDS),
)
def test_any_picture_gives_a_complete_result(
    picture: Image, background: normalize.Background
) -> None:
    result = normalize.normalize(picture, background)
    assert result.image.shape == (28, 28)
    assert result.image.dtype == np.uint8
    assert max(result.scaled.shape) in (0, 20)
    assert result.image.sum() == result.scaled.astype(int).sum()
    assert result.ink.shape == result.gray.shape == picture.shape[:2]
    assert not result.ink.any() or result.image.max() == 255


@settings(max_examples=100)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.just(20)), elements=st.integers(1, 255))
)
def test_the_center_of_mass_is_as_near_the_middle_as_it_can(scaled: Image) -> None:
    image = normalize.center_by_mass(scaled)
    assert np.array_equal(normalize.cut(image, normalize.bounding_box(image)), scaled)
    for axis in (0, 1):
        profile = image.astype(int).sum(axis=1 - axis)
        center = (profile * np.arange(28)).sum() / profile.sum()
        start = int(np.flatnonzero(profile)[0])
        at_border = start in (0, 28 - scaled.shape[axis])
        assert abs(center - normalize.CENTER) <= 0.5 + 1e-9 or at_border


def test_scaling_averages_over_areas() -> None:
    crop = np.zeros((40, 20), np.uint8)
    crop[::2] = 200
    crop[0] = crop[1] = 255
    scaled = normalize.scale_into_box(crop)
    assert scaled.shape == (20, 10)
    assert scaled[0, 0] == 255
    assert scaled[5, 5] == 100


@pytest.mark.parametrize("side", [280, 4000])
def test_blank(side: int) -> None:
    for level in (0, 128, 255):
        picture = np.full((side, side), level, np.uint8)
        assert normalize.normalize(picture).problem is Problem.BLANK
    assert normalize.normalize(np.zeros((side, side), np.uint8), "black").problem is Problem.BLANK


def test_one_pixel_and_a_line_of_pixels() -> None:
    for shape in ((1, 1), (1, 9), (9, 1)):
        assert normalize.normalize(np.full(shape, 200, np.uint8)).problem is Problem.TOO_SMALL
    assert normalize.normalize(np.zeros((1, 3000), np.uint8)).problem is Problem.BLANK


def test_a_dot() -> None:
    for radius in (4, 9, 18):
        picture = cv2.circle(np.zeros((280, 280), np.uint8), (200, 60), radius, 255, -1)
        assert normalize.normalize(picture, "black").problem is Problem.DOT


def test_ink_all_over() -> None:
    assert normalize.normalize(np.full((280, 280), 255, np.uint8), "black").problem is Problem.FULL
    picture = cv2.rectangle(np.zeros((280, 280), np.uint8), (20, 20), (260, 260), 255, -1)
    assert normalize.normalize(picture, "black").problem is Problem.FULL


def test_two_digits_side_by_side() -> None:
    for left, right in ((1, 2), (8, 3), (7, 7), (0, 1)):
        pair = np.hstack([drawn(left), drawn(right)])
        pair = cv2.resize(pair, (280, 140), interpolation=cv2.INTER_AREA)
        assert normalize.normalize(pair, "black").problem is Problem.SEVERAL
        assert normalize.normalize(255 - pair).problem is Problem.SEVERAL
        assert normalize.normalize(pair.T.copy(), "black").problem is Problem.SEVERAL


@pytest.mark.parametrize("pen", [8, 18, 28, 36])
def test_a_digit_in_one_or_two_strokes_is_one_digit(pen: int) -> None:
    for number in DIGITS:
        assert normalize.normalize(drawn(number, 280, pen), "black").problem is None


def test_hardly_any_mnist_image_is_a_problem() -> None:
    problems = [normalize.normalize(image, "black").problem is not None for image in TEST_IMAGES]
    assert np.mean(problems) < 0.002


def test_a_huge_picture_is_reduced_and_read_as_usual() -> None:
    huge = cv2.resize(255 - drawn(3), (4000, 4000), interpolation=cv2.INTER_LINEAR)
    result = normalize.normalize(huge)
    assert result.gray.shape == (1024, 1024)
    assert result.problem is None
    usual = normalize.normalize(drawn(3), "black").image
    assert np.abs(result.image.astype(int) - usual).mean() < 6


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((28, 28), np.float32),
        np.zeros((28, 28, 2), np.uint8),
        np.zeros(784, np.uint8),
        np.zeros((0, 28), np.uint8),
    ],
)
def test_other_arrays_are_refused(picture: Image) -> None:
    with pytest.raises(ValueError, match="picture"):
        normalize.normalize(picture)
