"""Negatives: drawings of no digit, such as letters, signs, shapes, scribbles or two digits.

Networks learn from them to be unsure: the target is one tenth for each digit. After Hendrycks,
Mazeika and Dietterich, Deep Anomaly Detection with Outlier Exposure (2018),
https://arxiv.org/abs/1812.04606. Letters that a person could take for a digit (I, O, S, Z, ...)
are left out.
"""

from collections.abc import Callable

import cv2
import numpy as np

from mnist_app.data.synthetic_digits import STYLES
from mnist_app.data.writer import (
    CANVAS_SIDE,
    Stroke,
    Writer,
    draw,
    pen_width,
    slant_and_stretch,
)
from mnist_app.imaging.normalize import Image, normalize_ink

# Strokes are separated by semicolons; a point is two digits, x and y on a grid of ten by ten. Lines
# connect the points of a stroke, or a curve where it begins with a tilde.
SIGNS = {
    "A": "09 40 89; 15 75",
    "C": "~ 81 50 11 03 06 18 59 88",
    "E": "80 00 09 89; 04 64",
    "F": "80 00 09; 04 64",
    "H": "00 09; 80 89; 05 85",
    "J": "~ 60 67 49 19 06",
    "K": "00 09; 70 04 89",
    "L": "00 09 79",
    "M": "09 00 45 80 89",
    "N": "09 00 89 80",
    "P": "00 09; ~ 00 60 82 65 05",
    "Q": "~ 40 01 04 29 69 95 80 40; 66 99",
    "R": "00 09; ~ 00 60 82 65 05; 35 89",
    "T": "00 90; 40 49",
    "U": "~ 00 06 39 69 86 80",
    "V": "00 49 80",
    "W": "00 29 44 69 90",
    "X": "00 99; 90 09",
    "Y": "00 44 80; 44 49",
    "a": "~ 73 40 04 08 49 76 73; 73 79",
    "d": "~ 75 44 05 08 49 77; 70 79",
    "e": "~ 06 75 63 33 06 38 69 88",
    "f": "~ 81 50 32 39; 14 64",
    "h": "00 09; ~ 05 34 65 69",
    "k": "00 09; 63 05 69",
    "m": "03 09; ~ 04 23 44 49; ~ 44 63 84 89",
    "n": "03 09; ~ 05 34 65 69",
    "p": "03 09; ~ 04 43 75 67 06",
    "r": "03 09; ~ 05 33 64",
    "t": "~ 40 46 59 88; 13 73",
    "u": "~ 03 07 39 67 63; 63 69",
    "v": "03 39 63",
    "w": "03 29 44 69 83",
    "x": "03 79; 73 09",
    "+": "40 48; 04 84",
    "-": "04 95",
    "=": "03 93; 06 96",
    "#": "30 28; 70 68; 03 93; 06 96",
    "*": "40 48; 02 86; 82 06",
    "?": "~ 02 30 72 44 46; 48 49",
    "%": "90 09; ~ 10 02 23 31 10; ~ 86 68 79 98 86",
    "&": "~ 97 20 40 42 06 39 94",
    "@": "~ 64 43 35 46 64 66 84 61 21 05 28 78",
    "~": "~ 05 23 65 93",
    "triangle": "40 09 89 40",
    "square": "00 90 99 09 00",
    "diamond": "40 04 49 84 40",
    "star": "29 40 69 03 93 29",
    "heart": "~ 42 20 03 49 93 70 42",
    "arrow": "05 95; 62 95 68",
    "arrow up": "49 40; 13 40 73",
    "check": "05 39 90",
    "house": "04 40 84 89 09 04 84",
    "face": "~ 40 04 49 84 40; 33 34; 53 54; ~ 26 47 66",
    "flash": "50 15 55 29",
    "wave": "~ 05 22 45 62 85",
    "spiral": "~ 45 54 55 46 34 42 64 67 38 15 21",
    "stairs": "09 06 36 33 63 60 90",
    "bow tie": "02 07 92 97 02",
    "cup": "02 08 68 62 02; ~ 63 94 66",
}

# With a thicker pen a square becomes a 0, and a P a 9.
THICKEST = 0.2
# Corners that make a polygon round.
ROUND = 40

Kind = Callable[[Writer], Image]


