"""Hiding parts of an image, one after the other."""

import numpy as np

from mnist_app.imaging.normalize import IMAGE_SIDE, Image


def hidden(image: Image, window: int) -> Image:
    """Return an image, uint8 (28, 28), with a black window around each pixel: (784, 28, 28).

    `window` is the window's side in pixels, odd. At the border a part of it lies outside.
    """
    reach = window // 2
    places = np.arange(IMAGE_SIDE)
    is_near = np.abs(places[:, np.newaxis] - places) <= reach
    covered = is_near[:, np.newaxis, :, np.newaxis] & is_near[np.newaxis, :, np.newaxis, :]
    covered = covered.reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    return np.where(covered, np.uint8(0), image)
