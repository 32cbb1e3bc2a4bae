"""What a training shows of itself: how it reads validation images, and its kernels."""

import math
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_app.data.datasets import WATCHED_IMAGES, Split
from mnist_app.imaging.convolution import Array
from mnist_app.model.fitting import Fitter

# Small ones, and such as are as large as an image.
MOST_KERNELS, MOST_LARGE_KERNELS = 32, 16


class Diverged(Exception):
    """The loss is no number any more; the message says what to try."""


@dataclass(frozen=True)
class Validation:
    """How a network reads validation images."""

    loss: float
    accuracy: float
    """The share of them that it gets right, 0 to 1."""
    wrong: NDArray[np.uint16]
    """Which of the first WATCHED_IMAGES it gets wrong, ascending."""
    answers: NDArray[np.uint8]
    """What it takes each of these for, 0 to 9."""


def validate(fitter: Fitter, split: Split) -> Validation:
    """Let a network in training read a split, at least WATCHED_IMAGES. Raises Diverged."""
    answered = fitter.probabilities(split.images)
    chosen = answered[np.arange(len(split)), split.labels].astype(np.float64)
    answers = answered.argmax(axis=1)
    loss = float(-np.log(np.maximum(chosen, 1e-30)).mean())
    if not math.isfinite(loss):
        raise Diverged
    is_wrong = answers != split.labels
    wrong = np.flatnonzero(is_wrong[:WATCHED_IMAGES])
    return Validation(
        loss,
        1 - float(np.mean(is_wrong)),
        wrong.astype(np.uint16),
        answers[wrong].astype(np.uint8),
    )


def probabilities(network: keras.Model, split: Split) -> Array:
    """Return what `network` answers to all images of a split, float32 (n, 10)."""
    answered = network.predict(split.images.astype(np.float32), batch_size=500, verbose=0)
    return np.asarray(answered, np.float32)


def accuracy(network: keras.Model, split: Split) -> float:
    """Return the share of images that `network` gets right, 0 to 1."""
    return float(np.mean(probabilities(network, split).argmax(axis=1) == split.labels))


def kernel_pictures(kernels: Array) -> Array:
    """Return kernels or weights as pictures, shape (n, rows, columns); none where they are none."""
    if kernels.ndim == 4:
        return kernels[:, :, 0, :MOST_KERNELS].transpose(2, 0, 1)
    if kernels.shape[0] == 28 * 28:
        return kernels[:, :MOST_LARGE_KERNELS].T.reshape(-1, 28, 28)
    return np.zeros((0, 1, 1), np.float32)
