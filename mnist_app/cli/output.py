"""What several subcommands print and write."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import Image

T = TypeVar("T")


def fail(reason: Exception | str) -> int:
    """Print why a command did not work, and return its exit status."""
    print(reason, file=sys.stderr)
    return 1


def write_picture(file: Path, picture: Image) -> int:
    """Write a picture, uint8 in gray or RGB, as a PNG file; return 1 when that fails, else 0."""
    try:
        file.write_bytes(encode_png(picture))
    except OSError as error:
        return fail(f"{file} cannot be written: {error.strerror or error}.")
    return 0


def progress_bar(items: Sequence[T], task: str) -> Iterable[T]:
    """Give items one by one and show on a terminal's standard error how many are done."""
    return track(items, task, console=Console(stderr=True), transient=True)
