"""MNIST as arrays: 57,000 images to learn from, 3,000 held out, 10,000 to be tested on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MNIST_FILE = Path(__file__).parent / "assets" / "mnist.npz"
CLASSES = 10
TRAINING_IMAGES = 57_000


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
    """Return the first 57,000 of MNIST's 60,000 training images."""
    split = _load("x_train", "y_train")
    return Split(split.images[:TRAINING_IMAGES], split.labels[:TRAINING_IMAGES])


def load_held_out() -> Split:
    """Return the other 3,000, from which networks learn how sure they may be."""
    split = _load("x_train", "y_train")
    return Split(split.images[TRAINING_IMAGES:], split.labels[TRAINING_IMAGES:])


def load_test() -> Split:
    """Return MNIST's 10,000 test images."""
    return _load("x_test", "y_test")


def _load(images: str, labels: str) -> Split:
    with np.load(MNIST_FILE) as arrays:
        return Split(arrays[images], arrays[labels])
