"""MNIST as arrays: 60,000 images to learn from and 10,000 to be tested on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MNIST_FILE = Path(__file__).parent / "assets" / "mnist.npz"
CLASSES = 10
TRAINING_IMAGES = 60_000


@dataclass(frozen=True)
class Split:
    """Images and their labels, index by index."""

    images: NDArray[np.uint8]
    """Shape (n, 28, 28), 0 black to 255 white."""
    labels: NDArray[np.uint8]
    """Shape (n,), 0 to 9."""

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)


def load_training() -> Split:
    """Return MNIST's 60,000 training images."""
    return _load("x_train", "y_train")


def load_test() -> Split:
    """Return MNIST's 10,000 test images."""
    return _load("x_test", "y_test")


def _load(images: str, labels: str) -> Split:
    with np.load(MNIST_FILE) as arrays:
        return Split(arrays[images], arrays[labels])
