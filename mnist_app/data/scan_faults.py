"""What a camera or a bad scan does to a digit: noise, blur, little contrast, blocks, gaps, dirt.

Networks that have seen none of it fall apart where a person hardly notices. The list is that of
Mu and Gilmer, MNIST-C: A Robustness Benchmark for Computer Vision (2019),
https://arxiv.org/abs/1906.02337, as far as it is not a turn, a slant or a size, which
`augmentation` has; the faults themselves are made here.
Images are uint8, shape (28, 28), from 0 black to 255 white; each function returns a new one.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import IMAGE_SIDE, Image

Fault = Callable[[Image, np.random.Generator], Image]

# An image is made so large where a fault belongs to the picture before it was scaled down.
_LARGE = (4 * IMAGE_SIDE, 4 * IMAGE_SIDE)


def spoil(images: Image, share: float, generator: np.random.Generator) -> Image:
    """Return images, uint8 (n, 28, 28), of which a share, 0 to 1, has one or two faults.

    The same generator state gives the same faults.
    """
    spoiled = images.copy()
    for index in np.flatnonzero(generator.random(len(images)) < share):
        for number in generator.permutation(len(FAULTS))[: generator.integers(1, 3)]:
            spoiled[index] = FAULTS[number](spoiled[index], generator)
    return spoiled


def noise(image: Image, generator: np.random.Generator) -> Image:
    """Gray noise, as a sensor has in little light."""
    return _clip(image + generator.uniform(5, 70) * generator.normal(0, 1, image.shape))


def shot_noise(image: Image, generator: np.random.Generator) -> Image:
    """Noise that grows with the light: few photons."""
    photons = generator.uniform(4, 40)
    return _clip(generator.poisson(image / 255 * photons) * (255 / photons))


def specks(image: Image, generator: np.random.Generator) -> Image:
    """Single pixels that are black or white."""
    hit = generator.random(image.shape) < generator.uniform(0.005, 0.08)
    return np.where(hit, generator.choice(np.array([0, 255], np.uint8), image.shape), image)


def blur(image: Image, generator: np.random.Generator) -> Image:
    """Out of focus."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), generator.uniform(0.4, 1.4)), dtype=np.uint8)


def motion_blur(image: Image, generator: np.random.Generator) -> Image:
    """The camera moved while it looked."""
    length, angle = generator.uniform(2, 5), generator.uniform(0, np.pi)
    kernel = np.zeros((7, 7), np.float32)
    reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    for share in np.linspace(-1, 1, 15):
        x, y = np.rint(3 + share * reach).astype(int)
        kernel[y, x] += 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), dtype=np.uint8)


def low_contrast(image: Image, generator: np.random.Generator) -> Image:
    """Pale ink, gray paper, or both."""
    dark = generator.uniform(0, 70)
    light = generator.uniform(dark + 90, 255)
    return _clip(dark + image / 255 * (light - dark))


def uneven_light(image: Image, generator: np.random.Generator) -> Image:
    """Paper that is brighter toward one side."""
    angle, strength = generator.uniform(0, 2 * np.pi), generator.uniform(20, 90)
    rows, columns = np.indices(image.shape) / (IMAGE_SIDE - 1) - 0.5
    light = strength * (0.5 + rows * np.sin(angle) + columns * np.cos(angle))
    return _clip(np.maximum(image, light))


def jpeg_blocks(image: Image, generator: np.random.Generator) -> Image:
    """Compressed too much, before it was scaled down."""
    large = cv2.resize(image, _LARGE, interpolation=cv2.INTER_LINEAR)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(3, 25))]
    _, packed = cv2.imencode(".jpg", large, quality)
    decoded = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
    small = cv2.resize(decoded, image.shape, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def hard_edges(image: Image, generator: np.random.Generator) -> Image:
    """Black and white and nothing between, before or after it was scaled down."""
    dark, light = int(image.min()), int(image.max())
    border = dark + generator.uniform(0.3, 0.7) * (light - dark)
    if generator.random() < 0.5:
        return np.where(image > border, 255, 0).astype(np.uint8)
    large = cv2.resize(image, _LARGE, interpolation=cv2.INTER_CUBIC)
    ink = np.where(large > border, 255, 0).astype(np.uint8)
    return np.asarray(cv2.resize(ink, image.shape, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def broken_strokes(image: Image, generator: np.random.Generator) -> Image:
    """Thin lines in which the ink is missing, as where a pen skips or paper is folded."""
    broken = image.copy()
    for _ in range(generator.integers(1, 4)):
        ends = generator.integers(0, IMAGE_SIDE, (2, 2))
        cv2.line(broken, ends[0].tolist(), ends[1].tolist(), 0, 1, cv2.LINE_AA)
    return broken


def stripe(image: Image, generator: np.random.Generator) -> Image:
    """A line across the whole image, lighter or darker: a fold, a printed line, a fault."""
    striped = image.copy()
    at, level = int(generator.integers(2, IMAGE_SIDE - 2)), int(generator.integers(0, 160))
    if generator.random() < 0.5:
        striped[at] = np.maximum(striped[at], level) if level > 60 else 0
    else:
        striped[:, at] = np.maximum(striped[:, at], level) if level > 60 else 0
    return striped


def dirt(image: Image, generator: np.random.Generator) -> Image:
    """Some spots beside or on the digit."""
    dirty = image.copy()
    for _ in range(generator.integers(1, 5)):
        center = generator.integers(0, IMAGE_SIDE, 2).tolist()
        level = int(generator.integers(90, 256))
        cv2.circle(dirty, center, int(generator.integers(0, 2)), level, -1, cv2.LINE_AA)
    return dirty


def hidden_part(image: Image, generator: np.random.Generator) -> Image:
    """A part that something covers: from an edge, or a patch."""
    hidden = image.copy()
    if generator.random() < 0.5:
        width = int(generator.integers(3, 10))
        turned = np.rot90(hidden, int(generator.integers(4)))
        turned[:width] = 0
        return hidden
    top, left = generator.integers(4, 20, 2)
    height, width = generator.integers(2, 8, 2)
    hidden[top : top + height, left : left + width] = 0
    return hidden


def off_center(image: Image, generator: np.random.Generator) -> Image:
    """A box that is a pixel or two off or a bit too large or small: others crop differently."""
    scale = generator.uniform(0.8, 1.15)
    shift = generator.uniform(-2.5, 2.5, 2)
    center = (IMAGE_SIDE - 1) / 2
    matrix = np.array([[scale, 0, 0], [0, scale, 0]], np.float64)
    matrix[:, 2] = center * (1 - scale) + shift
    size = (IMAGE_SIDE, IMAGE_SIDE)
    return np.asarray(cv2.warpAffine(image, matrix, size), dtype=np.uint8)


FAULTS: tuple[Fault, ...] = (
    noise,
    shot_noise,
    specks,
    blur,
    motion_blur,
    low_contrast,
    uneven_light,
    jpeg_blocks,
    hard_edges,
    broken_strokes,
    stripe,
    dirt,
    hidden_part,
    off_center,
)
"""Each takes an image and a generator and returns another image."""


def _clip(values: NDArray[np.floating[Any]]) -> Image:
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)
