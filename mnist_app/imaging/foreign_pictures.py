"""Pictures of strangers: read in a process of their own, with bounds for memory and time."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mnist_app import limits
from mnist_app.imaging.image_files import UNREADABLE, PictureError
from mnist_app.imaging.normalize import Image
from mnist_app.imaging.picture_process import SIZE

BUSY = "Many pictures are being read at the moment. Try again in a minute."
TOO_SLOW = "This picture takes too long to read. Save it as a plain JPEG or take a photo of it."
TOO_DEAR = "This picture takes too much memory to read. Use a smaller one."
WAITING_SECONDS = 10.0
ROOT = Path(__file__).parents[2]
_PATIENCE = 4
"""How many seconds may pass for each of computing: others compute, too."""
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_REFUSED = 1
_free = threading.BoundedSemaphore(limits.DECODERS.value())


def find_ink(data: bytes) -> Image:
    """Return the ink in a PNG or JPEG file, bright on black, uint8 (height, width).

    No side is longer than 1024 pixels. Raises PictureError for what is no such file, and for one
    that would take too long, too much memory, or has to wait too long for others.
    """
    if len(data) > limits.UPLOAD_MB.value() * 2**20:
        raise PictureError(too_long())
    if not data.startswith(_BEGINNINGS):
        raise PictureError(UNREADABLE)
    with _turn():
        return _ink_of(_read(data))


def too_long() -> str:
    """Return the sentence for a file that has too many bytes."""
    return f"This file is too large. Use one of at most {limits.UPLOAD_MB.value()} MB."


@contextmanager
def _turn() -> Iterator[None]:
    if not _free.acquire(timeout=WAITING_SECONDS):
        raise PictureError(BUSY)
    try:
        yield
    finally:
        _free.release()


def _read(data: bytes) -> "subprocess.CompletedProcess[bytes]":
    seconds = limits.DECODING_SECONDS.value()
    bounds = [str(limits.DECODING_MB.value()), str(seconds)]
    try:
        return subprocess.run(
            [sys.executable, "-m", "mnist_app.imaging.picture_process", *bounds],
            input=data,
            capture_output=True,
            timeout=_PATIENCE * seconds,
            check=False,
            cwd=ROOT,
            # Threads of numerical libraries take address space, and bring nothing here.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise PictureError(TOO_SLOW) from error
    except OSError as error:  # no memory or no descriptors for another process
        raise PictureError(BUSY) from error


def _ink_of(ended: "subprocess.CompletedProcess[bytes]") -> Image:
    if ended.returncode == _REFUSED and ended.stdout:
        raise PictureError(ended.stdout.decode())
    if ended.returncode == -signal.SIGXCPU:
        raise PictureError(TOO_SLOW)
    if ended.returncode != 0:
        raise PictureError(TOO_DEAR)
    height, width = SIZE.unpack_from(ended.stdout)
    return np.frombuffer(ended.stdout, np.uint8, offset=SIZE.size).reshape(height, width)
