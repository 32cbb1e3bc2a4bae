"""The images and targets of each epoch of a run; augmented ones are made by other processes."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from loky import ProcessPoolExecutor, cpu_count
from loky.backend import get_context
from numpy.typing import NDArray

from mnist_app import cluster
from mnist_app.data import datasets, stroke_files
from mnist_app.data.augmentation import augment
from mnist_app.data.datasets import Split, one_hot
from mnist_app.data.epochs import Epoch, Makers
from mnist_app.data.label_noise import mislabel
from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.imaging.normalize import Image
from mnist_app.training.run import drawings_per_epoch
from mnist_app.training.settings import Settings

# From so many of a file's writers no network learns.
WRITERS_APART = 6

EpochData = tuple[Image, NDArray[np.float32]]
"""Images, uint8 (n, 28, 28), and targets, float32 (n, 10)."""


@dataclass(frozen=True)
class Written:
    """People's digits that a run brings along, by what becomes of them."""

    learned: tuple[WrittenDigit, ...] = ()
    """These are written anew in each epoch."""
    apart: tuple[WrittenDigit, ...] = ()
    """By other writers: on these the network is calibrated."""


def read_strokes(content: bytes | None) -> Written:
    """Return the digits that `stroke_files.as_npz` wrote; none for None."""
    if content is None:
        return Written()
    written = stroke_files.from_npz(content)
    apart = stroke_files.held_apart(written, WRITERS_APART)
    names = {digit.writer for digit in apart}
    return Written(tuple(digit for digit in written if digit.writer not in names), tuple(apart))


def read_drawings(content: bytes | None) -> Split | None:
    """Return the drawings that `labeled_drawings.as_npz` wrote; None for None."""
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return Split(arrays["images"], arrays["labels"])


def epochs(
    settings: Settings,
    drawings: Split | None,
    numbers: range,
    written: Sequence[WrittenDigit] = (),
) -> Iterator[EpochData]:
    """Yield the data of the epochs `numbers`; the next is made while one is learned.

    `written` are people's digits that are written anew. Raises DatasetError, and ClusterError where
    a cluster makes them and does not answer.
    """
    split = datasets.load_training(settings.data, settings.images)
    split = Split(split.images, mislabel(split.labels, settings.label_noise, settings.seed))
    if settings.augmentation == "none":
        for number in numbers:
            plain = split.images, one_hot(split.labels)
            yield _with_drawings(settings, drawings, number, *plain)
        return
    with _makers() as makers:

        def begin(number: int) -> Epoch:
            return Epoch(makers, split, settings.mixture, settings.seed, number, written)

        following = None
        for number in numbers:
            current = following or begin(number)
            images, targets = current.result()
            if number + 1 in numbers:
                following = begin(number + 1)
            yield _with_drawings(settings, drawings, number, images, targets)


@contextmanager
def _makers() -> Iterator[Makers]:
    """Give processes that make images: of this machine, or of a cluster where one is named."""
    if cluster.is_named():
        # A connection that is lost draws random numbers where networks draw theirs.
        with cluster.connected():
            yield cluster
        return
    # A worker that is killed leaves processes behind, which end after a minute.
    executor = ProcessPoolExecutor(cpu_count(), timeout=60, context=get_context("loky"))
    try:
        yield executor
    finally:
        executor.shutdown(kill_workers=True)  # no further images are waited for


def _with_drawings(
    settings: Settings,
    drawings: Split | None,
    number: int,
    images: Image,
    targets: NDArray[np.float32],
) -> EpochData:
    """Add a person's drawings, each many times and augmented."""
    if drawings is None:
        return images, targets
    count = drawings_per_epoch(settings)
    chosen = np.arange(count) % len(drawings)
    generator = np.random.default_rng([settings.seed, number, count])
    varied = augment(drawings.images[chosen], generator)
    labels = one_hot(drawings.labels[chosen])
    return np.concatenate([images, varied]), np.concatenate([targets, labels])
