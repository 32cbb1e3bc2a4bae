"""Training images made anew at each epoch: the same digits by other hands and other pens.

Each image is turned, slanted, stretched and drawn thicker or thinner, then normalised as
`digit` normalises a drawing, so that the network learns from the pictures it will be asked about.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.digit import IMAGE_SIDE, Image, bounding_box, centre_by_mass, cut, scale_into_box

TURN = np.deg2rad(12)
SLANT = 0.3
STRETCH = 0.2
# The work is done at twice the size, where a pen can change by half a pixel.
ZOOM = 2
CANVAS_SIDE = 72
# Interpolation leaves a faint seam around the ink that must not widen its box.
SEAM = 16

_PENS = [
    cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)),
    cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)),
    cv2.getStructuringElement(cv2.MORPH_RECT, (2, 2)),
]


def augment(images: Image, generator: np.random.Generator) -> Image:
    """Return a variation of each image, uint8 (n, 28, 28) as they came.

    The same generator state gives the same variations.
    """
    varied = np.empty_like(images)
    hands = _random_hands(len(images), generator)
    for index, (image, hand) in enumerate(zip(images, hands, strict=True)):
        varied[index] = _vary(image, hand, generator)
    return varied


def _vary(image: Image, hand: NDArray[np.float64], generator: np.random.Generator) -> Image:
    drawn = cv2.warpAffine(image, hand, (CANVAS_SIDE, CANVAS_SIDE), flags=cv2.INTER_LINEAR)
    drawn = _random_pen(np.asarray(drawn, dtype=np.uint8), generator)
    drawn[drawn < SEAM] = 0
    return centre_by_mass(scale_into_box(cut(drawn, bounding_box(drawn))))


def _random_hands(count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return (count, 2, 3) affine matrices that turn, slant and stretch about the middle."""
    turn = generator.uniform(-TURN, TURN, count)
    slant = generator.uniform(-SLANT, SLANT, count)
    wide, high = ZOOM * (1 + generator.uniform(-STRETCH, STRETCH, (2, count)))
    cosine, sine = np.cos(turn), np.sin(turn)
    matrix = np.empty((count, 2, 3))
    matrix[:, 0, 0] = wide * cosine
    matrix[:, 0, 1] = high * (slant * cosine - sine)
    matrix[:, 1, 0] = wide * sine
    matrix[:, 1, 1] = high * (slant * sine + cosine)
    middle = (IMAGE_SIDE - 1) / 2
    matrix[:, :, 2] = (CANVAS_SIDE - 1) / 2 - middle * matrix[:, :, :2].sum(axis=2)
    return matrix


def _random_pen(drawn: Image, generator: np.random.Generator) -> Image:
    """Draw thicker, thinner or as it was, by a random share of one morphological step or two."""
    change = generator.uniform(-1, 1)
    if abs(change) < 0.3:
        return drawn
    pen = _PENS[generator.integers(len(_PENS))]
    operation = cv2.dilate if change > 0 else cv2.erode
    changed = operation(drawn, pen, iterations=1 + (abs(change) > 0.75))
    share = generator.uniform(0.3, 1)
    blended = cv2.addWeighted(drawn, 1 - share, changed, share, 0)
    return np.asarray(blended, dtype=np.uint8)
