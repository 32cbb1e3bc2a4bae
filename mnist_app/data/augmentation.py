"""Training images made anew at each epoch: the same digits by other hands and other pens.

Each image is turned, slanted, stretched, bent and drawn thicker or thinner, then normalized as
`digit` normalizes a drawing, so that the network learns from the pictures it will be asked about.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import IMAGE_SIDE, Image, normalize_ink

TURN = np.deg2rad(12)
SLANT = 0.3
STRETCH = 0.2
# Elastic distortion, after Simard, Steinkraus and Platt, Best Practices for Convolutional Neural
# Networks (2003): how far the nodes of a coarse grid move, in pixels of 28, and nodes a side.
BEND = 0.8
NODES = 4
GAP_PROBABILITY = 0.08
# The work is done at twice the size, where a pen can change by half a pixel.
ZOOM = 2
CANVAS_SIDE = 72
# Interpolation blurs; these make edges steeper again, about the middle gray.
CONTRASTS = (1.15, 1.5, 2.0)
# The share that stays as it is: a network also has to know what MNIST really looks like.
UNTOUCHED = 0.2

_PENS = [
    cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)),
    cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)),
    cv2.getStructuringElement(cv2.MORPH_RECT, (2, 2)),
]
_STEEPER = [
    np.clip((np.arange(256) - 127.5) * contrast + 127.5, 0, 255).astype(np.uint8)
    for contrast in CONTRASTS
]
_MIDDLE = (CANVAS_SIDE - 1) / 2
_PLACES = np.indices((CANVAS_SIDE, CANVAS_SIDE), np.float32)[::-1] - _MIDDLE


def augment(images: Image, generator: np.random.Generator) -> Image:
    """Return a variation of each image, uint8 (n, 28, 28) as they came; a fifth stays as it is.

    The same generator state gives the same variations.
    """
    varied = np.empty_like(images)
    hands = _random_hands(len(images), generator)
    for index, (image, hand) in enumerate(zip(images, hands, strict=True)):
        varied[index] = _vary(image, hand, generator)
    return varied


def _vary(image: Image, hand: NDArray[np.float32], generator: np.random.Generator) -> Image:
    if generator.random() < UNTOUCHED:
        return image
    drawn = _random_pen(_bend(image, hand, generator), generator)
    steeper = _STEEPER[generator.integers(len(_STEEPER))]
    drawn = np.asarray(cv2.LUT(drawn, steeper), dtype=np.uint8)
    if generator.random() < GAP_PROBABILITY:
        drawn = _lift_the_pen(drawn, generator)
    return normalize_ink(drawn)


def _random_hands(count: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Return (count, 2, 2) matrices that turn, slant and stretch, from canvas to image pixels."""
    turn = generator.uniform(-TURN, TURN, count)
    slant = generator.uniform(-SLANT, SLANT, count)
    wide, high = (1 + generator.uniform(-STRETCH, STRETCH, (2, count))) / ZOOM
    cosine, sine = np.cos(turn), np.sin(turn)
    matrix = np.empty((count, 2, 2), np.float32)
    matrix[:, 0, 0] = wide * cosine
    matrix[:, 0, 1] = high * (slant * cosine - sine)
    matrix[:, 1, 0] = wide * sine
    matrix[:, 1, 1] = high * (slant * sine + cosine)
    return matrix


def _bend(image: Image, hand: NDArray[np.float32], generator: np.random.Generator) -> Image:
    """Draw `image` by this hand on the canvas, its lines bent a little here and there."""
    nodes = generator.normal(0, BEND, (NODES, NODES, 2)).astype(np.float32)
    bent = cv2.resize(nodes, (CANVAS_SIDE, CANVAS_SIDE), interpolation=cv2.INTER_CUBIC)
    middle = (IMAGE_SIDE - 1) / 2
    x = hand[0, 0] * _PLACES[0] + hand[0, 1] * _PLACES[1] + bent[:, :, 0] + middle
    y = hand[1, 0] * _PLACES[0] + hand[1, 1] * _PLACES[1] + bent[:, :, 1] + middle
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR), dtype=np.uint8)


def _random_pen(drawn: Image, generator: np.random.Generator) -> Image:
    """Draw thicker, thinner or as it was, by a random share of a few morphological steps."""
    change = generator.uniform(-1, 1)
    if abs(change) < 0.3:
        return drawn
    pen = _PENS[generator.integers(len(_PENS))]
    if change > 0:
        changed = cv2.dilate(drawn, pen, iterations=int(generator.integers(1, 5)))
    else:
        changed = cv2.erode(drawn, pen, iterations=int(generator.integers(1, 3)))
    share = generator.uniform(0.3, 1)
    blended = cv2.addWeighted(drawn, 1 - share, changed, share, 0)
    return np.asarray(blended, dtype=np.uint8)


def _lift_the_pen(drawn: Image, generator: np.random.Generator) -> Image:
    """Leave a gap where a pen would skip: a thin line without ink, somewhere near the middle."""
    ends = generator.uniform(0.2 * CANVAS_SIDE, 0.8 * CANVAS_SIDE, (2, 2)).astype(int)
    gap = drawn.copy()
    cv2.line(gap, tuple(ends[0]), tuple(ends[1]), 0, int(generator.integers(1, 4)))
    return gap if gap.any() else drawn
