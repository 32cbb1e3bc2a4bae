"""Convolution and pooling on plain arrays: a window slides over an image, step by step.

What deep learning calls convolution is cross-correlation: the kernel is not flipped. Keras's
Conv2D and OpenCV's filter2D do the same.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Kernel = tuple[Array, float]
"""A kernel, float32 (rows, columns), and its bias."""
Padding = Literal["valid", "same"]
PoolingRule = Literal["max", "average", "subsample"]
PADDINGS: tuple[Padding, ...] = get_args(Padding)
RULES: tuple[PoolingRule, ...] = get_args(PoolingRule)

SIDES = (3, 5)
"""Of the well-known kernels."""
LARGEST_STRIDE = 6

# Larger kernel entries show nothing new, and overflow sooner or later.
LARGEST_ENTRY = 1000.0


class ConvolutionError(ValueError):
    """A window, stride or kernel that cannot be used; the message is a sentence for the person."""


@dataclass(frozen=True)
class SlidingWindow:
    """How a window slides over an image. All lengths are in pixels."""

    size: tuple[int, int]
    """Rows and columns of the window."""
    stride: int
    """How far it moves at each step, both down and to the right."""
    padding_before: tuple[int, int]
    """Rows of padding above the image, columns to its left."""
    padding_after: tuple[int, int]
    """Rows of padding below the image, columns to its right."""
    output_shape: tuple[int, int]
    """Rows and columns of the output: how many places the window stops at."""


def shape(image: Array) -> tuple[int, int]:
    """Return the rows and columns of a 2-D array."""
    rows, columns = image.shape
    return rows, columns


def sliding_window(
    image: tuple[int, int], size: tuple[int, int], stride: int, padding: Padding
) -> SlidingWindow:
    """Return how a window of `size` slides over an image of shape `image`, both (rows, columns).

    "valid" stays inside the image; "same" adds padding so that a stride of 1 keeps its size:
    https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2. Raises ConvolutionError
    when the window or the stride is larger than the image or smaller than 1.
    """
    _check_that_it_fits(image, size, stride, padding)
    if padding == "valid":
        rows, columns = ((image[axis] - size[axis]) // stride + 1 for axis in (0, 1))
        return SlidingWindow(size, stride, (0, 0), (0, 0), (rows, columns))
    rows, columns = (-(-image[axis] // stride) for axis in (0, 1))
    missing = [
        max(0, (steps - 1) * stride + size[axis] - image[axis])
        for axis, steps in enumerate((rows, columns))
    ]
    before = (missing[0] // 2, missing[1] // 2)
    after = (missing[0] - before[0], missing[1] - before[1])
    return SlidingWindow(size, stride, before, after, (rows, columns))


def convolve(
    image: Array, kernel: Array, stride: int = 1, padding: Padding = "valid", bias: float = 0.0
) -> Array:
    """Return the kernel's weighted sums over an image, float32 (rows, columns) of the output.

    `image` (rows, columns) and `kernel` (rows, columns) are float32; padding counts as 0. Raises
    ConvolutionError when the kernel or the stride is larger than the image.
    """
    window = sliding_window(shape(image), shape(kernel), stride, padding)
    views = _views(image, window, filling=0.0)
    sums = np.einsum("yxij,ij->yx", views, kernel, dtype=np.float64)
    return np.asarray(sums + bias, dtype=np.float32)


def partial_maps(maps: Array, kernel: Array, stride: int = 1, padding: Padding = "valid") -> Array:
    """Return what each input map adds to one map of the next convolution.

    `maps` and `kernel` are float32 (rows, columns, channels), and so is the result: its sum over
    the channels plus the bias is the map. Raises ConvolutionError as `convolve` does.
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
    """Return one value for each window: its maximum, its average or its first pixel.

    `image` is float32 (rows, columns); padding is left out of maximum and average. "subsample"
    keeps every `stride`-th pixel and looks at no other. Raises ConvolutionError when the window
    or the stride is larger than the image.
    """
    window = sliding_window(shape(image), (size, size), stride, padding)
    if rule == "subsample":
        rows, columns = window.output_shape
        return image[::stride, ::stride][:rows, :columns]
    summary = np.nanmax if rule == "max" else np.nanmean
    views = _views(image, window, filling=np.nan)
    return np.asarray(summary(views, axis=(2, 3)), dtype=np.float32)


