"""How often a stroke is found that changes a network's mind, and how long that takes.

`python -m tests.benchmarks.counterfactuals [--pairs N] [NETWORK ...]`: MNIST test digits, each with
another digit that is wanted, both drawn by lot. Printed is the share of pairs for which strokes
were found that change at most `MOST_INK` of the digit's ink, the ink, and the seconds of a search.
`--sheet FILE` keeps the first 24 as a picture: pen in orange, eraser in blue.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from mnist_app.data import datasets
from mnist_app.explain.counterfactual import Counterfactual
from mnist_app.explain.questions import AskStrokes, Explained
from mnist_app.explain.tries import MOST_INK
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import Image, place_on_canvas
from mnist_app.model import explaining

SIDE = 280
SEED = 20
SHEET = (4, 6)
PEN, ERASER = (255, 150, 35), (75, 155, 245)


def pairs(count: int) -> list[tuple[Image, int]]:
    """Return digits as drawn on a canvas, uint8 (280, 280), each with the digit that is wanted."""
    test = datasets.load_test()
    chance = np.random.default_rng(SEED)
    chosen = chance.choice(len(test), count, replace=False)
    return [
        (
            place_on_canvas(test.images[number], SIDE),
            int(chance.choice(np.delete(np.arange(10), test.labels[number]))),
        )
        for number in chosen
    ]


def picture(ink: Image, found: Counterfactual) -> Image:
    """Return ink with its strokes in color, RGB."""
    shown = np.repeat(ink[..., np.newaxis], 3, axis=2)
    for stroke in found.strokes:
        points = np.rint(stroke.points).astype(np.int32)
        color = ERASER if stroke.erases else PEN
        cv2.polylines(shown, [points], False, color, max(1, round(stroke.width)), cv2.LINE_AA)
    return np.asarray(cv2.resize(shown, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["cnn"])
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    print(
        f"| network | found with at most {MOST_INK:.0%} of the ink | ink, median | a search, ",
        end="",
    )
    print("median / 95% / longest |\n|---|---|---|---|")
    for network in given.networks:
        inks, seconds, pictures = [], [], []
        asked = pairs(given.pairs)
        explaining.strokes(AskStrokes(Explained(network), *_first(asked)))
        for ink, wanted in asked:
            began = time.perf_counter()
            found = explaining.strokes(AskStrokes(Explained(network), ink, (wanted,)))[wanted]
            seconds.append(time.perf_counter() - began)
            if found:
                inks.append(found[0].ink)
                pictures.append(picture(ink, found[0]))
        times = " / ".join(f"{1000 * np.percentile(seconds, q):.0f}" for q in (50, 95, 100))
        share = len(inks) / len(asked)
        print(f"| {network} | {share:.1%} | {np.median(inks):.0%} | {times} ms |", flush=True)
        if given.sheet:
            down, across = SHEET
            rows = [np.hstack(pictures[at : at + across]) for at in range(0, down * across, across)]
            given.sheet.write_bytes(encode_png(np.vstack(rows)))


def _first(asked: list[tuple[Image, int]]) -> tuple[Image, tuple[int, ...]]:
    ink, wanted = asked[0]
    return ink, (wanted,)


if __name__ == "__main__":
    main()
