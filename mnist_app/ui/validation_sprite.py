"""The validation images that a training looks at, as one picture that browsers keep for ever.

A wall of digits that a network gets wrong shows parts of it.
"""

import functools
import hashlib
from dataclasses import dataclass
from threading import Condition

import numpy as np
from cachetools import LRUCache, cached

from mnist_app.data import datasets
from mnist_app.data.datasets import SOURCES, WATCHED_IMAGES, DatasetError, Split
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import IMAGE_SIDE

ACROSS = 25
"""How many images stand side by side in the picture, row after row."""


@dataclass(frozen=True)
class Sprite:
    """The watched images of a data set as a picture."""

    source: str
    png: bytes
    """In gray; 25 images across, 20 down, without space between them."""

    @functools.cached_property
    def path(self) -> str:
        """The path of its URL, from the pages' root: another picture has another one."""
        digest = hashlib.sha256(self.png).hexdigest()[:16]
        return f"validation/{self.source}/{digest}.png"


def watched_images(source: str) -> Split:
    """Return the first WATCHED_IMAGES validation images of a data set.

    Black ones without a digit, labeled 0, where its files are missing or wrong.
    """
    return _watched_images(source, datasets.files_version(source))


def sprite(source: str) -> Sprite:
    """Return the picture of a data set's watched images, see `watched_images`."""
    return _sprite(source, datasets.files_version(source))


def find_sprite(source: str, path: str) -> bytes | None:
    """Return a data set's picture as a PNG file; None where another path leads to it now."""
    if source not in SOURCES or sprite(source).path != path:
        return None
    return sprite(source).png


@cached(LRUCache(4), condition=Condition())
def _watched_images(source: str, stamp: tuple[int, ...]) -> Split:  # noqa: ARG001
    try:
        split = datasets.load_validation(source)[:WATCHED_IMAGES]
        return Split(split.images.copy(), split.labels.copy())  # without all others
    except DatasetError:
        shape = (WATCHED_IMAGES, IMAGE_SIDE, IMAGE_SIDE)
        return Split(np.zeros(shape, np.uint8), np.zeros(WATCHED_IMAGES, np.uint8))


@cached(LRUCache(4), condition=Condition())
def _sprite(source: str, stamp: tuple[int, ...]) -> Sprite:  # noqa: ARG001
    rows = watched_images(source).images.reshape(-1, ACROSS, IMAGE_SIDE, IMAGE_SIDE)
    picture = rows.swapaxes(1, 2).reshape(-1, ACROSS * IMAGE_SIDE)
    return Sprite(source, encode_png(picture))
