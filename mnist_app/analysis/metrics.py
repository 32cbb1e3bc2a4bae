"""How good a network is, and how sure it may be: the one place where quality is computed.

Probabilities have shape (n, 10), labels shape (n,), index by index. "Right" is where the most
probable digit is the label.
"""

import statistics
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.networks.evaluation import Confusion, Measurement
from mnist_app.networks.prediction import top_two_mass

BINS = 15
TOP_CONFUSIONS = 8

Probabilities = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence."""

    confidence: float
    """Their mean confidence, 0 to 1."""
    accuracy: float
    """The share of them that is right, 0 to 1."""
    images: int
    """How many there are."""


def measure(
    probabilities: Probabilities,
    labels: Labels,
    reject_below: float,
    unreadable: Mask | None = None,
) -> Measurement:
    """Return how good these answers are.

    A digit is rejected where its top-two mass lies below `reject_below`, 0 to 1. `unreadable`,
    shape (n,), says where the program did not even ask the network, because the drawing had a
    problem: such a drawing counts as rejected and as wrong, and has no confidence.
    """
    asked = np.ones(len(labels), np.bool_) if unreadable is None else ~unreadable
    predicted = probabilities.argmax(axis=1)
    right = (predicted == labels) & asked
    return Measurement(
        images=len(labels),
        accuracy=_mean(right),
        rejected=_mean(~asked | is_rejected(probabilities, reject_below)),
        calibration_error=calibration_error(confidence(probabilities)[asked], right[asked]),
        per_digit=accuracy_per_digit(right, labels),
        confusions=top_confusions(confusion_matrix(predicted[asked], labels[asked])),
    )


def is_right(probabilities: Probabilities, labels: Labels) -> Mask:
    """Return where the most probable digit is the label, shape (n,)."""
    return np.asarray(probabilities.argmax(axis=1) == labels)


def confidence(probabilities: Probabilities) -> NDArray[np.floating[Any]]:
    """Return the probability of the most probable digit, 0 to 1, shape (n,)."""
    return np.asarray(probabilities.max(axis=1))


def is_rejected(probabilities: Probabilities, reject_below: float) -> Mask:
    """Return where the network recognizes no digit, shape (n,): the top-two mass is too low."""
    return np.asarray(top_two_mass(probabilities) < reject_below)


def accuracy(probabilities: Probabilities, labels: Labels) -> float:
    """Return the share of images that is right, 0 to 1; 0 without any."""
    return _mean(is_right(probabilities, labels))


def accuracy_per_digit(right: Mask, labels: Labels) -> tuple[float | None, ...]:
    """Return the share of `right`, shape (n,), for each digit; None for one without images."""
    of_digit = [right[labels == digit] for digit in range(CLASSES)]
    return tuple(_mean(some) if some.size else None for some in of_digit)


def errors(probabilities: Probabilities, labels: Labels) -> NDArray[np.int64]:
    """Return the indices of what is wrong, shape (errors,), the most confident error first."""
    wrong = np.flatnonzero(~is_right(probabilities, labels))
    return wrong[np.argsort(-confidence(probabilities)[wrong], kind="stable")]


def confusion_matrix(predicted: Labels, labels: Labels) -> NDArray[np.int64]:
    """Return how often each label, a row, was read as each digit, a column; shape (10, 10)."""
    pairs = labels.astype(np.int64) * CLASSES + predicted
    return np.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def top_confusions(matrix: NDArray[np.int64], count: int = TOP_CONFUSIONS) -> tuple[Confusion, ...]:
    """Return the most frequent errors of a confusion matrix, the most frequent first."""
    wrong = matrix * ~np.eye(CLASSES, dtype=np.bool_)
    order = np.argsort(-wrong, axis=None, kind="stable")[:count]
    cells = [divmod(int(cell), CLASSES) for cell in order]
    return tuple(Confusion(*cell, int(wrong[cell])) for cell in cells if wrong[cell])


def reliability_bins(sure: NDArray[np.floating[Any]], right: Mask) -> list[Bin]:
    """Return answers in 15 bins of equal width by their confidence `sure`, 0 to 1.

    Both arrays have shape (n,). Empty bins are left out. Guo et al., On Calibration of Modern
    Neural Networks (2017), section 2, https://arxiv.org/abs/1706.04599.
    """
    numbers = np.clip((sure * BINS).astype(int), 0, BINS - 1)
    return [
        Bin(float(sure[inside].mean()), float(right[inside].mean()), int(inside.sum()))
        for inside in (numbers == number for number in range(BINS))
        if inside.any()
    ]


def calibration_error(sure: NDArray[np.floating[Any]], right: Mask) -> float:
    """Return the expected calibration error, 0 to 1; 0 without any answers.

    The distance between confidence and accuracy in a bin of `reliability_bins`, weighted by the
    bin's share of the answers: Guo et al. (2017), section 2.
    """
    bins = reliability_bins(sure, right)
    distance = sum(one.images * abs(one.accuracy - one.confidence) for one in bins)
    return distance / max(1, len(sure))


def wilson_interval(share: float, images: int) -> tuple[float, float]:
    """Return the 95% confidence interval of a share, 0 to 1, that was seen in so many images.

    Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927).
    """
    z = statistics.NormalDist().inv_cdf(0.975)
    middle = (share + z**2 / (2 * images)) / (1 + z**2 / images)
    half = z / (1 + z**2 / images) * (share * (1 - share) / images + (z / images / 2) ** 2) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def _mean(values: Mask) -> float:
    return float(values.mean()) if values.size else 0.0
