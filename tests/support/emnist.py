"""Small files in the format of EMNIST: gzip IDX, each image on its side."""

import gzip
import struct
from pathlib import Path

import numpy as np

from mnist_app.data import datasets
from mnist_app.data.datasets import EMNIST_FILES, Split


def write(folder: Path, training: Split, test: Split) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part, split in (("training", training), ("test", test)):
        images, labels = (folder / file.name for file in EMNIST_FILES[part])
        images.write_bytes(gzip.compress(idx(split.images.transpose(0, 2, 1)), 1))
        labels.write_bytes(gzip.compress(idx(split.labels), 1))


def idx(values: np.ndarray) -> bytes:
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + np.ascontiguousarray(values).tobytes()


def write_some(folder: Path, training: int = 3_300, test: int = 300) -> tuple[Split, Split]:
    """Write some of MNIST's images as if they were EMNIST's, and return them."""
    splits = datasets.load_all_training()[:training], datasets.load_test()[:test]
    write(folder, *splits)
    return splits
