"""Pictures of digits in folders that are called after them: FOLDER/7/anna.png shows a 7."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.image_files import PictureError, read_picture
from mnist_app.imaging.normalize import IMAGE_SIDE, Image, normalize

ENDINGS = (".png", ".jpg", ".jpeg")
"""What names of pictures end with, in lowercase."""


class LabeledPicturesError(Exception):
    """A folder that holds no labeled pictures; the message is a sentence for the person."""


@dataclass(frozen=True)
class LabeledPictures:
    """Pictures with their labels, index by index."""

    files: tuple[Path, ...]
    images: Image
    """What a network sees, shape (n, 28, 28); black where a file holds no picture."""
    labels: NDArray[np.uint8]
    """Shape (n,), 0 to 9."""
    problems: tuple[str, ...]
    """Why a picture cannot be read as one digit, in a sentence; empty where it can."""


def read_folder(folder: Path) -> LabeledPictures:
    """Return the PNG and JPEG pictures in the folders 0 to 9 of a folder, as a drawing is read.

    A picture is dark on light or light on dark. Other files are passed over, and a damaged picture
    is a problem of its own. Raises LabeledPicturesError when there is no picture at all.
    """
    pairs = [(digit, file) for digit in range(CLASSES) for file in _pictures(folder / str(digit))]
    if not pairs:
        raise LabeledPicturesError(
            f"{folder} has no pictures. Put them into folders that are called after their digits, "
            f"as {folder / '7' / 'anna.png'}."
        )
    images, problems = zip(*(_read(file) for _, file in pairs), strict=True)
    return LabeledPictures(
        files=tuple(file for _, file in pairs),
        images=np.stack(images),
        labels=np.array([digit for digit, _ in pairs], np.uint8),
        problems=tuple(problems),
    )


def _pictures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS)


def _read(file: Path) -> tuple[Image, str]:
    try:
        read = normalize(read_picture(file.read_bytes()))
    except PictureError as error:
        return np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8), str(error)
    except OSError as error:
        reason = f"The file cannot be read: {error.strerror or error}."
        return np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8), reason
    return read.image, "" if read.problem is None else read.problem.value
