"""Where files are kept, and how they are replaced whole: a reader never sees half of one."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_data_path


def home() -> Path:
    """Return the folder of everything that is kept: MNIST_APP_HOME, or the user's data folder."""
    given = os.environ.get("MNIST_APP_HOME")
    return Path(given) if given else user_data_path("mnist-lab", appauthor=False)


@contextmanager
def replaced(file: Path) -> Iterator[Path]:
    """Give another name to write under; afterwards that is the file, at once. Raises OSError."""
    beside = file.with_name(f".{os.getpid()}-{secrets.token_hex(4)}-{file.name}")
    try:
        yield beside
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes) -> None:
    """Put a file's new content in the place of the old one at once. Raises OSError."""
    with replaced(file) as beside:
        beside.write_bytes(content)
