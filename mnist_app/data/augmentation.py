"""Data augmentation: the same digits as other people with other pens would write them.

Each image is turned, slanted, stretched, distorted and drawn thicker or thinner, then normalized
as a drawing is, so that networks learn from such images as they will be asked about.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import IMAGE_SIDE, Image, normalize_ink

# The largest changes, either way: an angle in radians, and shares of the size.
ROTATION = np.deg2rad(12)
SHEAR = 0.3
STRETCH = 0.2
# Elastic distortion, after Simard, Steinkraus and Platt, Best Practices for Convolutional Neural
# Networks (2003): a coarse grid of so many nodes a side, each moved by a normally distributed
# distance of this standard deviation, in pixels of the image.
NODES = 4
DISTORTION = 0.8
GAP_PROBABILITY = 0.08
# The canvas shows an image at twice its size, where a line's width can change by half a pixel.
ZOOM = 2
CANVAS_SIDE = 72
# Interpolation blurs; these factors, about the middle gray, make edges steep again.
CONTRASTS = (1.15, 1.5, 2.0)
# The share of images that stay as they are: a network must also know what MNIST really looks like.
UNCHANGED_SHARE = 0.2

_BRUSHES = [
    cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)),
    cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)),
    cv2.getStructuringElement(cv2.MORPH_RECT, (2, 2)),
]
_CONTRAST_TABLES = [
    np.clip((np.arange(256) - 127.5) * contrast + 127.5, 0, 255).astype(np.uint8)
    for contrast in CONTRASTS
]
_CENTER = (CANVAS_SIDE - 1) / 2
# Each canvas pixel's x and y from the center.
_X, _Y = np.indices((CANVAS_SIDE, CANVAS_SIDE), np.float32)[::-1] - _CENTER

Matrix = NDArray[np.float32]


def augment(images: Image, generator: np.random.Generator) -> Image:
    """Return a random variation of each image, uint8 (n, 28, 28) as they came.

    A fifth of them, chosen at random, stays as it is. The same generator state gives the same
    variations.
    """
    augmented = np.empty_like(images)
    matrices = _random_matrices(len(images), generator)
    for index, (image, matrix) in enumerate(zip(images, matrices, strict=True)):
        augmented[index] = _augment_one(image, matrix, generator)
    return augmented


def _augment_one(image: Image, matrix: Matrix, generator: np.random.Generator) -> Image:
    if generator.random() < UNCHANGED_SHARE:
        return image
    drawn = _change_line_width(_transform(image, matrix, generator), generator)
    table = _CONTRAST_TABLES[generator.integers(len(_CONTRAST_TABLES))]
    drawn = np.asarray(cv2.LUT(drawn, table), dtype=np.uint8)
    if generator.random() < GAP_PROBABILITY:
        drawn = _leave_gap(drawn, generator)
    return normalize_ink(drawn)


def _random_matrices(count: int, generator: np.random.Generator) -> Matrix:
    """Return matrices, (count, 2, 2), that rotate, shear and stretch: canvas to image pixels."""
    angle = generator.uniform(-ROTATION, ROTATION, count)
    shear = generator.uniform(-SHEAR, SHEAR, count)
    width, height = (1 + generator.uniform(-STRETCH, STRETCH, (2, count))) / ZOOM
    cosine, sine = np.cos(angle), np.sin(angle)
    matrices = np.empty((count, 2, 2), np.float32)
    matrices[:, 0, 0] = width * cosine
    matrices[:, 0, 1] = height * (shear * cosine - sine)
    matrices[:, 1, 0] = width * sine
    matrices[:, 1, 1] = height * (shear * sine + cosine)
    return matrices


def _transform(image: Image, matrix: Matrix, generator: np.random.Generator) -> Image:
    """Draw `image` on the canvas by an affine map and a random elastic distortion."""
    nodes = generator.normal(0, DISTORTION, (NODES, NODES, 2)).astype(np.float32)
    shift = cv2.resize(nodes, (CANVAS_SIDE, CANVAS_SIDE), interpolation=cv2.INTER_CUBIC)
    center = (IMAGE_SIDE - 1) / 2
    x = matrix[0, 0] * _X + matrix[0, 1] * _Y + shift[:, :, 0] + center
    y = matrix[1, 0] * _X + matrix[1, 1] * _Y + shift[:, :, 1] + center
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR), dtype=np.uint8)


def _change_line_width(drawn: Image, generator: np.random.Generator) -> Image:
    """Make lines thicker, thinner or neither: blend the drawing with its dilation or erosion."""
    change = generator.uniform(-1, 1)
    if abs(change) < 0.3:
        return drawn
    brush = _BRUSHES[generator.integers(len(_BRUSHES))]
    if change > 0:
        changed = cv2.dilate(drawn, brush, iterations=int(generator.integers(1, 5)))
    else:
        changed = cv2.erode(drawn, brush, iterations=int(generator.integers(1, 3)))
    share = generator.uniform(0.3, 1)
    blended = cv2.addWeighted(drawn, 1 - share, changed, share, 0)
    return np.asarray(blended, dtype=np.uint8)


def _leave_gap(drawn: Image, generator: np.random.Generator) -> Image:
    """Leave a gap where a pen would skip: a thin line without ink, somewhere near the middle."""
    ends = generator.uniform(0.2 * CANVAS_SIDE, 0.8 * CANVAS_SIDE, (2, 2)).astype(int)
    with_gap = drawn.copy()
    cv2.line(with_gap, tuple(ends[0]), tuple(ends[1]), 0, int(generator.integers(1, 4)))
    return with_gap if with_gap.any() else drawn
