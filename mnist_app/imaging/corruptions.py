"""Corruptions of a digit: moved, turned, scaled, thinner, noisy, blurred, pale, partly hidden.

Images are uint8, shape (28, 28), from 0 black to 255 white; each function returns a new one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import IMAGE_SIDE, Image

CENTER = (IMAGE_SIDE - 1) / 2
# Lines become thinner or thicker by fractions of a pixel in an image of eight times the size.
ZOOM = 8
NOISE_SEED = 1
# A blur reaches so many standard deviations far; what is beyond is less than a gray level.
BLUR_REACH = 3
MIDDLE_GRAY = 127.5


@dataclass(frozen=True)
class Corruption:
    """One way to make a digit harder to read."""

    title: str
    unit: str
    """What a strength counts."""
    strengths: tuple[float, ...]
    """The strengths that networks are measured at; a slider runs from the first to the last."""
    step: float
    """By how much a slider moves."""
    neutral: float
    """The strength that changes nothing."""
    apply: Callable[[Image, float], Image]
    """Return a new image, uint8 (28, 28), of an image and a strength."""


def shift(image: Image, pixels: float) -> Image:
    """Return an image moved to the right by whole pixels or fractions of one."""
    return _transform(image, np.array([[1, 0, pixels], [0, 1, 0]], np.float64))


def turn(image: Image, degrees: float) -> Image:
    """Return an image turned about its middle; positive is counterclockwise."""
    return _transform(image, cv2.getRotationMatrix2D((CENTER, CENTER), degrees, 1.0))


def scale(image: Image, percent: float) -> Image:
    """Return an image scaled about its middle to a percentage of its size."""
    return _transform(image, cv2.getRotationMatrix2D((CENTER, CENTER), 0.0, percent / 100))


def change_pen(image: Image, pixels: float) -> Image:
    """Return an image whose lines are wider by so many pixels; negative is thinner.

    Grayscale dilation or erosion by a disk, at eight times the size.
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
    """Return an image with Gaussian noise of this standard deviation, in gray levels.

    The noise is the same at each call.
    """
    return np.clip(np.rint(image + spread * noise(image.shape)), 0, 255).astype(np.uint8)


def noise(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the noise that is added to images of this shape, with a standard deviation of 1."""
    return np.random.default_rng(NOISE_SEED).normal(0.0, 1.0, shape)


def blur(image: Image, spread: float) -> Image:
    """Return an image out of focus: a Gaussian blur of this standard deviation, in pixels."""
    if spread == 0:
        return image.copy()
    side = 2 * math.ceil(BLUR_REACH * spread) + 1
    gray = image.astype(np.float32)
    blurred = cv2.GaussianBlur(gray, (side, side), spread, borderType=cv2.BORDER_CONSTANT)
    return np.rint(blurred).astype(np.uint8)


def lower_contrast(image: Image, percent: float) -> Image:
    """Return an image whose gray levels are so many percent closer to the middle one."""
    kept = 1 - percent / 100
    levels = np.rint(MIDDLE_GRAY + kept * (image - MIDDLE_GRAY))
    return np.asarray(levels, dtype=np.uint8)


def occlude(image: Image, rows: float) -> Image:
    """Return an image whose top rows are black."""
    occluded = image.copy()
    occluded[: round(rows)] = 0
    return occluded


def _transform(image: Image, matrix: NDArray[Any]) -> Image:
    """Return an image after an affine map, shape (2, 3); what comes in from outside is black."""
    moved = cv2.warpAffine(image, matrix, (IMAGE_SIDE, IMAGE_SIDE))
    return np.asarray(moved, dtype=np.uint8)


CORRUPTIONS: dict[str, Corruption] = {
    "shift": Corruption(
        "Shifted", "pixels to the right", (0, 1, 2, 3, 4, 5, 6, 8, 10), 0.5, 0, shift
    ),
    "turn": Corruption("Turned", "degrees", (-60, -45, -30, -15, 0, 15, 30, 45, 60), 5, 0, turn),
    "scale": Corruption(
        "Scaled", "percent of the original size", (40, 55, 70, 85, 100, 115, 130), 5, 100, scale
    ),
    "pen": Corruption(
        "Thinner, thicker",
        "pixels wider",
        (-2, -1.5, -1, -0.5, 0, 1, 2, 3, 4),
        0.5,
        0,
        change_pen,
    ),
    "noise": Corruption(
        "Noisy", "standard deviation of the noise", (0, 30, 60, 90, 120, 160, 200), 10, 0, add_noise
    ),
    "blur": Corruption(
        "Blurred", "pixels of blur (standard deviation)", (0, 0.5, 1, 1.5, 2, 2.5, 3), 0.25, 0, blur
    ),
    "contrast": Corruption(
        "Low contrast",
        "percent of the contrast lost",
        (0, 20, 40, 60, 80, 90),
        5,
        0,
        lower_contrast,
    ),
    "hide": Corruption(
        "Partly hidden", "rows hidden from the top", (0, 4, 6, 8, 10, 12, 14, 16), 1, 0, occlude
    ),
}
"""By name, in the order in which they are shown."""


def apply_to_all(images: Image, corruption: Corruption, strength: float) -> Image:
    """Return images, uint8 (n, 28, 28), each corrupted alike; only noise differs for each."""
    if corruption.apply is add_noise:
        return add_noise(images, strength)
    return np.stack([corruption.apply(image, strength) for image in images])
