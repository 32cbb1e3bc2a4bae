"""People's digits, written anew: the same strokes by another hand, with another pen.

Real strokes have what no style of `synthetic_digits` thinks of. Each time one is written again, it
is bent, slanted, turned, stretched, faster or slower, with a thin or a thick pen, at times without
lifting it; its strokes do not meet exactly as they did.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.data.writer import Stroke, Writer, draw, join, pen_width, slant_and_stretch
from mnist_app.imaging.normalize import Image, normalize_ink

# Shares of the digit's larger side: the standard deviation by which nodes of a grid laid over the
# digit are moved, and that by which each stroke is.
BEND = 0.05
MISS = 0.03
# The grid's nodes a side, from one corner of the digit's square to the other.
NODES = 3
# How often a digit of several strokes is written without lifting the pen.
JOINED = 0.08


def rewrite_digits(
    written: Sequence[WrittenDigit], count: int, generator: np.random.Generator
) -> tuple[Image, NDArray[np.uint8]]:
    """Return `count` images, uint8 (count, 28, 28), and their labels, uint8 (count,).

    Each is of a digit chosen at random, of which there must be one. The same generator state gives
    the same images.
    """
    chosen = generator.integers(len(written), size=count)
    images = np.stack([rewrite(written[index], generator) for index in chosen])
    return images, np.array([written[index].label for index in chosen], np.uint8)


def rewrite(digit: WrittenDigit, generator: np.random.Generator) -> Image:
    """Return an image, uint8 (28, 28), of a digit that somebody else writes."""
    writer = Writer(generator)
    moved = generator.normal(0, BEND, (NODES, NODES, 2))
    strokes = [_bend(stroke, moved) for stroke in _unit(digit.strokes)]
    strokes = [stroke + generator.normal(0, MISS, 2) for stroke in strokes]
    if writer.chance(JOINED):
        strokes = [join(*strokes)]
    strokes = [writer.write(_path(stroke)) for stroke in strokes]
    return normalize_ink(draw(slant_and_stretch(strokes, writer), pen_width(writer)))


def _unit(strokes: Sequence[Stroke]) -> list[Stroke]:
    """Return the strokes with the larger side of the digit from 0 to 1, the other in the middle."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(float((high - low).max()), 1e-9)
    return [(stroke - (low + high) / 2) / side + 0.5 for stroke in strokes]


def _bend(stroke: Stroke, moved: NDArray[np.float64]) -> Stroke:
    """Return points of 0 to 1 moved as the nodes of a grid over them are, quadratic between them.

    `moved`, shape (3, 3, 2), says by how much each node is moved, row by row.
    """
    across, down = (_weights(stroke[:, axis]) for axis in (0, 1))
    return np.asarray(stroke + np.einsum("nj,ni,ijk->nk", across, down, moved))


def _weights(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights, (n, 3), of nodes at 0, 1/2 and 1 in Lagrange's quadratic through them."""
    return np.stack(
        [
            (2 * places - 1) * (places - 1),
            4 * places * (1 - places),
            places * (2 * places - 1),
        ],
        axis=1,
    )


def _path(stroke: Stroke) -> Stroke:
    """Return a stroke that has a way to go: a dot becomes a very short line."""
    return stroke if len(stroke) > 1 else np.concatenate([stroke, stroke + 1e-6])
