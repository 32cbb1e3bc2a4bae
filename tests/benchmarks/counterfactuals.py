"""How often strokes are found that change a network's mind, and how long that takes.

`python -m tests.benchmarks.counterfactuals [--pairs N] [NETWORK ...]`: MNIST test digits, each with
another digit that is wanted, both drawn by lot. Printed is the share of pairs for which strokes
were found that change at most `MOST_INK` of the digit's ink, the ink, how many strokes it takes,
and the milliseconds of a search. `--sheet FILE` keeps the first 24 that were found as a picture:
the digit with the pen in orange and the eraser in blue, beside it the digit as it is then.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mnist_app.data import datasets
from mnist_app.explain.counterfactual import MOST_INK, MOST_STROKES, Counterfactual
from mnist_app.explain.questions import AskStrokes, Explained
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import Image, normalize_ink, place_on_canvas
from mnist_app.model import explaining, inspection

SIDE = 280
SEED = 20
DOWN, ACROSS = 6, 4
# Of a tile of the sheet: the side of its two pictures, the space around it, and its caption.
TILE, GAP, CAPTION = 112, 12, 26
PEN, ERASER = (255, 150, 35), (75, 155, 245)
GROUND, TEXT = 40, (235, 235, 235)
LETTERS = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True)
class Found:
    """One search."""

    ink: Image
    wanted: int
    best: Counterfactual | None
    milliseconds: float


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["cnn"])
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    numbers = ", ".join(map(str, range(1, MOST_STROKES + 1)))
    print(f"| network, {given.pairs} pairs | found with at most {MOST_INK:.0%} of the ink ", end="")
    print(f"| ink, 25% / median / 75% / 95% | of {numbers} strokes | a search, ", end="")
    print("median / 95% / longest |\n|---|---|---|---|---|")
    for network in given.networks:
        searches = [search(network, *pair) for pair in pairs(given.pairs)]
        print(row(network, searches), flush=True)
        if given.sheet and network == given.networks[0]:
            given.sheet.write_bytes(encode_png(sheet(network, searches)))


def search(network: str, ink: Image, wanted: int) -> Found:
    asked = AskStrokes(Explained(network), ink, (wanted,))
    began = time.perf_counter()
    found = explaining.strokes(asked)[wanted]
    seconds = time.perf_counter() - began
    return Found(ink, wanted, found[0] if found else None, 1000 * seconds)


def row(network: str, searches: list[Found]) -> str:
    """Return a row of the table; the times leave out the first search, which loads the network."""
    best = [one.best for one in searches if one.best]
    inks = " / ".join(
        f"{share:.0%}" for share in np.quantile([one.ink for one in best], (0.25, 0.5, 0.75, 0.95))
    )
    counts = np.bincount([len(one.strokes) for one in best], minlength=MOST_STROKES + 1)[1:]
    strokes = ", ".join(f"{count / len(best):.0%}" for count in counts)
    times = np.quantile([one.milliseconds for one in searches[1:]], (0.5, 0.95, 1))
    shown = " / ".join(f"{one:.0f}" for one in times)
    share = len(best) / len(searches)
    return f"| `{network}` | {share:.1%} | {inks} | {strokes} | {shown} ms |"


def sheet(network: str, searches: list[Found]) -> Image:
    """Return the first of those that were found as one picture, RGB."""
    tiles = [
        tile(network, one.ink, one.wanted, one.best) for one in searches if one.best is not None
    ][: DOWN * ACROSS]
    rows = [np.hstack(tiles[at : at + ACROSS]) for at in range(0, len(tiles), ACROSS)]
    return np.vstack([one for one in rows if one.shape == rows[0].shape])


def tile(network: str, ink: Image, wanted: int, found: Counterfactual) -> Image:
    """Return a digit with strokes in color, the digit that it becomes, and both their names."""
    shape = (TILE + CAPTION + 2 * GAP, 2 * TILE + 3 * GAP, 3)
    shown = np.full(shape, GROUND, np.uint8)
    for at, picture in enumerate((colored(ink, found), in_color(found.canvas))):
        left = GAP + at * (TILE + GAP)
        shown[GAP : GAP + TILE, left : left + TILE] = shrunk(picture)
    own = int(inspection.outputs(normalize_ink(ink)[np.newaxis], "logits", network)[0].argmax())
    line = GAP + TILE + CAPTION - 4
    for text, left in ((f"{own}", GAP), (f"{wanted}", GAP + 48), (f"{found.ink:.0%}", TILE + 24)):
        cv2.putText(shown, text, (left, line), LETTERS, 0.6, TEXT, 1, cv2.LINE_AA)
    arrow = (GAP + 18, line - 6), (GAP + 40, line - 6)
    cv2.arrowedLine(shown, *arrow, TEXT, 1, cv2.LINE_AA, tipLength=0.3)
    return shown


def colored(ink: Image, found: Counterfactual) -> Image:
    """Return ink with its strokes in color, RGB."""
    shown = in_color(ink)
    for stroke in found.strokes:
        points = np.rint(stroke.points).astype(np.int32)
        color = ERASER if stroke.erases else PEN
        cv2.polylines(shown, [points], False, color, max(1, round(stroke.width)), cv2.LINE_AA)
    return shown


def in_color(ink: Image) -> Image:
    return np.repeat(ink[..., np.newaxis], 3, axis=2)


def shrunk(picture: Image) -> Image:
    return np.asarray(cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
