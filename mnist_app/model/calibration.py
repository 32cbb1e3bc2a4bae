"""How sure a network may be: its temperature, and when it recognizes no digit at all."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_app.data.augmentation import augment
from mnist_app.data.datasets import Split
from mnist_app.data.rewritten_digits import rewrite_digits
from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.data.synthetic_digits import write_digits
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.networks.prediction import top_two_mass

TEMPERATURES = np.geomspace(0.25, 4, 161)
# The share of real digits that may be taken for none.
REJECTED = 0.002


def calibrate(network: keras.Model, validation: Split) -> float:
    """Divide `network`'s logits by the temperature that suits the validation images best.

    Temperature scaling: Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural
    Networks (2017), https://arxiv.org/abs/1706.04599. The division goes into the weights of the
    layer `logits`, so the network's own probabilities are the calibrated ones. Returns the
    temperature.
    """
    logits = np.log(_probabilities(network, validation.images) + 1e-30)
    losses = [_negative_log_likelihood(logits / t, validation.labels) for t in TEMPERATURES]
    temperature = float(TEMPERATURES[int(np.argmin(losses))])
    layer = network.get_layer("logits")
    layer.set_weights([weights / temperature for weights in layer.get_weights()])
    return temperature


def people(written: Sequence[WrittenDigit], count: int, seed: int) -> Split:
    """Return `count` digits of people that no network learns from, written anew; none of none."""
    if not written:
        return Split(np.zeros((0, IMAGE_SIDE, IMAGE_SIDE), np.uint8), np.zeros(0, np.uint8))
    return Split(*rewrite_digits(written, count, np.random.default_rng([seed, count])))


def threshold(network: keras.Model, unseen: Split, people: Split, seed: int) -> float:
    """Return the top_two_mass, 0 to 1, that 99.8% of unseen digits reach.

    These are the `unseen` images, augmented, as many synthetic ones, and those of `people`.
    """
    generator = np.random.default_rng([seed, len(unseen)])
    synthetic, _ = write_digits(len(unseen), generator)
    images = np.concatenate([augment(unseen.images, generator), synthetic, people.images])
    recognized = top_two_mass(_probabilities(network, images))
    return float(np.quantile(recognized, REJECTED))


def _probabilities(network: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    probabilities = network.predict(images.astype(np.float32), batch_size=500, verbose=0)
    return np.asarray(probabilities, dtype=np.float64)


def _negative_log_likelihood(logits: NDArray[np.float64], labels: NDArray[np.uint8]) -> float:
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sums - shifted[np.arange(len(labels)), labels]))
