"""MNIST and EMNIST Digits as arrays: training, validation and test images.

The last 3,000 of a data set's training images are for validation: no network learns digits from
them, and each finds out on them how sure it may be. A training looks at the test images once, at
the end.
"""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.storage import home

MNIST_FILE = Path(__file__).parent.parent / "assets" / "mnist.npz"
CLASSES = 10
VALIDATION_IMAGES = 3_000
WATCHED_IMAGES = 500
"""So many validation images, the first ones, are looked at again and again during a training."""
TRAINING_IMAGES = 57_000
"""Of MNIST, the validation images left out."""
EMNIST_PAGE = "https://www.nist.gov/itl/products-and-services/emnist-dataset"
EMNIST_DOWNLOAD = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"


@dataclass(frozen=True)
class ExpectedFile:
    """A file of the official archive."""

    name: str
    holds: str
    """What is in it, in words."""
    bytes: int
    """Its size."""
    sha256: str
    """Its digest, in hexadecimal."""


# Sizes and digests are those of the Git LFS pointers of https://github.com/aurelienduarte/emnist:
# NIST itself publishes none for single files.
EMNIST_FILES = {
    "training": (
        ExpectedFile(
            "emnist-digits-train-images-idx3-ubyte.gz",
            "240,000 images",
            59_515_779,
            "f7c95004d14d81af89522e67d8f0c781dfb3bd544181c81bfe1eb6b41c35b726",
        ),
        ExpectedFile(
            "emnist-digits-train-labels-idx1-ubyte.gz",
            "their labels",
            113_859,
            "6638a6ff5fe2eefd9cca2471995b46c82986b8e4b2a70d2f5ce8e05d7edb319e",
        ),
    ),
    "test": (
        ExpectedFile(
            "emnist-digits-test-images-idx3-ubyte.gz",
            "40,000 images",
            9_908_519,
            "20ebe43509264f7639d37c835a3f0b009e90b29e00a099a03101abe1644a3f63",
        ),
        ExpectedFile(
            "emnist-digits-test-labels-idx1-ubyte.gz",
            "their labels",
            19_960,
            "bad1834c45d5988e270b99d43b13edc3fd898f658ffbc2caf2846ef27f7b05b0",
        ),
    ),
}
"""Images and labels of each part."""
# IDX: two zero bytes, the type (8 is unsigned byte), the number of dimensions; then each dimension
# as four bytes, the most significant one first: http://yann.lecun.com/exdb/mnist/
_IDX_BYTES = b"\0\0\x08"
_REPLACE = "Replace it with the file from the official archive."


class DatasetError(Exception):
    """A data set that cannot be read; the message is a sentence for the person."""


@dataclass(frozen=True)
class Source:
    """Where digits come from."""

    name: str
    """What settings and the command line call it."""
    title: str
    """What pages call it."""
    training: int
    """How many training images it has, the validation images included."""
    test: int
    """How many test images it has."""


MNIST = Source("mnist", "MNIST", 60_000, 10_000)
EMNIST = Source("emnist-digits", "EMNIST Digits", 240_000, 40_000)
SOURCES = {source.name: source for source in (MNIST, EMNIST)}


@dataclass(frozen=True)
class Split:
    """Images with their labels, index by index."""

    images: NDArray[np.uint8]
    """Shape (n, 28, 28), 0 black to 255 white."""
    labels: NDArray[np.uint8]
    """Shape (n,), 0 to 9."""

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def __getitem__(self, which: slice) -> "Split":
        """Return some of the images with their labels."""
        return Split(self.images[which], self.labels[which])

    def __add__(self, other: "Split") -> "Split":
        """Return the images of both."""
        return Split(
            np.concatenate([self.images, other.images]),
            np.concatenate([self.labels, other.labels]),
        )


def load_all_training(source: str = MNIST.name) -> Split:
    """Return all training images of a data set, the validation images included: 60,000 of MNIST.

    Raises DatasetError when its files are missing or wrong.
    """
    return _read_mnist("train") if source == MNIST.name else _read_emnist("training")


def load_training(source: str = MNIST.name, count: int | None = None) -> Split:
    """Return the first `count` images to learn from, or all of them: 57,000 of MNIST.

    Raises DatasetError, also when there are fewer than `count`.
    """
    split = load_all_training(source)
    if len(split) - VALIDATION_IMAGES < (count or 1):
        raise DatasetError(
            f"The files of {SOURCES[source].title} hold {len(split):,} training images, of which "
            f"{VALIDATION_IMAGES:,} are kept for validation. Use fewer images, or replace the "
            "files with those from the official archive."
        )
    return split[:-VALIDATION_IMAGES][:count]


