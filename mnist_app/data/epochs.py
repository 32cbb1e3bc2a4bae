"""What a network learns from in one epoch: varied MNIST, digits written here, and non-digits."""

from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.augmentation import augment
from mnist_app.data.datasets import CLASSES, Split, one_hot
from mnist_app.data.negatives import draw_nondigits
from mnist_app.data.synthetic_digits import STYLES, write, write_digits
from mnist_app.imaging.normalize import Image, bounding_box, normalize_ink

# Images that one task makes; more tasks than cores, so that all cores end together.
TASK = 4000

Part = tuple[Image, NDArray[np.float32]]


@dataclass(frozen=True)
class Mixture:
    """How many images of each origin an epoch has."""

    written: int
    """Digits written by the program."""
    nondigits: int
    """Drawings that are no digit."""


class Epoch:
    """The images and targets of one epoch, being made in other processes."""

    def __init__(
        self, executor: Executor, split: Split, mixture: Mixture, seed: int, number: int
    ) -> None:
        """Hand out the work; seed and number decide on all that is random in it."""
        tasks = [
            partial(_vary, split.images[i : i + TASK], split.labels[i : i + TASK])
            for i in range(0, len(split), TASK)
        ]
        tasks += [partial(_write, size) for size in _sizes(mixture.written)]
        tasks += [partial(_draw, split.images[:TASK], size) for size in _sizes(mixture.nondigits)]
        self._parts: list[Future[Part]] = [
            executor.submit(task, np.random.default_rng([seed, number, index]))
            for index, task in enumerate(tasks)
        ]

    def result(self) -> Part:
        """Wait for the images, uint8 (n, 28, 28), and targets, float32 (n, 10), summing to 1."""
        images, targets = zip(*(part.result() for part in self._parts), strict=True)
        return np.concatenate(images), np.concatenate(targets)


def sample_sheet(seed: int, columns: int = 24) -> Image:
    """Return one picture of what the program writes: a row a digit, then three of no digit.

    The same seed gives the same picture, uint8 (13 * 28, columns * 28).
    """
    generator = np.random.default_rng(seed)
    rows = [np.hstack([write(style, generator) for _ in range(columns)]) for style in STYLES]
    rows += [np.hstack(list(draw_nondigits(columns, generator))) for _ in range(3)]
    return np.vstack(rows)


def _sizes(count: int) -> list[int]:
    return [min(TASK, count - done) for done in range(0, count, TASK)]


def _vary(images: Image, labels: NDArray[np.uint8], generator: np.random.Generator) -> Part:
    return augment(images, generator), one_hot(labels)


def _vary_half(images: Image, generator: np.random.Generator) -> Image:
    """Half of what is drawn goes through the same changes as MNIST's images."""
    half = len(images) // 2
    return np.concatenate([augment(images[:half], generator), images[half:]])


def _write(count: int, generator: np.random.Generator) -> Part:
    images, labels = write_digits(count, generator)
    return _vary_half(images, generator), one_hot(labels)


def _draw(originals: Image, count: int, generator: np.random.Generator) -> Part:
    """Most are drawn, a quarter is made of MNIST's images, lest a digit be told by its pixels."""
    pairs = [_pair(originals, generator) for _ in range(count // 4)]
    drawn = draw_nondigits(count - len(pairs), generator)
    images = np.concatenate([drawn, np.stack(pairs)]) if pairs else drawn
    targets = np.full((count, CLASSES), 1 / CLASSES, np.float32)
    return _vary_half(images, generator), targets


def _pair(originals: Image, generator: np.random.Generator) -> Image:
    """Return two of MNIST's digits side by side, or three, normalized as one."""
    chosen = originals[generator.integers(len(originals), size=generator.integers(2, 4))]
    boxes = [bounding_box(image) for image in chosen]
    columns = [image[:, x : x + w] for image, (x, _, w, _) in zip(chosen, boxes, strict=True)]
    return normalize_ink(np.hstack(columns))
