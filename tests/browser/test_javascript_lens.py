"""The lens's arithmetic and places, computed in a real browser, against NumPy."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import reduce
from operator import add

import numpy as np
import pytest
from playwright.sync_api import Browser

from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.convolution import Array, Padding, SlidingWindow
from mnist_app.networks.layers import activate
from tests.support.javascript import Script, as_shown

RANDOM = np.random.default_rng(7)


@pytest.fixture(scope="module")
def lens(browser: Browser) -> Iterator[Script]:
    page = browser.new_page()
    yield Script(page, "lens")
    page.close()


@pytest.fixture(scope="module")
def kernel_element(browser: Browser) -> Iterator[Script]:
    page = browser.new_page()
    yield Script(page, "sliding_kernel")
    page.close()


def grid_of(values: Array) -> dict[str, object]:
    rows, columns = values.shape
    return {"rows": rows, "columns": columns, "values": values.astype(float).ravel().tolist()}


def sliding(window: SlidingWindow) -> dict[str, object]:
    """Return what the lens is told about a window."""
    return {
        "window": window.size,
        "stride": window.stride,
        "before": window.padding_before,
        "after": window.padding_after,
    }


def seen(lens: Script, image: Array, window: SlidingWindow) -> list[list[float | None]]:
    """Return what the lens sees at each of the window's places; None is padding."""
    rows, columns = window.output_shape
    given = grid_of(image), sliding(window)
    at = [(row, column) for row in range(rows) for column in range(columns)]
    places = lens.each("windowPlaces", [(*given, *place) for place in at])
    flat = image.astype(float).ravel().tolist()
    return [[None if place is None else flat[place] for place in one] for one in places]


WINDOWS: list[tuple[int, int, Padding]] = [
    (3, 1, "valid"),
    (3, 2, "same"),
    (5, 1, "same"),
    (2, 3, "valid"),
    (4, 3, "same"),
]


