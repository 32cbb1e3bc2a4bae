"""A map of MNIST's training images: those that the network sees alike lie near each other.

It is an embedding in two dimensions of what the last hidden layer makes of each image, computed
ahead by `python -m mnist_app map`. A new drawing is placed among the images most similar to it.
"""

import functools
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_app import storage
from mnist_app.data import datasets
from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import Image
from mnist_app.networks.card import ASSETS
from mnist_app.networks.prediction import Predictor

NETWORK = "cnn"
LAYER = "dense1"
FILE = ASSETS / "map.npz"
# Of the layer's 128 values, so many principal components are kept.
COMPONENTS = 20
NEIGHBORS = 8
SEED = 1
TSNE_PACKAGE = "openTSNE==1.0.4"
# Images in one picture for the browser, and how many such pictures there are.
BLOCK, BLOCKS = 250, 240
BLOCK_ACROSS = 25
# A color, RGB, for each digit: Tableau's ten. Neighbors on the map differ enough, and the digits'
# names stand on it, too.
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
    """A map that cannot be built; the message is a sentence for the person."""


@dataclass(frozen=True)
class Place:
    """Where a drawing lies on the map."""

    x: float
    """From the left, 0 to 1."""
    y: float
    """From the top, 0 to 1."""
    neighbors: NDArray[np.int64]
    """The indices of the training images most similar to it, the most similar one first."""


@dataclass(frozen=True)
class Embedding:
    """The map, and what it takes to find a place on it."""

    positions: Array
    """x from the left and y from the top of each training image, 0 to 1, float32 (60000, 2)."""
    components: Array
    """The principal components of each training image, float32 (60000, 20)."""
    mean: Array
    """The hidden layer's mean output, float32 (128,)."""
    axes: Array
    """The directions of the components, float32 (128, 20)."""

    def place(self, hidden: Array) -> Place:
        """Return where an image belongs for which the hidden layer gives `hidden`, shape (128,).

        That is the median of its nearest neighbors' positions.
        """
        differences = self.components - (hidden - self.mean) @ self.axes
        distances = np.einsum("ij,ij->i", differences, differences)
        nearest = np.argpartition(distances, NEIGHBORS)[:NEIGHBORS]
        nearest = nearest[np.argsort(distances[nearest])]
        x, y = np.median(self.positions[nearest], axis=0)
        return Place(float(x), float(y), nearest)


@functools.cache
def read() -> Embedding:
    """Return the map that ships with the program."""
    return load(FILE)


def load(file: Path) -> Embedding:
    """Return the map that `build` wrote into a file. Raises OSError."""
    with np.load(file) as arrays:
        return Embedding(
            arrays["positions"].astype(np.float32) / np.iinfo(np.uint16).max,
            arrays["components"].astype(np.float32) * arrays["step"],
            arrays["mean"],
            arrays["axes"],
        )


def pack(embedding: Embedding, labels: NDArray[np.uint8]) -> bytes:
    """Return the map as one file for the browser, which places drawings while they are drawn.

    It is the length of a JSON object in four bytes, the object, and arrays, all little-endian: the
    hidden layer's mean and the axes, float32; the positions, uint16, the images' numbers, uint16,
    their labels, uint8, and their components, int8, in units of "step". Images that lie near each
    other on the map follow each other, see `order`.
    """
    ordered = order(embedding)
    step = float(np.abs(embedding.components).max() / 127)
    about = {
        "images": len(ordered),
        "hidden": len(embedding.mean),
        "components": COMPONENTS,
        "step": step,
        "neighbors": NEIGHBORS,
        "layer": LAYER,
        "block": BLOCK,
        "across": BLOCK_ACROSS,
        "colors": COLORS,
        "names": names(embedding, labels),
    }
    text = json.dumps(about).encode()
    text += b" " * (-len(text) % 4)
    arrays = (
        embedding.mean.astype("<f4"),
        embedding.axes.astype("<f4"),
        np.rint(embedding.positions[ordered] * np.iinfo(np.uint16).max).astype("<u2"),
        ordered.astype("<u2"),
        labels[ordered],
        np.rint(embedding.components[ordered] / step).astype(np.int8),
    )
    return b"".join([struct.pack("<I", len(text)), text, *(array.tobytes() for array in arrays)])


def order(embedding: Embedding) -> NDArray[np.int64]:
    """Return the images' indices so that neighbors on the map follow each other: along a Z-curve.

    Morton, A computer oriented geodetic data base (1966).
    """
    cells = np.rint(embedding.positions * 1023).astype(np.int64)
    code = np.zeros(len(cells), np.int64)
    for bit in range(10):
        for axis in range(2):
            code |= (cells[:, axis] >> bit & 1) << (2 * bit + axis)
    return np.argsort(code, kind="stable")


def block(embedding: Embedding, images: Image, number: int) -> bytes:
    """Return the images of a block as one PNG file, in rows; `number` is 0 for the first block."""
    shown = images[order(embedding)[number * BLOCK : (number + 1) * BLOCK]]
    down, side = BLOCK // BLOCK_ACROSS, images.shape[1]
    tiles = np.zeros((down * BLOCK_ACROSS, side, side), np.uint8)
    tiles[: len(shown)] = shown
    rows = tiles.reshape(down, BLOCK_ACROSS, side, side).swapaxes(1, 2)
    return encode_png(np.ascontiguousarray(rows).reshape(down * side, BLOCK_ACROSS * side))


def names(embedding: Embedding, labels: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Return where each digit's name belongs, x and y: at the median of its images."""
    medians = [np.median(embedding.positions[labels == digit], axis=0) for digit in range(CLASSES)]
    return [(float(x), float(y)) for x, y in medians]


def build(predictor: Predictor, file: Path = FILE) -> None:
    """Build the map with t-SNE, which takes some minutes, and write it.

    Van der Maaten and Hinton, Visualizing Data using t-SNE (2008). Raises EmbeddingError when the
    library that computes it is not installed, PredictionError and OSError.
    """
    try:
        from openTSNE import TSNE
    except ImportError:
        raise EmbeddingError(
            f"Building the map needs {TSNE_PACKAGE}. Install it: pip install {TSNE_PACKAGE}"
        ) from None
    hidden = predictor.outputs(datasets.load_all_training().images, LAYER, NETWORK)
    mean, axes = principal_axes(hidden)
    components = (hidden - mean) @ axes
    step = np.float32(np.abs(components).max() / 127)
    rounded = np.rint(components / step).astype(np.int8)
    embedded = np.asarray(TSNE(n_jobs=-1, random_state=SEED, verbose=True).fit(rounded * step))
    with storage.replaced(file) as beside, beside.open("wb") as output:
        np.savez_compressed(
            output,
            positions=_as_integers(embedded),
            components=rounded,
            step=step,
            mean=mean,
            axes=axes,
        )


def principal_axes(values: Array) -> tuple[Array, Array]:
    """Return the mean, (n,), and the first principal axes, (n, 20), of rows of n values."""
    mean = values.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov(values - mean, rowvar=False))
    return mean, directions[:, ::-1][:, :COMPONENTS].astype(np.float32)


def _as_integers(points: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Return points, (n, 2), stretched over the whole range of 16-bit integers."""
    low, high = points.min(axis=0), points.max(axis=0)
    shares = (points - low) / (high - low)
    return np.asarray(np.rint(shares * np.iinfo(np.uint16).max), np.uint16)
