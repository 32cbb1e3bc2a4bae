"""What a network answers to each test image, and to spoiled ones: figures kept beside its weights.

They take a minute, so a command computes them ahead for the networks that ship, and a thread of
the page process for a person's own runs. The network itself runs in the model process.
"""

import functools
import hashlib
import io
import statistics
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_app.data import datasets
from mnist_app.data.datasets import CLASSES, Split
from mnist_app.imaging.corruptions import CORRUPTIONS, apply_to_all
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Inference
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.storage import write_whole
from mnist_app.training import runs

# Questions of so many images: whoever draws meanwhile waits for one of them at most.
BATCH = 100
# Seconds between two questions: a lock does not go to whoever waits longest by itself.
BREAK = 0.001
# Of the test images, every fifth is spoiled.
SPOILED_EVERY = 5
TIMED = 200
BINS = 15
# Probabilities are kept as whole numbers of 16 bits.
FULL = 65535


@dataclass(frozen=True)
class Scores:
    """What was measured of one network on its data set's test images."""

    probabilities: NDArray[np.float32]
    """Shape (n, 10), to within 0.00001."""
    milliseconds: float
    """From one image to its answer, the way to the model process included; a median."""
    curves: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """The share of spoiled images that it gets right, by way, for each strength."""

    @property
    def is_whole(self) -> bool:
        """Say whether all ways to apply images were measured."""
        return all(name in self.curves for name in CORRUPTIONS)


def read(card: Card) -> Scores | None:
    """Return what was measured of the network; None where it was not, or with other weights.

    Nor does it count where the test images were others, or the ways to apply them.
    """
    try:
        with np.load(_file(card.name), allow_pickle=False) as arrays:
            if str(arrays["of"]) != _fingerprint(card):
                return None
            return Scores(
                arrays["probabilities"].astype(np.float32) / FULL,
                float(arrays["milliseconds"]),
                {name: tuple(arrays[name].tolist()) for name in CORRUPTIONS if name in arrays},
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def stamp(card: Card) -> int:
    """Return a number that is another when what was measured is another; 0 for nothing."""
    try:
        return _file(card.name).stat().st_mtime_ns
    except OSError:
        return 0


def measure(door: Inference, card: Card) -> Iterator[float]:
    """Measure the network and keep what comes out; yield the share that is done, 0 to 1.

    What was kept before, for instance when this was interrupted, is not measured again. Raises
    InferenceError, DatasetError, RunError and OSError.
    """
    split = datasets.load_test(card.tested_on)
    spoiled = split[::SPOILED_EVERY]
    parts = 1 + len(CORRUPTIONS)
    of = _fingerprint(card)  # a run may learn more meanwhile: then all this is void
    scores = read(card)
    if scores is None:
        answers = []
        for start in range(0, len(split), BATCH):
            answers.append(_ask(door, split.images[start : start + BATCH], card.name))
            yield start / len(split) / parts
        scores = Scores(np.concatenate(answers), _milliseconds(door, card.name, split))
        _write(card.name, scores, of)
    for number, (name, way) in enumerate(CORRUPTIONS.items(), start=1):
        curve = list(scores.curves.get(name, ()))
        for strength in way.strengths[len(curve) :]:
            images = apply_to_all(spoiled.images, way, strength)
            curve.append(_share_right(door, card.name, Split(images, spoiled.labels)))
            yield (number + len(curve) / len(way.strengths)) / parts
        scores = replace(scores, curves=scores.curves | {name: tuple(curve)})
        _write(card.name, scores, of)
    yield 1.0


def summary(scores: Scores) -> dict[str, Any]:
    """Return the figures, without the answers themselves, as objects for JSON."""
    return {
        "images": len(scores.probabilities),
        "milliseconds": round(scores.milliseconds, 3),
        "curves": scores.curves,
    }


def confusion(answers: NDArray[np.int64], labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how often each label, a row, got each answer, a column, shape (10, 10)."""
    pairs = labels.astype(np.int64) * CLASSES + answers
    return np.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def mistakes(scores: Scores, labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the indices of the images it gets wrong, the most confident mistake first."""
    wrong = np.flatnonzero(scores.probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-scores.probabilities[wrong].max(axis=1), kind="stable")]


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence."""

    confidence: float
    """Their mean confidence, 0 to 1."""
    accuracy: float
    """The share of them that is right."""
    images: int


def reliability(scores: Scores, labels: NDArray[np.uint8]) -> list[Bin]:
    """Return the answers in 15 bins of confidence, empty bins left out.

    Guo et al., On Calibration of Modern Neural Networks (2017), section 2.
    """
    confidence = scores.probabilities.max(axis=1)
    right = scores.probabilities.argmax(axis=1) == labels
    which = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    return [
        Bin(float(confidence[here].mean()), float(right[here].mean()), int(here.sum()))
        for here in (which == number for number in range(BINS))
        if here.any()
    ]


def calibration_error(confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error, 0 to 1, over 15 bins of equal width.

    The mean distance between confidence and accuracy in a bin, weighted by its share of the
    answers: Guo et al., On Calibration of Modern Neural Networks (2017), section 2. Both arrays
    have shape (n,); without any answers it is 0.
    """
    bins = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    gaps = np.bincount(bins, right, BINS) - np.bincount(bins, confidence, BINS)
    return float(np.abs(gaps).sum() / max(1, len(confidence)))


def interval(share: float, images: int) -> tuple[float, float]:
    """Return the 95% confidence interval of a share, 0 to 1, that was seen in so many images.

    Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927).
    """
    z = statistics.NormalDist().inv_cdf(0.975)
    middle = (share + z**2 / (2 * images)) / (1 + z**2 / images)
    half = z / (1 + z**2 / images) * (share * (1 - share) / images + (z / images / 2) ** 2) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def _ask(door: Inference, images: Image, name: str) -> NDArray[np.float32]:
    """Ask about a batch, and let those who wait for the model process have it for a moment."""
    answers = door.classify(images, name)
    time.sleep(BREAK)
    return answers


def _share_right(door: Inference, name: str, split: Split) -> float:
    right = 0
    for start in range(0, len(split), BATCH):
        some = split[start : start + BATCH]
        right += int(np.sum(_ask(door, some.images, name).argmax(axis=1) == some.labels))
    return right / len(split)


def _milliseconds(door: Inference, name: str, split: Split) -> float:
    seconds = []
    for index in range(TIMED):
        began = time.perf_counter()
        door.classify(split.images[index : index + 1], name)
        seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds)


def _write(name: str, scores: Scores, of: str) -> None:
    arrays: dict[str, Any] = {
        "of": np.array(of),
        "probabilities": np.rint(scores.probabilities * FULL).astype(np.uint16),
        "milliseconds": np.array(scores.milliseconds),
    }
    arrays |= {way: np.array(curve) for way, curve in scores.curves.items()}
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    write_whole(_file(name), content.getvalue())


def _file(name: str) -> Path:
    return runs.network_folder(name) / f"{name}.scores.npz"


def _fingerprint(card: Card) -> str:
    """Return what tells these weights, test images and ways to apply them from others."""
    file = runs.network_folder(card.name) / f"{card.name}.weights.h5"
    strengths = {name: way.strengths for name, way in CORRUPTIONS.items()}
    of = (_digest(file, registry.version(card.name)), datasets.stamp(card.tested_on), strengths)
    return hashlib.sha256(repr(of).encode()).hexdigest()


@functools.lru_cache(64)
def _digest(weights: Path, version: int) -> str:  # noqa: ARG001
    return hashlib.sha256(weights.read_bytes()).hexdigest()