def load_validation(source: str = MNIST.name) -> Split:
    """Return the validation images, the last 3,000 for training. Raises DatasetError."""
    return load_all_training(source)[-VALIDATION_IMAGES:]


def load_test(source: str = MNIST.name) -> Split:
    """Return the test images: 10,000 of MNIST. Raises DatasetError."""
    return _read_mnist("test") if source == MNIST.name else _read_emnist("test")


def emnist_folder() -> Path:
    """Return the folder where the files of EMNIST belong."""
    return home() / "emnist"


def emnist_files() -> list[ExpectedFile]:
    """Return all files that EMNIST Digits consists of."""
    return [file for part in EMNIST_FILES.values() for file in part]


def files_version(source: str) -> tuple[int, ...]:
    """Return numbers that change when a data set's files do: their sizes and times of change."""
    numbers = []
    for file in emnist_files() if source == EMNIST.name else []:
        path = emnist_folder() / file.name
        numbers += [path.stat().st_size, path.stat().st_mtime_ns] if path.exists() else [0, 0]
    return tuple(numbers)


def require_files(source: str) -> None:
    """Raise DatasetError, naming the first file, when files of a data set are missing."""
    for file in emnist_files() if source == EMNIST.name else []:
        if not (emnist_folder() / file.name).exists():
            raise DatasetError(_missing(file.name))


def unofficial_files() -> list[str]:
    """Return the names of EMNIST's files that are there but not from the official archive."""
    return [
        file.name
        for file in emnist_files()
        if (path := emnist_folder() / file.name).exists()
        and hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256
    ]


def one_hot(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return labels of shape (n,), 0 to 9, as rows with a single one, shape (n, 10)."""
    return np.eye(CLASSES, dtype=np.float32)[labels]


def _read_mnist(part: str) -> Split:
    with np.load(MNIST_FILE) as arrays:
        return Split(arrays[f"x_{part}"], arrays[f"y_{part}"])


def _read_emnist(part: str) -> Split:
    """Read images and labels. EMNIST's images are stored transposed."""
    names = [file.name for file in EMNIST_FILES[part]]
    images, labels = (_read_idx(emnist_folder() / name) for name in names)
    if images.ndim != 3 or images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
        raise DatasetError(
            f"{names[0]} does not hold images of {IMAGE_SIDE} × {IMAGE_SIDE} pixels. {_REPLACE}"
        )
    _check_labels(labels, names[1], len(images))
    return Split(np.ascontiguousarray(images.transpose(0, 2, 1)), labels)


def _check_labels(labels: NDArray[np.uint8], name: str, images: int) -> None:
    if labels.ndim != 1:
        raise DatasetError(f"{name} does not hold a list of labels. {_REPLACE}")
    if len(labels) != images:
        raise DatasetError(f"{name} holds {len(labels):,} labels for {images:,} images. {_REPLACE}")
    if labels.max() >= CLASSES:
        raise DatasetError(
            f"{name} holds the label {labels.max()}, but digits are 0 to 9. {_REPLACE}"
        )


def _missing(name: str) -> str:
    return f"{name} is not in {emnist_folder()}. The page MNIST says where to download it."


def _read_idx(file: Path) -> NDArray[np.uint8]:
    """Return the array in a gzip IDX file. Raises DatasetError."""
    content = _decompress(file)
    dimensions = content[3] if len(content) > 3 else 0
    start = 4 + 4 * dimensions
    if content[:3] != _IDX_BYTES or not dimensions or len(content) < start:
        raise DatasetError(f"{file.name} is not an IDX file of bytes. {_REPLACE}")
    shape = np.frombuffer(content, ">u4", dimensions, 4).astype(int)
    expected = start + int(np.prod(shape))
    if not shape.all():
        raise DatasetError(f"{file.name} is empty: it consists of a header alone. {_REPLACE}")
    if len(content) != expected:
        raise DatasetError(
            f"{file.name} holds {len(content):,} bytes, but its header announces {expected:,}. "
            f"{_REPLACE}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _decompress(file: Path) -> bytes:
    try:
        return gzip.decompress(file.read_bytes())
    except FileNotFoundError:
        raise DatasetError(_missing(file.name)) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DatasetError(f"{file.name} is damaged or not a gzip file. {_REPLACE}") from error
    except OSError as error:
        raise DatasetError(
            f"{file.name} cannot be read. Give this program access to it."
        ) from error
