"""Convolution and pooling against Keras's and OpenCV's, and what they refuse."""

import cv2
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_app.imaging import convolution
from mnist_app.imaging.convolution import PRESETS, ConvolutionError, Padding
from tests.support.handwriting import drawn

SIDES = st.integers(1, 12)
STRIDES = st.integers(1, 6)
PADDINGS = st.sampled_from(["valid", "same"])


def random_image(seed: int, *shape: int) -> convolution.Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def fits(image: convolution.Array, window: tuple[int, int], stride: int, padding: Padding) -> bool:
    try:
        convolution.sliding_window(image.shape[:2], window, stride, padding)
    except ConvolutionError:
        return False
    return True


@settings(max_examples=150)
@given(SIDES, SIDES, st.integers(1, 6), st.integers(1, 6), STRIDES, PADDINGS, st.integers(0, 999))
def test_convolution_is_keras_convolution(
    rows: int, columns: int, height: int, width: int, stride: int, padding: Padding, seed: int
) -> None:
    maps, kernel = random_image(seed, rows, columns, 3), random_image(seed + 1, height, width, 3)
    if not fits(maps, (height, width), stride, padding):
        return
    ours = convolution.partial_maps(maps, kernel, stride, padding)
    assert ours.dtype == np.float32
    theirs = keras.ops.conv(maps[None], kernel[..., None], stride, padding)
    np.testing.assert_allclose(ours.sum(-1), np.asarray(theirs)[0, ..., 0], atol=1e-5)


@settings(max_examples=150)
@given(SIDES, SIDES, st.integers(1, 6), STRIDES, PADDINGS, st.integers(0, 999))
def test_pooling_is_keras_pooling(
    rows: int, columns: int, size: int, stride: int, padding: Padding, seed: int
) -> None:
    image = random_image(seed, rows, columns)
    if not fits(image, (size, size), stride, padding):
        return
    for rule, oracle in (("max", keras.ops.max_pool), ("average", keras.ops.average_pool)):
        ours = convolution.pool(image, size, stride, rule, padding)
        theirs = oracle(image[None, ..., None], size, stride, padding)
        np.testing.assert_allclose(ours, np.asarray(theirs)[0, ..., 0], atol=1e-5)
    subsampled = convolution.pool(image, size, stride, "subsample", padding)
    assert subsampled.shape == ours.shape
    np.testing.assert_array_equal(
        subsampled, image[::stride, ::stride][: ours.shape[0], : ours.shape[1]]
    )


@given(st.integers(5, 30), st.integers(5, 30), st.sampled_from([1, 3, 5]), st.integers(0, 999))
def test_convolution_is_opencv_filter(rows: int, columns: int, side: int, seed: int) -> None:
    image, kernel = random_image(seed, rows, columns), random_image(seed + 1, side, side)
    theirs = cv2.filter2D(image, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)
    np.testing.assert_allclose(
        convolution.convolve(image, kernel, padding="same"), theirs, atol=1e-5
    )


@pytest.mark.parametrize("side", [3, 5])
def test_presets_do_what_opencv_does(side: int) -> None:
    image = drawn(3, 28, 3).astype(np.float32)
    theirs = {
        "Identity": image,
        "Box blur": cv2.blur(image, (side, side), borderType=cv2.BORDER_CONSTANT),
        "Sobel vertical": cv2.Sobel(image, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_CONSTANT),
        "Sobel horizontal": cv2.Sobel(image, cv2.CV_32F, 0, 1, borderType=cv2.BORDER_CONSTANT),
        "Laplacian": cv2.Laplacian(image, cv2.CV_32F, borderType=cv2.BORDER_CONSTANT),
        "Gaussian blur": cv2.GaussianBlur(image, (side, side), 0, borderType=cv2.BORDER_CONSTANT),
    }
    for name, expected in theirs.items():
        kernel = convolution.preset(name, side)
        assert kernel.shape == (side, side)
        ours = convolution.convolve(image, kernel, padding="same")
        np.testing.assert_allclose(ours, expected, atol=1e-3, err_msg=name)


def test_flat_areas_keep_their_brightness_or_vanish() -> None:
    totals = {name: float(PRESETS[name].kernel.sum()) for name in PRESETS}
    edges = {"Sobel vertical", "Sobel horizontal", "Laplacian", "Outline"}
    assert {name: round(total, 5) for name, total in totals.items()} == {
        name: 0 if name in edges else 1 for name in PRESETS
    }


@given(st.integers(-40, 40), st.integers(-40, 40))
def test_shift_moves_every_pixel(down: int, right: int) -> None:
    image = np.arange(1, 785).reshape(28, 28)
    moved = convolution.shift(image, down, right)
    for row, column in ((0, 0), (13, 5), (27, 27)):
        inside = 0 <= row + down < 28 and 0 <= column + right < 28
        if inside:
            assert moved[row + down, column + right] == image[row, column]
    assert not convolution.shift(image, down, 10**12).any()
    assert np.count_nonzero(moved) == max(0, 28 - abs(down)) * max(0, 28 - abs(right))


def test_share_unchanged() -> None:
    before = np.array([[0, 0, 10], [4, 6, 10]], np.float32)
    after = np.array([[0, 0, 9], [0, 6, 5]], np.float32)
    assert convolution.share_unchanged(before, before) == 1
    assert convolution.share_unchanged(before, after) == pytest.approx(2 / 4)
    assert convolution.share_unchanged(before * 0, before * 0) == 1


@pytest.mark.parametrize(
    ("size", "stride", "padding", "sentence"),
    [
        (5, 1, "valid", "The window of 5 × 5 is larger than the image of 4 × 4."),
        (2, 5, "valid", "A stride of 5 is larger than the image of 4 × 4"),
        (2, 5, "same", "A stride of 5 is larger than the image of 4 × 4"),
        (0, 1, "valid", "at least 1 pixel"),
        (2, 0, "valid", "at least 1 pixel"),
    ],
)
def test_what_does_not_fit_is_refused(
    size: int, stride: int, padding: Padding, sentence: str
) -> None:
    with pytest.raises(ConvolutionError, match=sentence):
        convolution.pool(np.zeros((4, 4), np.float32), size, stride, padding=padding)
