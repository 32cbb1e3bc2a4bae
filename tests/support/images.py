"""How much two images differ."""

import numpy as np

from mnist_app.imaging.normalize import Image


def difference(image: Image, other: Image) -> float:
    """Return the mean difference in gray levels, 0 to 255, where a shift by one pixel is none."""
    shifts = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    shifted = [np.roll(image, shift, axis=(0, 1)).astype(int) for shift in shifts]
    return float(min(np.abs(candidate - other).mean() for candidate in shifted))
