"""The process that makes a picture of a film: `python -m mnist_app.training.film_process RUN WHO`.

At standard output comes the animated PNG, or, with a status of 1, a sentence that says what is
wrong. Pages ask for it so: strokes are not kept waiting.
"""

import os
import sys

from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.film_picture import FilmError, animated_png
from mnist_app.training.run import RunError

NICENESS = 10


def main(name: str, who: str) -> int:
    """Write the film of a run as somebody may see it; return the status."""
    os.nice(NICENESS)
    try:
        content = animated_png(runs.read(name, who), who)
    except (FilmError, RunError, StorageError) as error:
        sys.stdout.buffer.write(str(error).encode())
        return 1
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
