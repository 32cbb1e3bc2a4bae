"""samples: show what the program makes to train on."""

import argparse
from pathlib import Path

import cv2
import numpy as np

from mnist_app.cli.arguments import number
from mnist_app.cli.output import write_picture
from mnist_app.data import epochs

HELP = "show synthetic digits and negatives to train on"
ZOOM = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    seed = number("seed", int)
    parser.add_argument("--seed", type=seed, default=1, help="another seed, other samples")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("samples.png"),
        metavar="FILE",
        help="the PNG file to write (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write a picture of samples; return 1 when that fails, else 0."""
    sheet = epochs.sample_sheet(arguments.seed)
    enlarged = cv2.resize(sheet, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_NEAREST)
    return write_picture(arguments.output, np.asarray(enlarged, dtype=np.uint8))
