"""What a set of images looks like as a whole: how many of each digit, the average, the unusual."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES, Split
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import IMAGE_SIDE


@dataclass(frozen=True)
class Overview:
    """Figures of a split, each computed from all of its images."""

    counts: NDArray[np.int64]
    """How many images each digit has, shape (10,)."""
    averages: Array
    """The mean value of each pixel for each digit, 0 to 255, float32 (10, 28, 28)."""
    spreads: Array
    """Its standard deviation, the same shape."""
    likeness: Array
    """How much each image is like the average of its digit, float32 (n,), 0 to 1: the cosine of
    the angle between the two as vectors of 784 values."""

    def unusual_first(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the indices `which` by likeness, the least like the average first."""
        return which[np.argsort(self.likeness[which], kind="stable")]


def look_at(split: Split) -> Overview:
    """Return the figures of a split; 0.2 s for 10,000 images."""
    averages = np.zeros((CLASSES, IMAGE_SIDE**2), np.float32)
    spreads = np.zeros((CLASSES, IMAGE_SIDE**2), np.float32)
    likeness = np.zeros(len(split), np.float32)
    for digit in range(CLASSES):
        of_digit = split.labels == digit
        images = split.images[of_digit].reshape(-1, IMAGE_SIDE**2).astype(np.float32)
        if not len(images):
            continue
        averages[digit], spreads[digit] = images.mean(axis=0), images.std(axis=0)
        lengths = np.linalg.norm(images, axis=1) * np.linalg.norm(averages[digit])
        likeness[of_digit] = images @ averages[digit] / np.maximum(lengths, 1e-9)
    return Overview(
        counts=np.bincount(split.labels, minlength=CLASSES),
        averages=averages.reshape(-1, IMAGE_SIDE, IMAGE_SIDE),
        spreads=spreads.reshape(-1, IMAGE_SIDE, IMAGE_SIDE),
        likeness=likeness,
    )
