"""The process that reads one picture: `python -m mnist_app.imaging.picture_process MB SECONDS`.

The file comes in at standard input. At standard output come the height and the width of its ink,
four bytes each, and the ink; or, with a status of 1, a sentence that says what is wrong with it.
"""

import contextlib
import os
import struct
import sys

from mnist_app.imaging import normalize, photo
from mnist_app.imaging.image_files import PictureError, read_picture

SIZE = struct.Struct("<II")
NICENESS = 10
"""Strokes go first."""


def main(megabytes: int, seconds: int) -> int:
    """Read a picture with at most so much memory and computing time; return the status."""
    _limit(megabytes, seconds)
    os.nice(NICENESS)
    try:
        picture = read_picture(sys.stdin.buffer.read())
        ink = photo.find_ink(normalize.to_gray(picture))
    except PictureError as error:
        sys.stdout.buffer.write(str(error).encode())
        return 1
    sys.stdout.buffer.write(SIZE.pack(*ink.shape) + ink.tobytes())
    return 0


def _limit(megabytes: int, seconds: int) -> None:
    """Let every request for more memory fail, and end the process in time, where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # macOS has no such limit
        import resource

        most = megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
