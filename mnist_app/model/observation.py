"""What a training shows of itself: how it reads validation images, and its kernels."""

import math

import keras
import numpy as np

from mnist_app.data.datasets import Split
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.model.fitting import Fitter
from mnist_app.training.history import Snapshot

WRONG_SHOWN = 8
MOST_KERNELS = 32


class Diverged(Exception):
    """The loss is no number any more; the message says what to try."""


def observe(fitter: Fitter, split: Split, drawing: Image) -> tuple[float, float, Snapshot]:
    """Return loss and accuracy (0 to 1) on a split, and pictures from inside.

    `drawing`, uint8 (28, 28), is what the training is asked about. Raises Diverged.
    """
    answered = fitter.probabilities(split.images)
    chosen = answered[np.arange(len(split)), split.labels].astype(np.float64)
    answers = answered.argmax(axis=1)
    loss = float(-np.log(np.maximum(chosen, 1e-30)).mean())
    if not math.isfinite(loss):
        raise Diverged
    wrong = np.flatnonzero(answers != split.labels)[:WRONG_SHOWN]
    snapshot = Snapshot(
        kernel_pictures(fitter.first_kernels()),
        split.images[wrong],
        split.labels[wrong],
        answers[wrong].astype(np.uint8),
        drawing,
    )
    return loss, float(np.mean(answers == split.labels)), snapshot


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
        return kernels[:, :MOST_KERNELS].T.reshape(-1, 28, 28)
    return np.zeros((0, 1, 1), np.float32)
