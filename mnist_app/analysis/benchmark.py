"""How well a network reads: a data set's test images, and people whom it has never met.

Two halves of one benchmark. The second draws people's pen strokes as the canvas would, see
`analysis.stroke_drawings`.
"""

import statistics
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnist_app.analysis import metrics
from mnist_app.analysis.progress import Progress, silently
from mnist_app.analysis.stroke_drawings import StrokeDrawings
from mnist_app.data import datasets
from mnist_app.data.datasets import CLASSES
from mnist_app.data.labeled_pictures import LabeledPictures
from mnist_app.data.strokes import PENS, POSITIONS, SIZES
from mnist_app.imaging.normalize import Image
from mnist_app.networks.card import Card
from mnist_app.networks.evaluation import Measurement, StrokeGrid, Writers
from mnist_app.networks.prediction import Predictor, spread

# Images in one question to the network.
BATCH = 500
# The usual drawing: the pen's default width, half of the canvas or most of it, in its middle.
USUAL_PEN = PENS.index(18)
USUAL_SIZES = [SIZES.index(50), SIZES.index(80)]
CENTER = list(POSITIONS).index("center")

Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class Errors:
    """Images that a network reads wrong, index by index."""

    images: Image
    """Shape (n, 28, 28)."""
    labels: NDArray[np.integer]
    """Shape (n,)."""
    probabilities: Probabilities
    """What it answers, shape (n, 10)."""


def evaluate_test(
    predictor: Predictor, card: Card, source: str, progress: Progress = silently
) -> tuple[Measurement, Errors]:
    """Measure the network of `card` on the test images of a data set.

    Raises PredictionError when the network does not answer, and DatasetError.
    """
    split = datasets.load_test(source)
    probabilities = _ask(predictor, card.name, split.images, progress)
    measurement = metrics.measure(probabilities, split.labels, card.reject_below)
    return measurement, _errors(split.images, split.labels, probabilities)


def evaluate_pictures(
    predictor: Predictor, card: Card, pictures: LabeledPictures, progress: Progress = silently
) -> tuple[Measurement, Errors]:
    """Measure the network of `card` on pictures that somebody labeled.

    One in which `normalize` found a problem counts as rejected and as wrong. Raises PredictionError
    when the network does not answer.
    """
    answers = _ask(predictor, card.name, pictures.images, progress)
    unreadable = np.array([bool(problem) for problem in pictures.problems])
    measured = metrics.measure(answers, pictures.labels, card.reject_below, unreadable)
    return measured, _errors(pictures.images, pictures.labels, answers)


def evaluate_strokes(
    predictor: Predictor, card: Card, drawings: StrokeDrawings, progress: Progress = silently
) -> tuple[StrokeGrid, Errors]:
    """Measure the network of `card` on people's digits, each drawn in every cell of the grid.

    The errors are those among the usual drawings of half the canvas. Raises PredictionError when
    the network does not answer.
    """
    answers = _ask(predictor, card.name, drawings.images, progress)
    labels = drawings.labels
    predicted = answers.argmax(axis=1)[drawings.indices]
    right = (predicted == labels[:, None, None, None]) & ~drawings.unreadable
    grid = StrokeGrid(
        digits=len(labels),
        accuracy=_as_tuples(right.mean(axis=0)),
        usual=_measure_usual(answers, drawings, card.reject_below),
        writers=_compare_writers(right[:, USUAL_PEN, USUAL_SIZES, CENTER].mean(axis=1), drawings),
    )
    shown = drawings.indices[:, USUAL_PEN, USUAL_SIZES[0], CENTER]
    return grid, _errors(drawings.images[shown], labels, answers[shown])


def _measure_usual(
    answers: Probabilities, drawings: StrokeDrawings, reject_below: float
) -> Measurement:
    usual = (slice(None), USUAL_PEN, USUAL_SIZES, CENTER)
    return metrics.measure(
        answers[drawings.indices[usual]].reshape(-1, CLASSES),
        np.repeat(drawings.labels, len(USUAL_SIZES)),
        reject_below,
        drawings.unreadable[usual].reshape(-1),
    )


def _compare_writers(right: NDArray[np.float64], drawings: StrokeDrawings) -> Writers | None:
    """`right`, shape (digits,), is the share of each digit's usual drawings that are read right."""
    names = sorted(set(drawings.writers))
    if names in ([], [""]):
        return None
    writers = np.array(drawings.writers)
    shares = [float(right[writers == name].mean()) for name in names]
    return Writers(len(names), min(shares), statistics.median(shares))


def _ask(predictor: Predictor, network: str, images: Image, progress: Progress) -> Probabilities:
    batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
    answers = spread(predictor, partial(_answers, network), batches)
    return np.concatenate([next(answers) for _ in progress(batches, "Reading images")])


def _answers(network: str, predictor: Predictor, images: Image) -> Probabilities:
    return predictor.probabilities(images, network)


def _errors(images: Image, labels: NDArray[np.integer], probabilities: Probabilities) -> Errors:
    """Return what is wrong, the most confident error first."""
    wrong = metrics.errors(probabilities, labels)
    return Errors(images[wrong], labels[wrong], probabilities[wrong])


def _as_tuples(cells: NDArray[np.float64]) -> tuple[tuple[tuple[float, ...], ...], ...]:
    return tuple(tuple(tuple(row) for row in table) for table in cells.tolist())
