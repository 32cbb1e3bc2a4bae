"""film: save what a run looked like while it trained as an animated picture."""

import argparse
from pathlib import Path

from mnist_app import storage
from mnist_app.cli.ending import printable, say
from mnist_app.cli.output import fail
from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.film_picture import FilmError, animated_png
from mnist_app.training.run import OPERATOR, RunError

HELP = "save the film of a training run as an animated PNG"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("run", metavar="RUN", help="the run's name")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to (default: RUN.png in this folder)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the film; return 1 when that fails, else 0."""
    file = arguments.output or Path(f"{arguments.run}.png")
    try:
        content = animated_png(runs.read(arguments.run), OPERATOR)
        storage.write_whole(file, content)
    except (FilmError, RunError, StorageError) as error:
        return fail(error)
    except OSError as error:
        return fail(f"{file} cannot be written: {error.strerror or error}.")
    say(f"{printable(str(file))}: {len(content) / 1e6:.1f} MB")
    return 0