@pytest.mark.parametrize(("side", "stride", "padding"), WINDOWS)
def test_lens_computes_the_convolution_of_numpy(
    lens: Script, side: int, stride: int, padding: Padding
) -> None:
    image = RANDOM.normal(0, 10, (9, 12)).astype(np.float32)
    kernel = RANDOM.normal(0, 1, (side, side)).astype(np.float32)
    window = convolution.sliding_window((9, 12), (side, side), stride, padding)
    expected = convolution.convolve(image, kernel, stride, padding)
    weights = kernel.astype(float).ravel().tolist()
    values = seen(lens, image, window)
    assert any(None in one for one in values) == (padding == "same")
    products = lens.each("productsOf", [(one, weights) for one in values])
    for one, product in zip(values, products, strict=True):
        assert product == [
            (value or 0.0) * weight for value, weight in zip(one, weights, strict=True)
        ]
    sums = [reduce(add, product) for product in products]
    np.testing.assert_allclose(sums, expected.ravel(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("side", "stride", "padding"), WINDOWS)
def test_the_whole_output_is_computed_as_in_numpy(
    kernel_element: Script, side: int, stride: int, padding: Padding
) -> None:
    image = RANDOM.normal(0, 10, (9, 12)).astype(np.float32)
    image[RANDOM.random(image.shape) < 0.3] = 0
    kernel = RANDOM.normal(0, 1, (side, side)).astype(np.float32)
    window = convolution.sliding_window((9, 12), (side, side), stride, padding)
    rows, columns = window.output_shape
    how = kernel_element.call("slidingWindow", grid_of(image), side, stride, padding)
    assert how == {
        "window": list(window.size),
        "stride": stride,
        "before": list(window.padding_before),
        "after": list(window.padding_after),
        "rows": rows,
        "columns": columns,
    }
    sums = convolution.convolve(image, kernel, stride, padding, 0.5)
    weights = kernel.astype(float).ravel().tolist()
    for function in ("", "relu", "tanh", "sigmoid", "scaled_tanh"):
        given = {"weights": weights, "bias": 0.5, "activation": function}
        found = kernel_element.call("convolved", grid_of(image), how, given, how)
        np.testing.assert_allclose(found, activate(function, sums).ravel(), rtol=1e-5, atol=1e-5)


def test_the_result_is_an_image_or_has_a_scale_around_zero(kernel_element: Script) -> None:
    some, other = RANDOM.normal(0, 9, 50).astype(np.float32), abs(RANDOM.normal(0, 300, 50))
    expected = [
        (some, colormap.around_zero(some)),
        (other, colormap.around_zero(other)),
        (other.clip(0, 255), pixels()),
    ]
    for values, scale in expected:
        found = kernel_element.call("scaleOfResult", np.asarray(values, float).tolist())
        assert {"stretched": False} | found == asdict(scale)


def test_the_network_s_sum_is_said_in_words(kernel_element: Script) -> None:
    said = [
        ([1, -2, 0, 4], 0.25, True, "ReLU", "1 − 2 + 4", " = 3 + 0.250 (bias) → ReLU → "),
        ([-1.5, 0.0], -1, True, "", "−1.50", " = −1.500 − 1 (bias) = "),
        ([0.0, 0.0], 0, False, "tanh", "0", " = 0 → tanh → "),
        ([2.0], 0, False, "", "2", " = "),
    ]
    for products, bias, has_bias, activation, terms, steps in said:
        kernel = {"hasBias": has_bias, "activation": activation}
        assert kernel_element.call("termsInWords", products) == terms
        assert kernel_element.call("stepsInWords", products, kernel, bias) == steps
    many = kernel_element.call("termsInWords", [1.0] * 12)
    assert many == " + ".join(["1"] * 9) + " + …"


def test_lens_says_sum_and_bias(lens: Script) -> None:
    values = RANDOM.normal(0, 2, (20, 9)).tolist()
    for bias in (None, 0.25, -1.5, 0.0):
        said = lens.each(
            "stepsOf", [({"rule": "convolution", "bias": bias}, one, one) for one in values]
        )
        for one, text in zip(values, said, strict=True):
            if bias is None:
                assert text == "sum"
                continue
            sign = "−" if bias < 0 else "+"
            total = reduce(add, one)
            assert text == f"sum {as_shown(total, 1)} {sign} bias {as_shown(abs(bias), 1)}"


@pytest.mark.parametrize(("side", "stride", "padding"), WINDOWS)
def test_lens_finds_the_pooled_values_of_numpy(
    lens: Script, side: int, stride: int, padding: Padding
) -> None:
    image = RANDOM.integers(-9, 0, (9, 12)).astype(np.float32)
    window = convolution.sliding_window((9, 12), (side, side), stride, padding)
    values = seen(lens, image, window)
    largest = lens.each("winnerOf", [(one, "max") for one in values])
    found = [one[place] for one, place in zip(values, largest, strict=True)]
    assert found == convolution.pool(image, side, stride, "max", padding).ravel().tolist()
    averages = convolution.pool(image, side, stride, "average", padding).ravel().tolist()
    said = lens.each("stepsOf", [({"rule": "average"}, one, []) for one in values])
    for one, average, text in zip(values, averages, said, strict=True):
        inside = [value for value in one if value is not None]
        assert text == f"mean of {len(inside)}"
        assert np.mean(inside) == pytest.approx(average, abs=1e-5)
    assert set(lens.each("winnerOf", [(one, "average") for one in values])) == {-1}
    if padding == "valid":
        first = lens.each("winnerOf", [(one, "subsample") for one in values])
        found = [one[place] for one, place in zip(values, first, strict=True)]
        assert found == convolution.pool(image, side, stride, "subsample").ravel().tolist()
    words = lens.each("stepsOf", [({"rule": rule}, values[0], []) for rule in ("max", "subsample")])
    assert words == ["largest", "first pixel"]


@pytest.mark.parametrize(("side", "stride", "padding"), WINDOWS)
def test_pointer_on_the_input_moves_the_nearest_window_there(
    lens: Script, side: int, stride: int, padding: Padding
) -> None:
    image = np.zeros((9, 12), np.float32)
    window = convolution.sliding_window((9, 12), (side, side), stride, padding)
    lengths = np.add((9, 12), np.add(window.padding_before, window.padding_after))
    pointers = RANDOM.random((200, 2))
    found = lens.each(
        "windowUnder", [(*one, grid_of(image), sliding(window)) for one in pointers.tolist()]
    )
    for axis in (0, 1):
        places = np.arange(-2, 20)
        middles = places * stride + side / 2
        distances = abs(pointers[:, axis, None] * lengths[axis] - middles)
        assert [one[axis] for one in found] == places[distances.argmin(axis=1)].tolist()


def test_pointer_on_the_output_is_on_the_value_under_it(lens: Script) -> None:
    output = grid_of(np.zeros((7, 11), np.float32))
    at = [(row, column) for row in range(7) for column in range(11)]
    for share in (0.01, 0.99):
        pointers = [((row + share) / 7, (column + 1 - share) / 11, output) for row, column in at]
        assert lens.each("valueUnder", pointers) == [list(place) for place in at]


def test_lens_starts_at_the_value_farthest_from_zero(lens: Script) -> None:
    for _ in range(20):
        values = RANDOM.normal(0, 1, (6, 9)).astype(np.float32)
        place = np.unravel_index(abs(values).argmax(), values.shape)
        assert lens.call("largestIn", grid_of(values)) == [int(one) for one in place]
