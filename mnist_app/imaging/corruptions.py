"""Digits as they should not be: shifted, turned, scaled, thinner, thicker, noisy, partly hidden.

Images are uint8, shape (28, 28), from 0 black to 255 white; each function returns a new one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from mnist_app.imaging.normalize import IMAGE_SIDE, Image

CENTER = (IMAGE_SIDE - 1) / 2
# Pens become thinner and thicker by fractions of a pixel where a pixel is eight.
ZOOM = 8
NOISE_SEED = 1


@dataclass(frozen=True)
class Corruption:
    """One way to apply a digit."""

    title: str
    unit: str
    strengths: tuple[float, ...]
    """What the curves are measured at; the slider goes from the first to the last."""
    step: float
    """Of the slider."""
    none: float
    """The strength that changes nothing."""
    apply: Callable[[Image, float], Image]
    """Return an image, uint8 (28, 28), with a strength, as a new one."""


def _move(image: Image, matrix: list[list[float]]) -> Image:
    """Return an image after an affine map of places; what comes in from outside is black."""
    moved = cv2.warpAffine(image, np.array(matrix, np.float64), (IMAGE_SIDE, IMAGE_SIDE))
    return np.asarray(moved, dtype=np.uint8)


def shift(image: Image, pixels: float) -> Image:
    """Return an image that was moved to the right, by whole pixels or parts of one."""
    return _move(image, [[1, 0, pixels], [0, 1, 0]])


def turn(image: Image, degrees: float) -> Image:
    """Return an image turned about its middle, counterclockwise where positive."""
    matrix = cv2.getRotationMatrix2D((CENTER, CENTER), degrees, 1.0)
    return _move(image, matrix.tolist())


def scale(image: Image, percent: float) -> Image:
    """Return an image at so many percent of its size, about its middle."""
    matrix = cv2.getRotationMatrix2D((CENTER, CENTER), 0.0, percent / 100)
    return _move(image, matrix.tolist())


def change_pen(image: Image, pixels: float) -> Image:
    """Return an image whose lines are wider by so many pixels, or thinner where negative.

    Gray values are kept apart by morphology at eight times the size, with a round element.
    """
    radius = round(abs(pixels) / 2 * ZOOM)
    if radius == 0:
        return image.copy()
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    side = IMAGE_SIDE * ZOOM
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    changed = cv2.dilate(large, element) if pixels > 0 else cv2.erode(large, element)
    small = cv2.resize(changed, (IMAGE_SIDE, IMAGE_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def add_noise(image: Image, spread: float) -> Image:
    """Return an image with Gaussian noise of this standard deviation, the same at each call."""
    noise = np.random.default_rng(NOISE_SEED).normal(0.0, 1.0, image.shape)
    return np.clip(np.rint(image + spread * noise), 0, 255).astype(np.uint8)


def hide(image: Image, rows: float) -> Image:
    """Return an image whose upper rows are black."""
    hidden = image.copy()
    hidden[: round(rows)] = 0
    return hidden


CORRUPTIONS: dict[str, Corruption] = {
    "shift": Corruption(
        "Shifted", "pixels to the right", (0, 1, 2, 3, 4, 5, 6, 8, 10), 0.5, 0, shift
    ),
    "turn": Corruption("Turned", "degrees", (-60, -45, -30, -15, 0, 15, 30, 45, 60), 5, 0, turn),
    "scale": Corruption(
        "Scaled", "percent of its size", (40, 55, 70, 85, 100, 115, 130), 5, 100, scale
    ),
    "pen": Corruption(
        "Thinner, thicker",
        "pixels that lines are wider",
        (-2, -1.5, -1, -0.5, 0, 1, 2, 3, 4),
        0.5,
        0,
        change_pen,
    ),
    "noise": Corruption(
        "Noisy", "standard deviation of the noise", (0, 30, 60, 90, 120, 160, 200), 10, 0, add_noise
    ),
    "hide": Corruption(
        "Partly hidden", "upper rows hidden", (0, 4, 6, 8, 10, 12, 14, 16), 1, 0, hide
    ),
}
"""By name, in the order in which they are shown."""


def apply_to_all(images: Image, way: Corruption, strength: float) -> Image:
    """Return images, uint8 (n, 28, 28), each spoiled in the same way; noise differs for each."""
    if way.apply is add_noise:
        return add_noise(images, strength)
    return np.stack([way.apply(image, strength) for image in images])
