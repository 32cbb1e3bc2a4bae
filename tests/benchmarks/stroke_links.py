"""What people's digits lose in an address, and how long they are there.

    python -m tests.benchmarks.stroke_links people-digits.json [--network NAME] [--digits NUMBER]

Each digit is drawn with a thin, the usual and a thick pen in two sizes, as the canvas would, then
packed and unpacked with several tolerances and grids. A line for each says how many characters it
takes, by how much the normalized pixels differ, and how many answers do.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mnist_app.data import stroke_links
from mnist_app.data.canvas_strokes import TENTHS
from mnist_app.data.stroke_files import WrittenDigit, read_strokes
from mnist_app.data.strokes import CANVAS_SIDE, draw_canvas
from mnist_app.imaging.normalize import IMAGE_SIDE, Image, normalize_ink
from mnist_app.inference import Inference
from mnist_app.networks.registry import DEFAULT_NETWORK, NETWORKS

PENS, SIZES = (8, 18, 28), (50, 80)
TOLERANCES, GRIDS = (0.25, 0.5, 1.0, 1.5, 2.0), (1, 2)
BLANK = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)


def main() -> None:
    """Print a line for each tolerance and grid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--network", choices=NETWORKS, default=DEFAULT_NETWORK)
    parser.add_argument("--digits", type=int, default=300, help="how many, at equal distances")
    arguments = parser.parse_args()
    written = read_strokes(arguments.strokes)
    some = written[:: max(1, len(written) // arguments.digits)]
    drawings = [one for digit in some for one in on_canvas(digit)]
    labels = np.repeat([digit.label for digit in some], len(PENS) * len(SIZES))
    before = normalized(drawings)
    inference = Inference()
    answers = inference.probabilities(before, arguments.network).argmax(axis=1)
    print(f"{len(drawings):,} drawings of {len(some)} digits, read by {arguments.network}")
    print(f"right as drawn: {100 * (answers == labels).mean():.2f}%\n")
    print("tolerance grid  characters: median, 95%, longest  gray levels off  changed  right")
    for grid in GRIDS:
        for tolerance in TOLERANCES:
            stroke_links.TOLERANCE, stroke_links.STEPS_PER_PIXEL = tolerance, grid
            packed = [stroke_links.pack(one, BLANK) for one in drawings]
            unpacked = [stroke_links.unpack(text) for text in packed]
            after = normalized([one for one in unpacked if isinstance(one, bytes)])
            found = inference.probabilities(after, arguments.network).argmax(axis=1)
            off = np.abs(before.astype(int) - after).mean()
            lengths = np.array([len(text) for text in packed])
            print(
                f"{tolerance:6} px {1 / grid:4} px{np.median(lengths):20.0f}"
                f"{np.percentile(lengths, 95):6.0f}{lengths.max():8}{off:17.2f}"
                f"{100 * (found != answers).mean():16.2f}%{100 * (found == labels).mean():8.2f}%"
            )
    inference.stop()


def on_canvas(digit: WrittenDigit) -> Iterator[bytes]:
    """Yield a digit's strokes as the canvas sends them, in the middle, with each pen and size."""
    points = np.concatenate(digit.strokes)
    low, span = points.min(axis=0), np.ptp(points, axis=0)
    for pen in PENS:
        for size in SIZES:
            scale = size / 100 * CANVAS_SIDE / max(float(span.max()), 1e-9)
            offset = (CANVAS_SIDE - span * scale) / 2
            parts = []
            for stroke in digit.strokes:
                tenths = np.rint(((stroke - low) * scale + offset) * TENTHS).astype("<i2")
                parts.append(np.array([pen, len(tenths)], "<i2").tobytes() + tenths.tobytes())
            yield b"".join(parts)


def normalized(drawings: list[bytes]) -> Image:
    """Return what a network sees of drawings, uint8 (n, 28, 28)."""
    return np.stack([normalize_ink(draw_canvas(one)) for one in drawings])


if __name__ == "__main__":
    main()
