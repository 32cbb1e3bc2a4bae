"""Scores: what a network answers to every test image, and how well it reads corrupted ones.

They take a minute to measure, so they are kept beside the network's weights: those of the networks
that ship are computed ahead, those of a person's own runs when somebody looks at them.
"""

import functools
import hashlib
import io
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_app.analysis import metrics
from mnist_app.data import datasets
from mnist_app.data.datasets import Split
from mnist_app.data.npz import read_npz
from mnist_app.explain.questions import STRENGTHS, AskResistance, Explained, Resistance
from mnist_app.imaging.corruptions import CORRUPTIONS, apply_to_all
from mnist_app.imaging.normalize import Image
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.prediction import Predictor, spread

# Images in one question, after each of which the progress is told.
BATCH = 100
# Every fifth test image is corrupted.
CORRUPTED_EVERY = 5
# Images whose time is measured.
TIMED = 200
# Probabilities are kept as 16-bit integers.
FULL = 65535


@dataclass(frozen=True)
class Scores:
    """What was measured of one network on the test images of its data set."""

    probabilities: NDArray[np.float32]
    """What it answers, shape (n, 10), rounded to 1/65535."""
    milliseconds: float
    """The median time from an image to its answer, the way to the network and back included."""
    curves: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Corruption -> the accuracy, 0 to 1, at each of its strengths."""
    resistance: Resistance | None = None
    """How well it stands noise that is made against it."""

    @property
    def is_complete(self) -> bool:
        """Whether all corruptions and the noise were measured."""
        return self.resistance is not None and all(name in self.curves for name in CORRUPTIONS)


def read(card: Card) -> Scores | None:
    """Return what was measured of a network; None when nothing was.

    Nor does it count when weights, test images or corruptions have changed since.
    """
    arrays = read_npz(registry.read_artifact(card.name, "scores"))
    try:
        if arrays is None or str(arrays["of"]) != _fingerprint(card):
            return None
        return Scores(
            arrays["probabilities"].astype(np.float32) / np.float32(FULL),
            float(arrays["milliseconds"]),
            {name: tuple(arrays[name].tolist()) for name in CORRUPTIONS if name in arrays},
            _read_resistance(arrays),
        )
    except (ValueError, KeyError, TypeError):
        return None


def measure(predictor: Predictor, card: Card) -> Iterator[float]:
    """Measure a network and keep the scores; yield how much is done, 0 to 1.

    What was kept before an interruption is not measured again. Raises PredictionError,
    DatasetError, and what `registry.write_artifact` raises.
    """
    split = datasets.load_test(card.tested_on)
    some = card.tested_on, CORRUPTED_EVERY
    fingerprint = _fingerprint(card)  # should the network change meanwhile, nobody reads this
    parts = 2 + len(CORRUPTIONS)
    scores = read(card)
    if scores is None:
        answers = []
        batches = list(_batches(split.images))
        for answered in spread(predictor, partial(_answers, card.name), batches):
            answers.append(answered)
            yield len(answers) * BATCH / len(split) / parts
        timed = [split.images[:TIMED]]
        [milliseconds] = spread(predictor, partial(_median_milliseconds, card.name), timed)
        scores = Scores(np.concatenate(answers), milliseconds)
        _keep(card.name, scores, fingerprint)
    for part, (name, corruption) in enumerate(CORRUPTIONS.items(), start=1):
        if name not in scores.curves:
            curve: list[float] = []
            measured = partial(_accuracy, card.name, some, name)
            for accuracy in spread(predictor, measured, corruption.strengths):
                curve.append(accuracy)
                yield (part + len(curve) / len(corruption.strengths)) / parts
            scores = replace(scores, curves=scores.curves | {name: tuple(curve)})
            _keep(card.name, scores, fingerprint)
    if scores.resistance is None:
        resistance = predictor.ask(AskResistance(Explained(card.name), STRENGTHS))
        _keep(card.name, replace(scores, resistance=resistance), fingerprint)
    yield 1.0


def summary(scores: Scores) -> dict[str, Any]:
    """Return the figures, without the probabilities, as an object for JSON."""
    return {
        "images": len(scores.probabilities),
        "milliseconds": round(scores.milliseconds, 3),
        "curves": scores.curves,
        "resistance": scores.resistance and scores.resistance.accuracies,
    }


def _batches(images: Image) -> Iterator[Image]:
    for start in range(0, len(images), BATCH):
        yield images[start : start + BATCH]


def _answers(name: str, predictor: Predictor, images: Image) -> NDArray[np.float32]:
    return predictor.probabilities(images, name)


def _accuracy(
    network: str, some: tuple[str, int], corruption: str, predictor: Predictor, strength: float
) -> float:
    """Return the accuracy, 0 to 1, on images that are corrupted so strongly.

    `some` says which: every so many-th test image of a data set.
    """
    split = _some(*some, datasets.files_version(some[0]))
    images = apply_to_all(split.images, CORRUPTIONS[corruption], strength)
    return metrics.accuracy(predictor.probabilities(images, network), split.labels)


@functools.lru_cache(1)
def _some(source: str, every: int, _version: tuple[int, ...]) -> Split:
    split = datasets.load_test(source)
    return Split(split.images[::every].copy(), split.labels[::every].copy())  # without the others


def _median_milliseconds(name: str, predictor: Predictor, images: Image) -> float:
    """Return how long the network takes for one image."""
    seconds = []
    for index in range(len(images)):
        start = time.perf_counter()
        predictor.probabilities(images[index : index + 1], name)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def _keep(name: str, scores: Scores, fingerprint: str) -> None:
    arrays: dict[str, Any] = {
        "of": np.array(fingerprint),
        "probabilities": np.rint(scores.probabilities * FULL).astype(np.uint16),
        "milliseconds": np.array(scores.milliseconds),
    }
    arrays |= {corruption: np.array(curve) for corruption, curve in scores.curves.items()}
    if scores.resistance is not None:
        arrays["resistance"] = np.array([scores.resistance.strengths, scores.resistance.accuracies])
        arrays["resistance_images"] = np.array(scores.resistance.images)
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    registry.write_artifact(name, "scores", content.getvalue())


def _read_resistance(arrays: dict[str, NDArray[Any]]) -> Resistance | None:
    """Return what was measured at the strengths of today, or None where it was not."""
    if "resistance" not in arrays:
        return None
    strengths, accuracies = arrays["resistance"].tolist()
    found = Resistance(tuple(strengths), tuple(accuracies), int(arrays["resistance_images"]))
    return found if found.strengths == STRENGTHS else None


def _fingerprint(card: Card) -> str:
    """Return what is different when weights, test images or corruptions are."""
    weights = _weights_digest(card.name, registry.version(card.name))
    strengths = {name: corruption.strengths for name, corruption in CORRUPTIONS.items()}
    measured = (weights, datasets.files_version(card.tested_on), strengths)
    return hashlib.sha256(repr(measured).encode()).hexdigest()


@functools.lru_cache(64)
def _weights_digest(name: str, version: int) -> str:  # noqa: ARG001
    weights = registry.read_artifact(name, "weights") or b""
    return hashlib.sha256(weights).hexdigest()
