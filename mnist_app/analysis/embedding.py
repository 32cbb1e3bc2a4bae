"""A map of MNIST's training images: two are near each other where the network sees them alike.

What the network sees is the output of its last hidden layer. The map is computed ahead, by
`python -m mnist_app map`, and placed on it is a new drawing among those that are most like it.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_app.data import datasets
from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.image_files import encode_with_palette
from mnist_app.inference import Inference
from mnist_app.networks.card import ASSETS
from mnist_app.storage import replaced

NETWORK = "cnn"
LAYER = "dense1"
FILE = ASSETS / "map.npz"
# Of the layer's 128 values only these many principal components are kept.
COMPONENTS = 20
NEIGHBORS = 8
BATCH = 500
SEED = 1
MAKER = "openTSNE==1.0.4"
# Pixels a side.
SIDE = 640
BACKGROUND = (16, 20, 24)
# Tableau's ten, of which neighbors on the map differ enough; names stand on it, too.
COLORS = (
    (78, 121, 167),
    (242, 142, 43),
    (225, 87, 89),
    (118, 183, 178),
    (89, 161, 79),
    (237, 201, 72),
    (176, 122, 161),
    (255, 157, 167),
    (156, 117, 95),
    (186, 176, 172),
)


class EmbeddingError(Exception):
    """A map that cannot be made; the message is a sentence for the person."""


@dataclass(frozen=True)
class Place:
    """Where a drawing lies on the map."""

    x: float
    """From the left, 0 to 1."""
    y: float
    """From the top, 0 to 1."""
    neighbors: NDArray[np.int64]
    """The indices of the training images that are most like it, the most alike first."""


@dataclass(frozen=True)
class Embedding:
    """The map, and what is needed to find a place on it."""

    positions: NDArray[np.float32]
    """Where each training image lies: x from the left and y from the top, 0 to 1; (60000, 2)."""
    components: Array
    """Its principal components, float32 (60000, 20)."""
    mean: Array
    """The layer's mean output, (128,)."""
    axes: Array
    """The directions of the components, (128, 20)."""

    def place(self, hidden: Array) -> Place:
        """Return where an image belongs whose hidden layer's output is `hidden`, shape (128,).

        That is the middle, by the median, of its nearest.
        """
        own = (hidden - self.mean) @ self.axes
        ways = self.components - own
        distances = np.einsum("ij,ij->i", ways, ways)
        nearest = np.argpartition(distances, NEIGHBORS)[:NEIGHBORS]
        nearest = nearest[np.argsort(distances[nearest])]
        x, y = np.median(self.positions[nearest], axis=0)
        return Place(float(x), float(y), nearest)

    def nearest_to(self, x: float, y: float) -> int:
        """Return the index of the training image that lies nearest to a point of the map."""
        return int(np.square(self.positions - np.array([x, y])).sum(axis=1).argmin())


@functools.cache
def read() -> Embedding:
    """Return the map that ships with the program."""
    with np.load(FILE) as arrays:
        return Embedding(
            arrays["positions"].astype(np.float32) / np.iinfo(np.uint16).max,
            arrays["components"].astype(np.float32) * arrays["step"],
            arrays["mean"],
            arrays["axes"],
        )


def paint(embedding: Embedding, labels: NDArray[np.uint8]) -> bytes:
    """Return the map as a PNG file: a dot an image, in the color of its label."""
    picture = np.zeros((SIDE, SIDE), np.uint8)
    columns, rows = np.rint(embedding.positions * (SIDE - 1)).astype(int).T
    picture[rows, columns] = labels + 1
    return encode_with_palette(picture, [BACKGROUND, *COLORS])


def names(embedding: Embedding, labels: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Return where each digit's name belongs, x and y: the middle of its images."""
    middles = [np.median(embedding.positions[labels == digit], axis=0) for digit in range(CLASSES)]
    return [(float(x), float(y)) for x, y in middles]


def build(door: Inference, file: Path = FILE) -> None:
    """Make the map with t-SNE, which takes some minutes, and write it.

    Van der Maaten and Hinton, Visualizing Data using t-SNE (2008). Raises EmbeddingError where the
    library that computes it is not installed, InferenceError and OSError.
    """
    try:
        from openTSNE import TSNE
    except ImportError:
        raise EmbeddingError(
            f"To make the map, and for nothing else, {MAKER} is needed: pip install {MAKER}"
        ) from None
    hidden = hidden_outputs(door, datasets.whole_training().images)
    mean, axes = principal_axes(hidden)
    components = (hidden - mean) @ axes
    step = np.float32(np.abs(components).max() / 127)
    rounded = np.rint(components / step).astype(np.int8)
    found = np.asarray(TSNE(n_jobs=-1, random_state=SEED, verbose=True).fit(rounded * step))
    low, high = found.min(axis=0), found.max(axis=0)
    positions = (found - low) / (high - low) * np.iinfo(np.uint16).max
    with replaced(file) as beside, beside.open("wb") as output:
        np.savez_compressed(
            output,
            positions=np.rint(positions).astype(np.uint16),
            components=rounded,
            step=step,
            mean=mean,
            axes=axes,
        )


def hidden_outputs(door: Inference, images: NDArray[np.uint8]) -> Array:
    """Return the hidden layer's output for images, uint8 (n, 28, 28), as float32 (n, 128).

    Raises InferenceError.
    """
    return np.concatenate(
        [
            door.outputs(images[start : start + BATCH], LAYER, NETWORK)
            for start in range(0, len(images), BATCH)
        ]
    )


def principal_axes(values: Array) -> tuple[Array, Array]:
    """Return the mean, (n,), and the first principal axes, (n, 20), of rows of n values."""
    mean = values.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov(values - mean, rowvar=False))
    return mean, directions[:, ::-1][:, :COMPONENTS].astype(np.float32)
