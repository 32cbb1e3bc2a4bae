"""Ten digits: each is asked for once and drawn; how many were read, and which strokes misled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_app.data import canvas_strokes, stroke_links
from mnist_app.data.canvas_strokes import TENTHS
from mnist_app.data.datasets import CLASSES
from mnist_app.data.stroke_files import Stroke
from mnist_app.data.stroke_links import LinkError
from mnist_app.data.strokes import WIDEST_PEN, draw_canvas, paint, pencil_path
from mnist_app.imaging.normalize import Image, normalize, normalize_ink

MOST_SEEDS = 1_000_000
PART_LENGTH = 45
"""Pixels of the canvas: about as long are the parts of a stroke that are left out."""
MOST_PARTS = 6
"""Of a stroke."""
MOST_STROKES = 8
"""Of a drawing; of one with more nothing is left out, because no digit has as many."""
LEAST_GAIN = 0.05
"""By how much the probability has to rise without a stroke, 0 to 1, to say that it misled."""
_POINT_DISTANCE = 4
_MOST_POINTS = 400
_SKIPPED = "x"
_SEPARATOR = "."


@dataclass(frozen=True, eq=False)
class DrawnDigit:
    """A digit as somebody drew it."""

    strokes: bytes
    """See `data.canvas_strokes`; empty where they are not known."""
    image: Image
    """What a network sees, uint8 (28, 28)."""
    problem: str = ""
    """Why nobody can read it, a sentence; empty where one can."""


@dataclass(frozen=True)
class Challenge:
    """Ten digits in an order of its own, and those that are drawn so far."""

    seed: int
    """Whatever gives the order; 0 to 999,999."""
    drawn: tuple[DrawnDigit | None, ...] = ()
    """In the order in which they were asked for; None for one that was skipped."""

    @property
    def order(self) -> tuple[int, ...]:
        """The digits in the order in which they are asked for, each once."""
        return tuple(np.random.default_rng(self.seed).permutation(CLASSES).tolist())

    @property
    def is_over(self) -> bool:
        """Whether all have been asked for."""
        return len(self.drawn) == CLASSES

    @property
    def asked(self) -> int:
        """The digit that is asked for now. Raises IndexError where it is over."""
        return self.order[len(self.drawn)]

    def with_next(self, drawn: DrawnDigit | None) -> "Challenge":
        """Return it with one more digit drawn, or skipped where it is None."""
        return replace(self, drawn=(*self.drawn, drawn)[:CLASSES])

    def without_last(self) -> "Challenge":
        """Return it with the last digit to be drawn again."""
        return replace(self, drawn=self.drawn[:-1])


@dataclass(frozen=True, eq=False)
class Piece:
    """A stroke, or a part of one, that can be left out of a drawing."""

    pen: int
    """The pen's width in pixels of the canvas."""
    path: Stroke
    """Points in pixels of the canvas, shape (n, 2)."""
    without: Image
    """What a network sees of the drawing without it, uint8 (28, 28)."""


def pack(challenge: Challenge) -> str:
    """Return a challenge as a text for an address; see `data.stroke_links`."""
    drawn = [
        _SKIPPED if one is None else stroke_links.pack(one.strokes, one.image)
        for one in challenge.drawn
    ]
    return _SEPARATOR.join([str(challenge.seed), *drawn])


def unpack(text: str) -> Challenge:
    """Return the challenge that `pack` was given. Raises LinkError for any other text."""
    seed, *drawn = text.split(_SEPARATOR, CLASSES + 1)
    if not (seed.isascii() and seed.isdecimal() and int(seed[:9]) < MOST_SEEDS):
        raise LinkError("The ten digits in this link are damaged. Ask for the link again.")
    if len(seed) > len(str(MOST_SEEDS)) or len(drawn) > CLASSES:
        raise LinkError("There are more than ten digits in this link. The page opens without them.")
    return Challenge(int(seed), tuple(None if one == _SKIPPED else _unpack(one) for one in drawn))


def pieces(strokes: bytes) -> list[Piece]:
    """Return what can be left out of a drawing: each stroke, and parts of it.

    `strokes` are as `data.canvas_strokes` has them. What would leave nothing is not among them.
    """
    drawn = [_evenly(width, points / TENTHS) for width, points in canvas_strokes.split(strokes)]
    return [
        Piece(width, piece, normalize_ink(paint([*drawn[:at], *rest, *drawn[at + 1 :]])))
        for at, (width, path) in enumerate(drawn if len(drawn) <= MOST_STROKES else [])
        for piece, rest in _left_out(width, path)
        if rest or len(drawn) > 1
    ]


def most_misleading(
    shown: Sequence[Piece], probabilities: NDArray[np.float32], before: float
) -> tuple[Piece, float] | None:
    """Return the piece without which a digit is most probable, and how probable it is then.

    None where nothing makes it more probable by LEAST_GAIN. `probabilities`, shape (n,), and
    `before` are those of the asked digit, 0 to 1, without each piece and with all.
    """
    if not shown or probabilities.max() < before + LEAST_GAIN:
        return None
    best = int(probabilities.argmax())
    return shown[best], float(probabilities[best])


def _unpack(text: str) -> DrawnDigit:
    found = stroke_links.unpack(text)
    if not isinstance(found, bytes):
        return DrawnDigit(b"", found)
    normalized = normalize(draw_canvas(found), background="black")
    problem = normalized.problem
    return DrawnDigit(found, normalized.image, problem.value if problem else "")


def _evenly(width: int, points: Stroke) -> tuple[int, Stroke]:
    """Return a stroke as the pencil draws it, with points in equal distances."""
    path = pencil_path(points)
    lengths = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    count = 2 + min(_MOST_POINTS, int(lengths[-1] / _POINT_DISTANCE))
    places = np.linspace(0, lengths[-1], count)
    even = np.stack([np.interp(places, lengths, path[:, axis]) for axis in (0, 1)], axis=1)
    return min(width, WIDEST_PEN), even


def _length(path: Stroke) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def _left_out(width: int, path: Stroke) -> Iterator[tuple[Stroke, list[tuple[int, Stroke]]]]:
    """Yield a stroke's parts, one or two of them at a time and all, and what stays of it."""
    count = min(MOST_PARTS, max(1, round(_length(path) / PART_LENGTH)))
    ends = np.linspace(0, len(path) - 1, count + 1).round().astype(int).tolist()
    runs = [(at, at + parts) for parts in (1, 2) for at in range(count + 1 - parts)]
    for first, last in dict.fromkeys([*runs, (0, count)]):
        before, after = path[: ends[first] + 1], path[ends[last] :]
        rest = [(width, part) for part in (before, after) if len(part) > 1]
        yield path[ends[first] : ends[last] + 1], rest
