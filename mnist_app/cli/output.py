"""What several subcommands print and write."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from mnist_app.cli.ending import FAILED, note, printable
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import Image
from mnist_app.storage import StorageError
from mnist_app.workers import WorkerError

T = TypeVar("T")


def fail(reason: Exception | str) -> int:
    """Print why a command did not work, in one line, and return its exit status."""
    note(printable(f"{reason}{_detail(reason)}"))
    return FAILED


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


def _detail(reason: object) -> str:
    """Return what is said of a failure to nobody but who works at this machine."""
    for error in (reason, getattr(reason, "__cause__", None)):
        if isinstance(error, StorageError | WorkerError) and error.detail:
            return f" ({error.detail})"
    return ""