def draw_negatives(count: int, generator: np.random.Generator) -> Image:
    """Return images of anything but a single digit, uint8 (count, 28, 28).

    The same generator state gives the same images.
    """
    chosen = generator.choice(len(KINDS), count, p=SHARES)
    return np.stack([normalize_ink(KINDS[kind](Writer(generator))) for kind in chosen])


def sign(name: str, writer: Writer) -> list[Stroke]:
    """Return the strokes of a sign of SIGNS by this writer. Raises KeyError for an unknown one."""
    strokes = []
    for notation in SIGNS[name].split(";"):
        marks = notation.split()
        points = [(int(mark[0]) / 9, int(mark[1]) / 9) for mark in marks if mark != "~"]
        connect = writer.curve if marks[0] == "~" else writer.line
        strokes.append(writer.write(connect(*points)))
    return strokes


def _sign(writer: Writer) -> Image:
    return _draw(sign(writer.choose(list(SIGNS)), writer), writer)


def _scribble(writer: Writer) -> Image:
    corners = int(writer.between(5, 18))
    points = [(writer.between(0, 1), writer.between(0, 1)) for _ in range(corners)]
    connect = writer.curve if writer.chance(0.6) else writer.line
    return _draw([writer.write(connect(*points))], writer)


def _hatching(writer: Writer) -> Image:
    """Back and forth without lifting the pen, as one fills an area."""
    turns = int(writer.between(5, 14))
    points = [(i / turns, float(i % 2)) for i in range(turns + 1)]
    connect = writer.curve if writer.chance(0.5) else writer.line
    return _draw([connect(*points)], writer)


def _curl(writer: Writer) -> Image:
    rounds = writer.between(2, 5) * (1 if writer.chance(0.5) else -1)
    drift = writer.between(-0.95, -0.4)
    spiral = writer.arc((0, 0), (0.5, 0.5), 0, 360 * rounds, drift)
    # With a thicker pen it would be a 0.
    return draw(slant_and_stretch([spiral], writer), pen_width(writer, thickest=0.05))


def _two_digits(writer: Writer) -> Image:
    """Two digits side by side or, less often, one above the other, with little space between."""
    first, second = (_unit_digit(writer) for _ in range(2))
    shift = [writer.between(0.7, 1.1), writer.between(-0.15, 0.15)]
    if writer.chance(0.2):
        shift = [writer.between(-0.15, 0.15), writer.between(0.8, 1.2)]
    return _draw(first + [stroke + shift for stroke in second], writer)


def _blot(writer: Writer) -> Image:
    """Something solid: a polygon, or something round."""
    corners = writer.choose([3, 4, 4, 5, 6, ROUND])
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + writer.between(0, 6.28)
    radii = np.array([[writer.between(0.75, 1), writer.between(0.75, 1)] for _ in range(corners)])
    if corners == ROUND:
        radii[:] = radii[0]
    outline = CANVAS_SIDE / 2 + 0.4 * CANVAS_SIDE * radii * np.stack(
        [np.cos(angles), np.sin(angles)], axis=1
    )
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    cv2.fillPoly(canvas, [np.rint(outline).astype(np.int32)], 255, cv2.LINE_AA)
    return canvas


def _turned_digit(writer: Writer) -> Image:
    """A 2, 3, 4, 5 or 7 on its side."""
    strokes = _unit_digit(writer, writer.choose([2, 3, 4, 5, 7]))
    sideways = np.array([[0, 1], [-1, 0]]) * (1 if writer.chance(0.5) else -1)
    return draw([stroke @ sideways for stroke in strokes], pen_width(writer, THICKEST))


def _unit_digit(writer: Writer, digit: int | None = None) -> list[Stroke]:
    digit = writer.choose(list(range(10))) if digit is None else digit
    return [writer.write(stroke) for stroke in STYLES[digit](writer)]


def _draw(strokes: list[Stroke], writer: Writer) -> Image:
    return draw(slant_and_stretch(strokes, writer), pen_width(writer, THICKEST))


KINDS: tuple[Kind, ...] = (_sign, _scribble, _hatching, _curl, _two_digits, _blot, _turned_digit)
"""Kinds of negatives; each takes a writer and returns exact ink, uint8 (96, 96)."""
SHARES = (0.5, 0.15, 0.05, 0.05, 0.15, 0.05, 0.05)
"""The share of each kind."""
