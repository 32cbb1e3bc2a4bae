"""What a network learns from in an epoch: augmented images, others that are made, negatives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.augmentation import augment
from mnist_app.data.datasets import CLASSES, Split, one_hot
from mnist_app.data.negatives import draw_negatives
from mnist_app.data.rewritten_digits import rewrite_digits
from mnist_app.data.scan_faults import spoil
from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.data.synthetic_digits import STYLES, write, write_digits
from mnist_app.imaging.normalize import Image, bounding_box, normalize_ink

# Images that one task makes: few enough for more tasks than cores, so that all cores end together.
TASK_IMAGES = 4000

Part = tuple[Image, NDArray[np.float32]]
"""Images, uint8 (n, 28, 28), and targets, float32 (n, 10), each of which sums to 1."""

Task = Callable[[np.random.Generator], Part]
"""What makes a part."""


@dataclass(frozen=True)
class Mixture:
    """How many images an epoch has that do not come from a data set."""

    synthetic: int
    """Synthetic digits."""
    negatives: int
    """Drawings of no digit."""
    rewritten: int = 0
    """People's digits, written anew."""
    spoiled: float = 0.0
    """The share of all images, 0 to 1, that has what a bad scan or a camera brings."""


class Promise(Protocol):
    """A part of an epoch that is being made."""

    def result(self) -> Part:
        """Wait for it, and return it."""


class Makers(Protocol):
    """Other processes that make images: an executor of `concurrent.futures`, or a cluster."""

    def submit(
        self,
        make: Callable[[Task, float, np.random.Generator], Part],
        task: Task,
        spoiled: float,
        generator: np.random.Generator,
        /,
    ) -> Promise:
        """Let one of them call `make`."""


class Epoch:
    """The images and targets of one epoch, which other processes make."""

    def __init__(
        self,
        makers: Makers,
        split: Split,
        mixture: Mixture,
        seed: int,
        number: int,
        written: Sequence[WrittenDigit] = (),
    ) -> None:
        """Hand out the work. All that is random in it follows from `seed` and epoch `number`.

        `written` are the people's digits that are written anew; there must be some if any shall be.
        """
        tasks = [
            partial(_augment, split[start : start + TASK_IMAGES])
            for start in range(0, len(split), TASK_IMAGES)
        ]
        tasks += [partial(_synthesize, count) for count in _counts(mixture.synthetic)]
        for index, count in enumerate(_counts(mixture.rewritten)):
            some = _some(written, np.random.default_rng([seed, number, index]))
            tasks.append(partial(_rewrite, some, count))
        originals = split.images[:TASK_IMAGES]
        tasks += [partial(_draw_negatives, originals, n) for n in _counts(mixture.negatives)]
        self._parts: list[Promise] = [
            makers.submit(
                _spoiled, task, mixture.spoiled, np.random.default_rng([seed, number, index])
            )
            for index, task in enumerate(tasks)
        ]

    def result(self) -> Part:
        """Wait for the images and targets, and return them; see `Part`."""
        images, targets = zip(*(part.result() for part in self._parts), strict=True)
        return np.concatenate(images), np.concatenate(targets)


def sample_sheet(seed: int, columns: int = 24) -> Image:
    """Return a picture of synthetic digits, a row for each, and three rows of negatives.

    The same seed gives the same picture, uint8 (13 * 28, columns * 28).
    """
    generator = np.random.default_rng(seed)
    rows = [np.hstack([write(style, generator) for _ in range(columns)]) for style in STYLES]
    rows += [np.hstack(list(draw_negatives(columns, generator))) for _ in range(3)]
    return np.vstack(rows)


def _counts(images: int) -> list[int]:
    """Return how many images each task makes."""
    return [min(TASK_IMAGES, images - done) for done in range(0, images, TASK_IMAGES)]


def _some(written: Sequence[WrittenDigit], generator: np.random.Generator) -> list[WrittenDigit]:
    """Return a part of the digits, chosen anew for each task: few enough to be sent to it."""
    chosen = generator.permutation(len(written))[: TASK_IMAGES // 2]
    return [written[index] for index in chosen]


def _spoiled(task: Task, share: float, generator: np.random.Generator) -> Part:
    images, targets = task(generator)
    return (spoil(images, share, generator) if share else images), targets


def _augment(split: Split, generator: np.random.Generator) -> Part:
    return augment(split.images, generator), one_hot(split.labels)


def _synthesize(count: int, generator: np.random.Generator) -> Part:
    images, labels = write_digits(count, generator)
    return _augment_half(images, generator), one_hot(labels)


def _rewrite(written: Sequence[WrittenDigit], count: int, generator: np.random.Generator) -> Part:
    images, labels = rewrite_digits(written, count, generator)
    return images, one_hot(labels)


def _draw_negatives(originals: Image, count: int, generator: np.random.Generator) -> Part:
    """Make negatives, a quarter of them of the data set's own images.

    Otherwise a network could tell a digit by how its pixels look.
    """
    groups = [_group(originals, generator) for _ in range(count // 4)]
    drawn = draw_negatives(count - len(groups), generator)
    images = np.concatenate([drawn, np.stack(groups)]) if groups else drawn
    targets = np.full((count, CLASSES), 1 / CLASSES, np.float32)
    return _augment_half(images, generator), targets


def _augment_half(images: Image, generator: np.random.Generator) -> Image:
    half = len(images) // 2
    return np.concatenate([augment(images[:half], generator), images[half:]])


def _group(originals: Image, generator: np.random.Generator) -> Image:
    """Return two or three of the data set's digits side by side, normalized as one."""
    chosen = originals[generator.integers(len(originals), size=generator.integers(2, 4))]
    boxes = [bounding_box(image) for image in chosen]
    columns = [image[:, x : x + w] for image, (x, _, w, _) in zip(chosen, boxes, strict=True)]
    return normalize_ink(np.hstack(columns))
