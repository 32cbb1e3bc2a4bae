"""Negatives: drawings of no digit, such as letters, signs, shapes, scribbles or two digits.

Networks learn from them to be unsure: the target is one tenth for each digit. After Hendrycks,
Mazeika and Dietterich, Deep Anomaly Detection with Outlier Exposure (2018),
https://arxiv.org/abs/1812.04606.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.data.signs import LETTERS, SIGNS
from mnist_app.data.synthetic_digits import STYLES
from mnist_app.data.writer import (
    CANVAS_SIDE,
    DIGIT_SIDE,
    Stroke,
    Writer,
    draw,
    pen_width,
    slant_and_stretch,
)
from mnist_app.imaging.normalize import Image, normalize_ink

# With a thicker pen a square becomes a 0, and a P a 9. Where much is drawn, it would run together.
THICKEST, THIN = 0.2, 0.08
# Corners that make a polygon round.
ROUND = 40
# How often a letter of straight strokes has serifs.
SERIFS = 0.15

Kind = Callable[[Writer], Image]


def draw_negatives(count: int, generator: np.random.Generator) -> Image:
    """Return images of anything but a single digit, uint8 (count, 28, 28).

    The same generator state gives the same images.
    """
    chosen = generator.choice(len(KINDS), count, p=SHARES)
    return np.stack([normalize_ink(KINDS[kind](Writer(generator))) for kind in chosen])


def sign(name: str, writer: Writer) -> list[Stroke]:
    """Return the strokes of a sign of SIGNS by this writer. Raises KeyError for an unknown one."""
    notations = writer.choose(list(SIGNS[name])).split(";")
    with_serifs = name in LETTERS and writer.chance(SERIFS)
    strokes = []
    for notation in notations:
        marks = notation.split()
        points = [(int(mark[0]) / 9, int(mark[1]) / 9) for mark in marks if mark != "~"]
        is_curve = marks[0] == "~"
        connect = writer.curve if is_curve else writer.line
        strokes.append(writer.write(connect(*points)))
        if with_serifs and not is_curve:
            strokes += [_serif(points[0], writer), _serif(points[-1], writer)]
    return strokes


def _serif(end: tuple[float, float], writer: Writer) -> Stroke:
    x, y = end
    left, right = writer.between(0.05, 0.2), writer.between(0.05, 0.2)
    return writer.write(writer.line((x - left, y), (x + right, y)))


def _sign(writer: Writer) -> Image:
    return _draw(sign(writer.choose(list(SIGNS)), writer), writer)


def _letter(writer: Writer) -> Image:
    return _draw(_any_letter(writer), writer)


def _word(writer: Writer) -> Image:
    """Two or three letters or digits in a row, at least one of them a letter."""
    signs = [_any_letter(writer)]
    for _ in range(2 if writer.chance(0.25) else 1):
        signs.append(_unit_digit(writer) if writer.chance(0.2) else _any_letter(writer))
    strokes: list[Stroke] = []
    at = 0.0
    for each in signs if writer.chance(0.5) else signs[::-1]:
        across = np.concatenate(each)[:, 0]
        left, right = across.min(), across.max()
        shift = [at - left, writer.between(-0.1, 0.1)]
        strokes += [stroke + shift for stroke in each]
        at += right - left + writer.between(-0.02, 0.25)
    return _draw(strokes, writer, 2 * THIN)


def _glyph(writer: Writer) -> Image:
    """Four to seven lines and arcs that nobody ever gave a meaning."""
    strokes = []
    for _ in range(int(writer.between(4, 8))):
        x, y = writer.between(0, 1), writer.between(0, 1)
        if writer.chance(0.5):
            turn, length = writer.between(0, 2 * np.pi), writer.between(0.4, 1)
            end = (x + length * np.cos(turn), y + length * np.sin(turn))
            strokes.append(writer.line((x, y), end))
        else:
            radii = (writer.between(0.1, 0.4), writer.between(0.1, 0.4))
            sweep = writer.between(100, 360)
            strokes.append(writer.arc((x, y), radii, writer.between(0, 360), sweep))
    return _draw([writer.write(stroke) for stroke in strokes], writer, THIN)


def _scribble(writer: Writer) -> Image:
    # With fewer corners or a thicker pen, a fast hand makes a 1, a 6 or an 8 of it.
    corners = int(writer.between(10, 20))
    points = [(writer.between(0, 1), writer.between(0, 1)) for _ in range(corners)]
    connect = writer.curve if writer.chance(0.6) else writer.line
    return _draw([writer.write(connect(*points))], writer, 1.5 * THIN)


def _stroll(writer: Writer) -> Image:
    """A long line that turns as it likes, now to one side, now to the other."""
    steps = int(writer.between(250, 500))
    sluggish, unrest = writer.between(0.85, 0.97), writer.between(0.1, 0.3)
    bend, angle = 0.0, writer.between(0, 2 * np.pi)
    angles = np.empty(steps)
    for step in range(steps):
        bend = sluggish * bend + unrest * writer.between(-1, 1)
        angle += bend
        angles[step] = angle
    path = np.cumsum(np.stack([np.cos(angles), np.sin(angles)], axis=1), axis=0)
    return _draw([path], writer, THIN)


def _coil(writer: Writer) -> Image:
    """Loops in a row, as one tries a pen: eeee, or a spring."""
    rounds = int(writer.between(3, 8))
    angles = np.linspace(0, 2 * np.pi * rounds, 20 * rounds)
    advance = writer.between(0.05, 0.25)
    high = writer.between(0.3, 1.2)
    wobble = 1 + 0.2 * np.sin(angles * writer.between(0.1, 0.5) + writer.between(0, 6))
    points = np.stack([advance * angles + np.cos(angles), high * wobble * np.sin(angles)], axis=1)
    return _draw([points], writer, THIN)


def _rosette(writer: Writer) -> Image:
    """A flower or a star in one line: the radius swings while the pen goes round."""
    petals = writer.choose([3, 4, 5, 6, 7, 8, 2.5, 3.5])
    angles = np.linspace(0, 2 * np.pi * (1 if petals == int(petals) else 2), 200)
    depth = writer.between(0.35, 1)
    radii = 1 - depth + depth * np.cos(petals * angles + writer.between(0, 6))
    if writer.chance(0.3):
        radii = np.abs(radii)
    return _draw([np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)], writer)


def _hatching(writer: Writer) -> Image:
    """Back and forth without lifting the pen, as one fills an area."""
    return _draw([_back_and_forth(writer)], writer)


def _back_and_forth(writer: Writer) -> Stroke:
    turns = int(writer.between(5, 14))
    points = [(i / turns, float(i % 2)) for i in range(turns + 1)]
    connect = writer.curve if writer.chance(0.5) else writer.line
    return connect(*points)


def _crossed_out(writer: Writer) -> Image:
    """A digit that somebody has made unreadable."""
    strokes = _unit_digit(writer)
    for _ in range(int(writer.between(1, 3))):
        scribble = _back_and_forth(writer) @ np.array([[1, 0], [0, writer.between(0.8, 1)]])
        strokes.append(scribble if writer.chance(0.5) else scribble[:, ::-1])
    return _draw(strokes, writer)


def _curl(writer: Writer) -> Image:
    rounds = writer.between(2, 5) * (1 if writer.chance(0.5) else -1)
    drift = writer.between(-1, -0.85)
    spiral = writer.arc((0, 0), (0.5, 0.5), 0, 360 * rounds, drift)
    # With a thicker pen, or a hole in the middle, it would be a 0.
    return draw(slant_and_stretch([spiral], writer), pen_width(writer, thickest=0.05))


def _rings(writer: Writer) -> Image:
    """Two to five small rings beside each other, a bit higher or lower: far enough from an 8."""
    strokes = []
    for number in range(int(writer.between(2, 6))):
        radius = writer.between(0.12, 0.35)
        center = (0.6 * number + writer.between(-0.1, 0.1), writer.between(-0.2, 0.2))
        radii = (radius, radius * writer.between(0.7, 1.4))
        strokes.append(writer.arc(center, radii, writer.between(0, 360), writer.between(330, 380)))
    return _draw(strokes, writer)


def _level_line(writer: Writer) -> Image:
    """A line from side to side, with any pen, or a bent one."""
    bend = writer.between(-0.15, 0.15)
    tilt = writer.between(-0.3, 0.3)
    line = writer.curve((0, -tilt / 2), (0.5, bend), (1, tilt / 2))
    return draw([line], pen_width(writer))


def _dots(writer: Writer) -> Image:
    """Some dots that lie apart, round or longish."""
    strokes = []
    for _ in range(int(writer.between(3, 14))):
        x, y = writer.between(0, 1), writer.between(0, 1)
        strokes.append(np.array([[x, y], [x + writer.between(0, 0.08), y + 0.01]]))
    return draw(strokes, pen_width(writer, THICKEST))


def _two_digits(writer: Writer) -> Image:
    """Two digits side by side or, less often, one above the other, with little space between."""
    first, second = (_unit_digit(writer) for _ in range(2))
    shift, thickest = [writer.between(0.7, 1.1), writer.between(-0.15, 0.15)], THICKEST
    if writer.chance(0.1):
        shift, thickest = [writer.between(-0.15, 0.15), writer.between(1.1, 1.3)], THIN
    return _draw(first + [stroke + shift for stroke in second], writer, thickest)


def _blot(writer: Writer) -> Image:
    """Something solid: a polygon, or something round."""
    corners = writer.choose([3, 4, 4, 5, 6, ROUND, ROUND])
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + writer.between(0, 6.28)
    radii = np.array([[writer.between(0.75, 1), writer.between(0.75, 1)] for _ in range(corners)])
    if corners == ROUND:
        radii[:] = radii[0]
    return _filled(radii * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def _slab(writer: Writer) -> Image:
    """A solid or thickly framed box: a high one that is solid would be a thick 1."""
    high = writer.between(0.3, 1.0)
    turn = np.deg2rad(writer.between(-15, 15))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * [1, high] @ rotation
    if writer.chance(0.6):
        return _filled(corners / np.sqrt(2))
    return draw([corners], pen_width(writer, THICKEST))


def _filled(outline: NDArray[np.float64]) -> Image:
    """Return a closed outline, points (n, 2) of -1 to 1, filled with ink."""
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    places = np.rint(CANVAS_SIDE / 2 + 0.4 * CANVAS_SIDE * outline).astype(np.int32)
    cv2.fillPoly(canvas, [places], 255, cv2.LINE_AA)
    return canvas


def _texture(writer: Writer) -> Image:
    """Spots, stripes or grains all over a square, as a picture of anything has them."""
    cells = [int(writer.between(3, 16)) for _ in range(2)]
    grain = np.array([[writer.between(-1, 1) for _ in range(cells[0])] for _ in range(cells[1])])
    smooth = writer.choose([cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
    large = cv2.resize(grain, (DIGIT_SIDE, DIGIT_SIDE), interpolation=smooth)
    if writer.chance(0.6):
        large = np.where(large > np.quantile(large, writer.between(0.3, 0.7)), 1.0, 0.0)
    canvas = np.zeros((CANVAS_SIDE, CANVAS_SIDE), np.uint8)
    margin = (CANVAS_SIDE - DIGIT_SIDE) // 2
    canvas[margin:-margin, margin:-margin] = np.rint(np.clip(large, 0, 1) * 255)
    return canvas


def _any_letter(writer: Writer) -> list[Stroke]:
    return sign(writer.choose(list(LETTERS)), writer)


def _unit_digit(writer: Writer) -> list[Stroke]:
    return [writer.write(stroke) for stroke in writer.choose(list(STYLES))(writer)]


def _draw(strokes: list[Stroke], writer: Writer, thickest: float = THICKEST) -> Image:
    return draw(slant_and_stretch(strokes, writer), pen_width(writer, thickest))


_WEIGHTS: dict[Kind, float] = {
    _letter: 30,
    _sign: 15,
    _word: 6,
    _glyph: 6,
    _scribble: 6,
    _stroll: 6,
    _coil: 3,
    _rosette: 3,
    _hatching: 3,
    _crossed_out: 2,
    _curl: 2,
    _rings: 3,
    _level_line: 2,
    _dots: 2,
    _two_digits: 6,
    _blot: 3,
    _slab: 3,
    _texture: 3,
}
KINDS: tuple[Kind, ...] = tuple(_WEIGHTS)
"""Kinds of negatives; each takes a writer and returns exact ink, uint8 (96, 96)."""
SHARES = np.array(list(_WEIGHTS.values())) / sum(_WEIGHTS.values())
"""The share of each kind."""
