"""Convolution and pooling on plain arrays: a window walks over an image, step by step.

What deep learning calls convolution is cross-correlation: the kernel is not flipped. Keras's
Conv2D and OpenCV's filter2D do the same.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Padding = Literal["valid", "same"]
PoolingRule = Literal["max", "average", "subsample"]
PADDINGS: tuple[Padding, ...] = get_args(Padding)
RULES: tuple[PoolingRule, ...] = get_args(PoolingRule)

# A kernel's entries beyond this say nothing more, and overflow sooner or later.
LARGEST_ENTRY = 1000.0
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class ConvolutionError(ValueError):
    """A window, stride or kernel that cannot be used; the message is a sentence for the person."""


@dataclass(frozen=True)
class Walk:
    """How a window walks over an image. All lengths are (rows, columns) in pixels."""

    window: tuple[int, int]
    stride: int
    before: tuple[int, int]
    """The padding above and to the left of the image."""
    after: tuple[int, int]
    """The padding below and to the right of it."""
    steps: tuple[int, int]
    """How many places the window stops at: the size of the output."""


def shape(image: Array) -> tuple[int, int]:
    """Return the rows and columns of a 2-D array."""
    rows, columns = image.shape
    return rows, columns


def walk(image: tuple[int, int], window: tuple[int, int], stride: int, padding: Padding) -> Walk:
    """Return how `window` walks over an image of shape `image`, both (rows, columns).

    "valid" stays inside the image; "same" adds padding so that a stride of 1 keeps its size:
    https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2. Raises ConvolutionError when
    the window or the stride is larger than the image or smaller than 1.
    """
    _refuse_what_does_not_fit(image, window, stride, padding)
    if padding == "valid":
        rows, columns = ((image[axis] - window[axis]) // stride + 1 for axis in (0, 1))
        return Walk(window, stride, (0, 0), (0, 0), (rows, columns))
    rows, columns = (-(-image[axis] // stride) for axis in (0, 1))
    missing = [
        max(0, (steps - 1) * stride + window[axis] - image[axis])
        for axis, steps in enumerate((rows, columns))
    ]
    before = (missing[0] // 2, missing[1] // 2)
    after = (missing[0] - before[0], missing[1] - before[1])
    return Walk(window, stride, before, after, (rows, columns))


def convolve(
    image: Array, kernel: Array, stride: int = 1, padding: Padding = "valid", bias: float = 0.0
) -> Array:
    """Return the kernel's weighted sums over an image, float32 of the walk's shape.

    `image` (rows, columns) and `kernel` (rows, columns) are float32; padding counts as 0. Raises
    ConvolutionError when the kernel or the stride is larger than the image.
    """
    steps = walk(shape(image), shape(kernel), stride, padding)
    sums = np.einsum("yxij,ij->yx", _windows(image, steps, filling=0.0), kernel, dtype=np.float64)
    return np.asarray(sums + bias, dtype=np.float32)


def partial_maps(maps: Array, kernel: Array, stride: int = 1, padding: Padding = "valid") -> Array:
    """Return what each input map brings to one map of the next convolution.

    `maps` has shape (rows, columns, channels), `kernel` (rows, columns, channels); so has the
    result, whose sum over the channels plus the bias is the map. Raises ConvolutionError as `convolve`.
    """
    channels = range(maps.shape[2])
    parts = [convolve(maps[..., c], kernel[..., c], stride, padding) for c in channels]
    return np.stack(parts, axis=-1)


def pool(
    image: Array,
    size: int,
    stride: int,
    rule: PoolingRule = "max",
    padding: Padding = "valid",
) -> Array:
    """Return one value a window: its maximum, its average, or its first pixel ("subsample").

    `image` is float32 (rows, columns); padding does not take part. "subsample" keeps each
    `stride`-th pixel and looks at no other. Raises ConvolutionError when window or stride is larger
    than the image.
    """
    steps = walk(shape(image), (size, size), stride, padding)
    if rule == "subsample":
        return image[::stride, ::stride][: steps.steps[0], : steps.steps[1]]
    windows = _windows(image, steps, filling=np.nan)
    summary = np.nanmax if rule == "max" else np.nanmean
    return np.asarray(summary(windows, axis=(2, 3)), dtype=np.float32)


def shift(image: NDArray[Any], down: int, right: int) -> NDArray[Any]:
    """Return an image (rows, columns, ...) moved by whole pixels; what comes in is 0."""
    rows, columns = image.shape[:2]
    down, right = min(max(down, -rows), rows), min(max(right, -columns), columns)
    margin = max(abs(down), abs(right))
    edges = [(margin, margin), (margin, margin)] + [(0, 0)] * (image.ndim - 2)
    top, left = margin - down, margin - right
    return np.pad(image, edges)[top : top + rows, left : left + columns]


def share_that_stays(before: Array, after: Array, tolerance: float = 0.1) -> float:
    """Return the share, 0 to 1, of values that differ by at most `tolerance` of the largest.

    Counted where either array has a value other than 0: empty paper always stays. Two empty
    arrays give 1.
    """
    counted = (before != 0) | (after != 0)
    if not counted.any():
        return 1.0
    largest = max(np.abs(before).max(), np.abs(after).max())
    return float((np.abs(before - after) <= tolerance * largest)[counted].mean())


def share_surviving_shift(image: Array, size: int, stride: int, rule: PoolingRule) -> float:
    """Return the share, 0 to 1, of pooled values that stay when the image moves by one pixel.

    The mean over left, right, up and down; see `share_that_stays`. A size and stride of 1 say how
    much stays without pooling.
    """
    pooled = pool(image, size, stride, rule)
    moved = [shift(image, down, right) for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0))]
    shares = [share_that_stays(pooled, pool(one, size, stride, rule)) for one in moved]
    return sum(shares) / len(shares)


def read_kernel(rows: list[list[str]]) -> Array:
    """Return a kernel typed by a person, float32 (rows, columns). A decimal comma is a point.

    Raises ConvolutionError for an entry that is empty, no number, or beyond 1000 either way.
    """
    return np.array(
        [
            [_read_entry(text, row, column) for column, text in enumerate(texts, start=1)]
            for row, texts in enumerate(rows, start=1)
        ],
        np.float32,
    )


@dataclass(frozen=True)
class Preset:
    """A well-known kernel."""

    kernel: Array
    """Shape (3, 3), float32."""
    sentence: str
    """What it does, for the newcomer."""


def _preset(rows: list[list[float]], divisor: float, sentence: str) -> Preset:
    return Preset(np.array(rows, np.float32) / np.float32(divisor), sentence)


# The matrices stand in any textbook on image processing, and in
# https://en.wikipedia.org/wiki/Kernel_(image_processing).
PRESETS = {
    "Sobel vertical": _preset(
        [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        1,
        "Finds vertical edges: positive where the image gets brighter to the right, negative "
        "where it gets darker.",
    ),
    "Sobel horizontal": _preset(
        [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
        1,
        "Finds horizontal edges: positive where the image gets brighter downwards, negative "
        "where it gets darker.",
    ),
    "Identity": _preset(
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        1,
        "Interventions nothing: each pixel counts once, its neighbors not at all.",
    ),
    "Box blur": _preset(
        [[1, 1, 1], [1, 1, 1], [1, 1, 1]], 9, "Blurs: each pixel becomes its window's average."
    ),
    "Gaussian blur": _preset(
        [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
        16,
        "Blurs more gently: the middle counts most, the corners least.",
    ),
    "Sharpen": _preset(
        [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        1,
        "Sharpens: adds to each pixel what sets it apart from its four neighbors.",
    ),
    "Laplacian": _preset(
        [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        1,
        "Finds edges of any direction: the four neighbors against the middle.",
    ),
    "Emboss": _preset(
        [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
        1,
        "Lights the digit from one corner, as if it were pressed into metal.",
    ),
    "Outline": _preset(
        [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
        1,
        "Draws the outline: flat areas, black or white, give 0.",
    ),
}


def preset(name: str, side: int) -> Array:
    """Return the preset `name` as a kernel of `side` 3 or 5, float32 (side, side).

    Blurs fill the larger window, the others stand in its middle. Raises KeyError for an unknown
    name.
    """
    small = PRESETS[name].kernel
    if side == 3:
        return small
    framed = np.pad(small, 1)
    if name == "Box blur":
        return np.full((5, 5), 1 / 25, np.float32)
    return convolve(framed, small, padding="same") if name == "Gaussian blur" else framed


def _refuse_what_does_not_fit(
    image: tuple[int, int], window: tuple[int, int], stride: int, padding: Padding
) -> None:
    if min(*window, stride) < 1:
        raise ConvolutionError("A window and a stride are at least 1 pixel.")
    size = f"{image[0]} × {image[1]}"
    if stride > min(image):
        raise ConvolutionError(
            f"A stride of {stride} is larger than the image of {size}: the window would not "
            "take a single step. Choose a smaller stride."
        )
    if padding == "valid" and (window[0] > image[0] or window[1] > image[1]):
        raise ConvolutionError(
            f"The window of {window[0]} × {window[1]} is larger than the image of {size}. "
            "Choose a smaller window."
        )


def _windows(image: Array, steps: Walk, filling: float) -> Array:
    """Return what the window sees at each stop: (steps down, steps across, rows, columns)."""
    padding = list(zip(steps.before, steps.after, strict=True))
    padded = np.pad(image, padding, constant_values=filling)
    views = np.lib.stride_tricks.sliding_window_view(padded, steps.window)
    return views[:: steps.stride, :: steps.stride][: steps.steps[0], : steps.steps[1]]


def _read_entry(text: str, row: int, column: int) -> float:
    place = f"Row {row}, column {column}"
    if not text.strip():
        raise ConvolutionError(f"{place} is empty. Type a number, for instance 0.")
    plain = text.strip().replace(",", ".").replace("−", "-")
    if not NUMBER.fullmatch(plain):
        raise ConvolutionError(f"{place}: “{text[:12]}” is not a number. Type one, such as -1.5.")
    value = float(plain)
    if not abs(value) <= LARGEST_ENTRY:
        raise ConvolutionError(
            f"{place}: {text[:12]} is too large. Use numbers from -1000 to 1000."
        )
    return value
