"""The same value has the same color, zero is the middle, and color-blind people see it too."""

import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import Scale

VALUES = arrays(np.float32, (3, 4), elements=st.floats(-1e6, 1e6, width=32))

# Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision
# Deficiency (2009), table 1 at severity 1, on linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


@given(VALUES)
def test_zero_is_black_and_signs_keep_their_side(values: np.ndarray) -> None:
    for stretched in (False, True):
        scale = colormap.around_zero(values, stretched=stretched)
        assert scale.low == -scale.high < 0
        indices = scale.indices(values).astype(int)
        assert (indices[values > 0] >= 127).all()
        assert (indices[values < 0] <= 128).all()
        assert scale.paint(np.zeros((1, 1))).max() <= 2


@given(VALUES)
def test_larger_values_never_get_a_lower_place(values: np.ndarray) -> None:
    ordered = np.sort(values.ravel())
    for scale in (
        colormap.fitting(values),
        colormap.around_zero(values, stretched=True),
        colormap.pixels(),
    ):
        assert (np.diff(scale.indices(ordered).astype(int)) >= 0).all()
        ticks = scale.ticks()
        assert ticks == sorted(ticks)
        assert (ticks[0], ticks[-1]) == pytest.approx((scale.low, scale.high))
        assert scale.indices(np.array(ticks)) == pytest.approx([0, 64, 128, 191, 255], abs=1)


def test_sequential_only_where_nothing_is_negative() -> None:
    assert colormap.fitting(np.array([0.0, 2.0])) == Scale("sequential", 0.0, 2.0)
    assert colormap.fitting(np.array([0.0, 2.0]), np.array([-3.0])) == Scale("diverging", -3.0, 3.0)
    assert colormap.fitting(np.zeros(3)) == Scale("sequential", 0.0, 1.0)


def test_indices_are_rounded_and_end_with_the_scale() -> None:
    scale = Scale("gray", 0.0, 255.0)
    values = np.array([-5, 0, 0.4, 0.5, 0.6, 1.5, 2.5, 254.6, 255, 300])
    assert scale.indices(values).tolist() == [0, 0, 0, 0, 1, 2, 2, 255, 255, 255]
    stretched = colormap.around_zero(np.array([8.0]), stretched=True)
    found = stretched.indices(np.array([-8, -1, 0, 1, 8])).tolist()
    assert found == [0, 64, 128, 191, 255]


@given(VALUES)
def test_painting_looks_indices_up_in_the_palette(values: np.ndarray) -> None:
    for scale in (colormap.fitting(values), colormap.pixels()):
        palette = colormap.colors(scale.palette)
        assert np.array_equal(scale.paint(values), palette[scale.indices(values)])


def test_series_have_colors_of_their_own() -> None:
    assert len(set(colormap.SERIES)) == len(colormap.SERIES) >= 7
    assert all(re.fullmatch(r"#[0-9a-f]{6}", color) for color in colormap.SERIES)


def test_pixels_are_as_gray_as_they_are() -> None:
    image = np.arange(256).reshape(16, 16)
    assert (colormap.pixels().paint(image) == image[..., None]).all()


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_color_blind_people_tell_signs_and_sizes_apart(deficiency: str) -> None:
    diverging = as_seen(colormap.colors("diverging"), deficiency)
    for distance in range(32, 128):
        below, above = diverging[127 - distance], diverging[128 + distance]
        assert np.linalg.norm(below - above) > 15, distance
    sequential = as_seen(colormap.colors("sequential"), deficiency)
    assert (np.diff(sequential[::8, 0]) > 0).all()


def as_seen(palette: np.ndarray, deficiency: str) -> np.ndarray:
    """Return colors, (n, 3) RGB, as L*a*b* in the eyes of a color-blind person."""
    linear = (palette / 255) ** 2.2
    seen = np.clip(linear @ np.array(DEFICIENCIES[deficiency]).T, 0, 1) ** (1 / 2.2)
    lab = cv2.cvtColor(seen[None].astype(np.float32), cv2.COLOR_RGB2LAB)
    return np.asarray(lab[0])