def shift(image: NDArray[Any], down: int, right: int) -> NDArray[Any]:
    """Return an image (rows, columns, ...) moved by whole pixels; what moves in is 0."""
    rows, columns = image.shape[:2]
    down, right = min(max(down, -rows), rows), min(max(right, -columns), columns)
    margin = max(abs(down), abs(right))
    edges = [(margin, margin), (margin, margin)] + [(0, 0)] * (image.ndim - 2)
    top, left = margin - down, margin - right
    return np.pad(image, edges)[top : top + rows, left : left + columns]


def share_unchanged(before: Array, after: Array, tolerance: float = 0.1) -> float:
    """Return the share, 0 to 1, of values that differ by at most `tolerance` of the largest.

    Only places where either array is not 0 count, because an empty background never changes. Two
    empty arrays give 1.
    """
    counted = (before != 0) | (after != 0)
    if not counted.any():
        return 1.0
    largest = max(np.abs(before).max(), np.abs(after).max())
    return float((np.abs(before - after) <= tolerance * largest)[counted].mean())


def share_unchanged_by_shift(image: Array, size: int, stride: int, rule: PoolingRule) -> float:
    """Return the share, 0 to 1, of pooled values that stay when the image moves by one pixel.

    The mean over left, right, up and down; see `share_unchanged`. With a size and stride of 1 it
    says how much stays without pooling.
    """
    pooled = pool(image, size, stride, rule)
    moved = [shift(image, down, right) for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0))]
    shares = [share_unchanged(pooled, pool(one, size, stride, rule)) for one in moved]
    return sum(shares) / len(shares)


@dataclass(frozen=True)
class KernelChoice:
    """Which kernel slides over an image, and how."""

    preset: str = "Sobel vertical"
    """The name of a well-known kernel."""
    side: int = 3
    """Its side in pixels."""
    stride: int = 1
    padding: Padding = "valid"
    learned: int | None = None
    """The number of a learned kernel that takes its place, with a stride and padding of its own."""


@dataclass(frozen=True)
class Preset:
    """A well-known kernel."""

    kernel: Array
    """Shape (3, 3), float32."""
    sentence: str
    """What it does, for the newcomer."""


def _preset(rows: list[list[float]], divisor: float, sentence: str) -> Preset:
    return Preset(np.array(rows, np.float32) / np.float32(divisor), sentence)


# Found in any textbook on image processing, and in
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
        "Changes nothing: each pixel counts once, its neighbors not at all.",
    ),
    "Box blur": _preset(
        [[1, 1, 1], [1, 1, 1], [1, 1, 1]], 9, "Blurs: each pixel becomes the average of its window."
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


def _check_that_it_fits(
    image: tuple[int, int], window: tuple[int, int], stride: int, padding: Padding
) -> None:
    if min(*window, stride) < 1:
        raise ConvolutionError("The window and the stride must be at least 1 pixel.")
    size = f"{image[0]} × {image[1]}"
    if stride > min(image):
        raise ConvolutionError(
            f"A stride of {stride} is larger than the image of {size}, so the window could not "
            "take a single step. Choose a smaller stride."
        )
    if padding == "valid" and (window[0] > image[0] or window[1] > image[1]):
        raise ConvolutionError(
            f"The window of {window[0]} × {window[1]} is larger than the image of {size}. "
            "Choose a smaller window."
        )


def _views(image: Array, window: SlidingWindow, filling: float) -> Array:
    """Return what the window sees at each stop, shape (*window.output_shape, *window.size)."""
    padding = list(zip(window.padding_before, window.padding_after, strict=True))
    padded = np.pad(image, padding, constant_values=filling)
    views = np.lib.stride_tricks.sliding_window_view(padded, window.size)
    rows, columns = window.output_shape
    return views[:: window.stride, :: window.stride][:rows, :columns]
