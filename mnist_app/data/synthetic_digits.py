"""Synthetic digits, in styles of handwriting that MNIST's American writers lack.

A style is a function that returns pen strokes: the 1 with flag and base, the crossed 7, the open
4, the 9 with a curled tail. Writer, speed and pen differ each time. The styles are those that
schools around the world teach, above all in continental Europe.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.writer import (
    Point,
    Stroke,
    Writer,
    draw,
    join,
    pen_width,
    slant_and_stretch,
)
from mnist_app.imaging.normalize import Image, normalize_ink


def write_digits(count: int, generator: np.random.Generator) -> tuple[Image, NDArray[np.uint8]]:
    """Return images of digits, uint8 (count, 28, 28), and their labels, uint8 (count,).

    The same generator state gives the same digits.
    """
    labels = generator.choice(len(STYLES), count, p=SHARES).astype(np.uint8)
    return np.stack([write(STYLES[label], generator) for label in labels]), labels


def write(style: Callable[[Writer], list[Stroke]], generator: np.random.Generator) -> Image:
    """Return an image, uint8 (28, 28), of a digit in a style, normalized as a drawing is."""
    writer = Writer(generator)
    strokes = [writer.write(stroke) for stroke in style(writer)]
    return normalize_ink(draw(slant_and_stretch(strokes, writer), pen_width(writer)))


def _zero(writer: Writer) -> list[Stroke]:
    direction = -1 if writer.chance(0.8) else 1
    wide = writer.between(0.25, 0.5)
    start = writer.between(-140, -20)
    sweep, drift = 360 + writer.between(-25, 40), writer.between(-0.12, 0.12)
    if writer.chance(0.15):  # it ends in a loop or a tail inside or outside the ring
        sweep, drift = 360 + writer.between(40, 130), writer.between(-0.4, 0.25)
    ring = writer.arc((0.5, 0.5), (wide, 0.5), start, direction * sweep, drift)
    if not writer.chance(0.35):
        return [ring]
    slash = _slash(writer, wide)
    if writer.chance(0.15):  # without lifting the pen
        return [join(ring, slash)]
    return [ring, slash]


def _slash(writer: Writer, wide: float) -> Stroke:
    """Return the bar through a 0 that is so wide: within the ring, or reaching far out of it."""
    across, along = writer.between(0.1, wide * 1.2), writer.between(0.2, 0.6)
    if writer.chance(0.4):
        across, along = writer.between(0.6, 1.9) * wide, writer.between(0.3, 0.8)
    if writer.chance(0.12):  # lying
        across, along = writer.between(0.8, 1.7) * wide, writer.between(-0.1, 0.25)
    if writer.chance(0.15):  # falling
        across = -across
    x, y = 0.5 + writer.between(-0.06, 0.06), 0.5 + writer.between(-0.08, 0.08)
    return writer.line((x + across, y - along), (x - across, y + along))


def _one(writer: Writer) -> list[Stroke]:
    foot = writer.between(0.4, 0.55)
    bend = writer.between(-0.03, 0.03)
    stem = writer.curve((0.5, 0), ((0.5 + foot) / 2 + bend, 0.5), (foot, 1))
    strokes = [join(_flag(writer), stem) if writer.chance(0.8) else stem]
    if writer.chance(0.3):
        tilt = writer.between(-0.05, 0.05)
        left, right = writer.between(0.1, 0.45), writer.between(0.1, 0.45)
        strokes.append(writer.line((foot - left, 1 + tilt), (foot + right, 1 - tilt)))
    return strokes


def _flag(writer: Writer) -> Stroke:
    """Return the upstroke of a 1: it is steep, unlike the top bar of a 7."""
    angle = np.deg2rad(writer.between(33, 72))
    length = writer.between(0.15, 0.95)
    wide, high = length * np.cos(angle), length * np.sin(angle)
    bulge = writer.between(-0.03, 0.08)
    return writer.curve((0.5 - wide, high), (0.5 - wide / 2 + bulge, high / 2 + bulge), (0.5, 0))


def _two(writer: Writer) -> list[Stroke]:
    corner = (writer.between(0.02, 0.15), 1.0)
    if writer.chance(0.12):
        return [writer.line((0.1, writer.between(0, 0.1)), (0.85, 0.02), corner, (0.9, 1.0))]
    neck = writer.curve(
        (writer.between(0, 0.15), writer.between(0.1, 0.35)),
        (0.2, 0.08),
        (0.5, 0),
        (writer.between(0.75, 0.9), writer.between(0.12, 0.3)),
        (writer.between(0.55, 0.75), writer.between(0.45, 0.6)),
        corner,
    )
    end = (writer.between(0.75, 1.0), writer.between(0.88, 1.05))
    if writer.chance(0.3):
        loop = writer.curve(
            corner,
            (-0.05, 0.9),
            (0.1, writer.between(0.72, 0.85)),
            (0.4, writer.between(0.9, 1)),
            end,
        )
        return [join(neck, loop)]
    return [join(neck, writer.curve(corner, (0.45, 1 - writer.between(-0.03, 0.08)), end))]


def _three(writer: Writer) -> list[Stroke]:
    waist = (writer.between(0.25, 0.5), writer.between(0.38, 0.52))
    if writer.chance(0.3):
        top = writer.line((writer.between(0.05, 0.2), writer.between(-0.02, 0.08)), (0.8, 0), waist)
    else:
        top = writer.curve(
            (writer.between(0.05, 0.2), writer.between(0.05, 0.2)),
            (0.42, 0),
            (writer.between(0.7, 0.85), writer.between(0.12, 0.25)),
            waist,
        )
    bowl = writer.curve(
        waist,
        (writer.between(0.7, 0.9), writer.between(0.55, 0.65)),
        (writer.between(0.7, 0.95), 0.82),
        (0.45, 1),
        (writer.between(0, 0.15), writer.between(0.8, 0.98)),
    )
    if writer.chance(0.15):
        x, y = waist
        return [
            join(top, writer.curve(waist, (x - 0.12, y + 0.06), (x - 0.02, y + 0.1), waist), bowl)
        ]
    return [join(top, bowl)]


def _four(writer: Writer) -> list[Stroke]:
    bar = writer.between(0.45, 0.85)
    stem_x = writer.between(0.55, 0.8)
    stem_top = writer.between(-0.05, bar - 0.15)
    end = (writer.between(stem_x - 0.05, 1.05), bar + writer.between(-0.25, 0.1))
    style = writer.between(0, 1)
    if style < 0.1:  # open, without lifting the pen: the arm swings up and falls down as the stem
        corner = (writer.between(0, 0.1), bar)
        arm = writer.line((writer.between(0.05, 0.4), 0), corner)
        turn = (stem_x + writer.between(0.05, 0.25), bar - writer.between(0, 0.1))
        loop = writer.curve(corner, turn, (stem_x, stem_top))
        return [join(arm, loop, writer.line((stem_x, stem_top), (stem_x, 1)))]
    if style < 0.35:  # open, two strokes
        arm = writer.line((writer.between(0.05, 0.45), 0), (writer.between(0, 0.12), bar), end)
    elif style < 0.55:  # open and round like a u
        top = (writer.between(0, 0.35), 0.0)
        arm = writer.curve(top, (writer.between(0, 0.12), bar - 0.2), (0.25, bar), end)
        stem_top = writer.between(-0.1, 0.2)
    elif style < 0.8:  # the sailboat, closed at the top
        arm = writer.line((stem_x, 0), (writer.between(-0.05, 0.1), bar), end)
        stem_top = writer.between(-0.03, 0.12)
    else:  # closed, without lifting the pen: down, across and, from above, down again
        arm = writer.line((stem_x - 0.1, 0), (0, bar), end)
        back = writer.curve(end, (end[0], bar - 0.25), (stem_x + 0.05, writer.between(0.1, 0.3)))
        return [join(arm, back, writer.line((stem_x, 0.3), (stem_x - writer.between(0, 0.1), 1)))]
    stem = writer.line((stem_x, stem_top), (stem_x - writer.between(-0.05, 0.15), 1))
    return [arm, stem]


def _five(writer: Writer) -> list[Stroke]:
    neck = (writer.between(0.12, 0.25), writer.between(0.35, 0.48))
    bowl = writer.curve(
        neck,
        (writer.between(0.45, 0.6), neck[1] - writer.between(0, 0.08)),
        (writer.between(0.75, 0.95), writer.between(0.55, 0.7)),
        (writer.between(0.65, 0.85), 0.9),
        (0.4, 1),
        (writer.between(0, 0.12), writer.between(0.8, 0.98)),
    )
    top = (writer.between(0.15, 0.35), 0.0)
    tilt = writer.between(-0.12, 0.05)
    style = writer.between(0, 1)
    if style < 0.4:
        return [join(writer.line((writer.between(0.7, 0.95), tilt), top, neck), bowl)]
    if style < 0.55:  # round as an S
        start = writer.curve((writer.between(0.7, 0.9), 0.06), (0.4, 0), (0.18, 0.18), neck)
        return [join(start, bowl)]
    # The bar is a stroke of its own and often does not meet the other.
    apart = writer.between(-0.1, 0.3)
    lift = writer.between(-0.2, 0.08)
    bar = writer.line((top[0] + apart, lift), (writer.between(0.7, 1.0), lift + tilt))
    return [join(writer.line(top, neck), bowl), bar]


def _six(writer: Writer) -> list[Stroke]:
    ring_top = writer.between(0.4, 0.75)
    left = writer.between(0.03, 0.15)
    top = (writer.between(0.4, 0.85), writer.between(-0.02, 0.08))
    shoulder = (top[0] / 2 + left / 2 - writer.between(-0.03, 0.12), ring_top / 2)
    down = [top, shoulder, (left, 0.68), (0.2, 0.93), (0.5, 1)]
    ring = [(writer.between(0.75, 0.9), 0.85), (0.8, ring_top + 0.12), (0.5, ring_top)]
    close = (left + writer.between(0, 0.2), ring_top + writer.between(0.1, 0.35))
    if writer.chance(0.15):  # the ring ends in a tail that crosses the stem
        ring += [(left + 0.1, ring_top + 0.08)]
        close = (left - writer.between(0.02, 0.2), ring_top + writer.between(0.05, 0.3))
    return [writer.curve(*down, *ring, close)]


def _seven(writer: Writer) -> list[Stroke]:
    right = (writer.between(0.75, 0.95), writer.between(-0.06, 0.06))
    left = (writer.between(0, 0.2), writer.between(-0.02, 0.1))
    foot = (writer.between(-0.1, 0.6), 1.0)
    bulge = writer.between(-0.15, 0.02)
    middle = ((right[0] + foot[0]) / 2 + bulge, writer.between(0.45, 0.6))
    top = _top_of_seven(writer, left, right)
    stem = writer.curve(right, middle, foot)
    if writer.chance(0.12):
        stem = join(stem, writer.line(foot, (foot[0] + writer.between(0.05, 0.2), 0.97)))
    if writer.chance(0.55):
        return _cross(writer, join(top, stem), middle, foot)
    return [join(top, stem)]


def _top_of_seven(writer: Writer, left: Point, right: Point) -> Stroke:
    top = writer.line(left, right)
    if writer.chance(0.15):  # round, without a corner
        top = writer.curve((left[0], writer.between(0.05, 0.25)), (0.35, 0), (0.7, 0.02), right)
    elif writer.chance(0.2):
        top = writer.curve(left, (0.3, writer.between(-0.04, 0.02)), (0.6, 0.06), right)
    if writer.chance(0.25):
        hook = (left[0] + writer.between(-0.08, 0.04), writer.between(0.1, 0.45))
        top = join(writer.line(hook, left), top)
    return top


def _cross(writer: Writer, seven: Stroke, middle: Point, foot: Point) -> list[Stroke]:
    """Return a 7 with a bar through the middle of its stem."""
    reach, tilt = writer.between(0.1, 0.5), writer.between(-0.2, 0.12)
    x, y = middle[0] + writer.between(-0.12, 0.12), middle[1] + writer.between(-0.15, 0.2)
    bar = writer.line((x - reach, y - tilt), (x + reach, y + tilt))
    if writer.chance(0.2):  # without lifting the pen: from the foot up to the left and across
        back = writer.curve(foot, (x - reach, (1 + y) / 2), (bar[0, 0], bar[0, 1]))
        return [join(seven, back, bar)]
    return [seven, bar]


def _eight(writer: Writer) -> list[Stroke]:
    waist = writer.between(0.4, 0.55)
    small = writer.between(0.18, 0.36)
    large = writer.between(0.25, 0.42)
    if writer.chance(0.3):  # two rings
        high, low = waist / 2, (1 + waist) / 2
        gap = writer.between(-0.05, 0.03)
        upper = writer.arc((0.5, high), (small, high), writer.between(0, 360), 375, 0.05)
        lower = writer.arc((0.5, low + gap), (large, 1 - low), writer.between(-120, -60), 375, 0.05)
        return [upper, lower]
    way = writer.curve(
        (0.5 + small, writer.between(0.08, 0.2)),
        (0.5, 0),
        (0.5 - small, waist / 2),
        (0.5, waist),
        (0.5 + large, (1 + waist) / 2),
        (0.5, 1),
        (0.5 - large, (1 + waist) / 2),
        (writer.between(0.42, 0.55), waist),
        (0.5 + small * writer.between(0.7, 1.1), waist / 2),
        (0.5 + small * writer.between(0.2, 1), writer.between(0, 0.15)),
    )
    mirrored = writer.chance(0.2)
    return [way * [-1, 1] + [1, 0] if mirrored else way]


def _nine(writer: Writer) -> list[Stroke]:
    high = writer.between(0.15, 0.32)
    wide = writer.between(0.2, 0.4)
    side = 0.4 + wide
    if writer.chance(0.2):  # clockwise, from the lower left of the ring, without lifting the pen
        left = 0.4 - wide
        start = (writer.between(left + 0.1, side), writer.between(1.6, 2.2) * high)
        ring = writer.curve(start, (left, 1.4 * high), (left + 0.05, 0.4 * high), (0.4, 0))
        top = (side, writer.between(0.5, 1) * high)
        return [join(ring, writer.curve((0.4, 0), (side - 0.08, 0.1), top), _tail(writer, top))]
    angle = writer.between(-80, 0)
    sweep = writer.between(220, 300) if writer.chance(0.35) else writer.between(300, 375)
    ring = writer.arc((0.4, high), (wide, high), angle, -sweep, writer.between(-0.15, 0.15))
    tail = _tail(writer, (side + writer.between(-0.1, 0.12), writer.between(0, high * 1.5)))
    return [join(ring, tail)] if writer.chance(0.8) else [ring, tail]


def _tail(writer: Writer, top: Point) -> Stroke:
    """Return the tail of a 9: straight, bent to the left, or curled up."""
    side = top[0]
    style = writer.between(0, 1)
    if style < 0.3:
        return writer.line(top, (side - writer.between(-0.02, 0.3), 1.0))
    if style < 0.6:
        return writer.curve(top, (side, 0.6), (side - 0.12, 0.9), (writer.between(0.1, 0.45), 1.0))
    low = writer.between(0.85, 0.95)
    curl = (writer.between(-0.15, 0.2), writer.between(0.6, 0.92))
    return writer.curve(top, (side + 0.02, 0.6), (side - 0.1, low), (0.35, 1), curl)


STYLES = (_zero, _one, _two, _three, _four, _five, _six, _seven, _eight, _nine)
"""How each digit is written, by digit."""
_WEIGHTS = np.array([1, 2, 1, 1, 2, 1.2, 1, 1.8, 1, 1.8])
SHARES = _WEIGHTS / _WEIGHTS.sum()
"""The share of each digit: more of those whose styles differ most from MNIST's."""
