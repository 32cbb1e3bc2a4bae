"""What would change its mind: the shortest stroke that makes a network say another digit.

Noise changes a network's mind, too, and teaches nothing but that. So strokes are tried, as a person
would draw or erase them: first a coarse grid of straight ones, then the best of these are moved,
bent and shortened, a few generations long. Each try is normalized as if it had been drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.explain.strokes import Points, Stroke, changed_share, pen_width
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image, bounding_box, normalize, normalize_ink

Read = Callable[[Image], Array]
"""What reads digits: images, uint8 (n, 28, 28), to logits, float32 (n, 10)."""

MOST_INK = 0.4
"""The most ink that a stroke may change, as a share of the digit's own."""
ALTERNATIVES = 4
"""How many strokes are returned at most, the shortest first."""

# The grid: centers along each side of the box around the ink, directions of half a turn, and
# lengths as shares of the box's larger side.
_CENTERS, _DIRECTIONS, _LENGTHS = 7, 4, (0.25, 0.5)
# How far strokes may lie outside of the box, as a share of its larger side.
_MARGIN = 0.15
# Generations, how many strokes live on to the next, and how many children each has.
_GENERATIONS, _PARENTS, _CHILDREN = 6, 10, 16
# How far the points of a child move, as a share of the box's larger side: in the first generation
# and in the last.
_FAR, _NEAR = 0.12, 0.03
_MOST_POINTS = 4
# What a stroke is worth: the lead of the wanted digit in logits, of which more than this counts no
# more, less its ink.
_ENOUGH_LEAD = 0.5
_INK_COST = 6.0
# Tries are drawn on a canvas of this side, the strokes that are returned on the canvas itself.
_SIDE = 140
# How far apart two alternatives lie at least, as a share of the box's larger side.
_APART = 0.2


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """A stroke with which a network says another digit."""

    stroke: Stroke
    canvas: Image
    """The ink with the stroke over it, uint8, of the same shape."""
    image: Image
    """What the network sees then, uint8 (28, 28)."""
    logits: Array
    """What it answers, float32 (10,)."""
    ink: float
    """The ink that the stroke changes, as a share of the digit's own."""


@dataclass(frozen=True, eq=False)
class _Tries:
    """Strokes that were tried."""

    strokes: Sequence[Stroke]
    logits: Array
    inks: NDArray[np.float64]

    def leads(self, wanted: int) -> NDArray[np.float64]:
        """Return by how much each makes the wanted digit's logit exceed all others."""
        return np.asarray(_leads(self.logits, wanted), dtype=np.float64)

    def values(self, wanted: int) -> NDArray[np.float64]:
        """Return what each is worth, the more the better."""
        lead = np.minimum(self.leads(wanted), _ENOUGH_LEAD)
        too_much = np.maximum(self.inks - MOST_INK, 0.0)
        reached = lead >= _ENOUGH_LEAD
        cost = _INK_COST * np.where(reached, self.inks, 0.3 * self.inks)
        return np.asarray(lead - cost - 40 * too_much, dtype=np.float64)

    def take(self, which: NDArray[np.int64]) -> "_Tries":
        return _Tries([self.strokes[i] for i in which], self.logits[which], self.inks[which])

    def __add__(self, other: "_Tries") -> "_Tries":
        return _Tries(
            [*self.strokes, *other.strokes],
            np.concatenate([self.logits, other.logits]),
            np.concatenate([self.inks, other.inks]),
        )


class Search:
    """A search over strokes on one drawing. The coarse grid is tried once for all digits."""

    def __init__(self, ink: Image, read: Read, seed: int = 0) -> None:
        """`ink` is what was drawn, uint8 (side, side), bright on black.

        Raises ValueError where there is no ink.
        """
        self._ink, self._read, self._seed = ink, read, seed
        self._factor = _SIDE / max(ink.shape)
        self._small = np.asarray(
            cv2.resize(ink, None, fx=self._factor, fy=self._factor, interpolation=cv2.INTER_AREA),
            dtype=np.uint8,
        )
        x, y, width, height = bounding_box(self._small)
        if not width:
            raise ValueError("A stroke changes nothing where nothing is drawn.")
        self._corner = np.array([x, y], float)
        self._extent = np.array([width, height], float)
        self._size = float(max(width, height))
        self._pen = pen_width(self._small)
        self._coarse = self._try(self._grid())

    def find(self, wanted: int) -> list[Counterfactual]:
        """Return strokes with which the network says `wanted`, 0 to 9, the least ink first.

        Nothing where no stroke was found that changes at most `MOST_INK` of the digit's ink.
        """
        chance = np.random.default_rng([self._seed, wanted])
        tries = self._coarse
        for generation in range(_GENERATIONS):
            best = tries.take(np.argsort(-tries.values(wanted))[:_PARENTS])
            reach = self._size * _FAR * (_NEAR / _FAR) ** (generation / (_GENERATIONS - 1))
            children = [
                self._child(parent, reach, chance)
                for parent in best.strokes
                for _ in range(_CHILDREN)
            ]
            tries = best + self._try(children)
        return self._checked(self._coarse + tries, wanted)

    def _grid(self) -> list[Stroke]:
        margin = _MARGIN * self._size
        low, high = self._corner - margin, self._corner + self._extent + margin
        turns = np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
        strokes = []
        for x in np.linspace(low[0], high[0], _CENTERS):
            for y in np.linspace(low[1], high[1], _CENTERS):
                for turn in turns:
                    for length in _LENGTHS:
                        half = np.array([np.cos(turn), np.sin(turn)]) * length * self._size / 2
                        points = self._within(np.array([x, y]) + np.array([-half, half]))
                        strokes += [Stroke(points, self._pen, erases) for erases in (False, True)]
        return strokes

    def _child(self, parent: Stroke, reach: float, chance: np.random.Generator) -> Stroke:
        """Return a stroke that differs a little from its parent."""
        points = parent.points
        kind = chance.integers(5)
        if kind == 0:
            points = points + chance.normal(0, reach, 2)
        elif kind == 1:
            points = points + chance.normal(0, reach, points.shape)
        elif kind == 2 and len(points) < _MOST_POINTS:
            at = int(chance.integers(1, len(points)))
            bend = points[at - 1 : at + 1].mean(axis=0) + chance.normal(0, reach, 2)
            points = np.insert(points, at, bend, axis=0)
        elif kind == 3 and len(points) > 2:
            points = np.delete(points, int(chance.integers(len(points))), axis=0)
        else:
            end, before = (0, 1) if chance.integers(2) else (-1, -2)
            points = points.copy()
            points[end] += chance.uniform(-0.3, 0.6) * (points[before] - points[end])
        width = self._pen * float(chance.choice([0.6, 0.8, 1.0])) if not kind else parent.width
        return Stroke(self._within(points), width, parent.erases)

    def _within(self, points: Points) -> Points:
        """Return a path that keeps its pen on the canvas."""
        edge = self._pen / 2
        return np.clip(points, edge, np.array(self._small.shape[::-1]) - edge)

    def _try(self, strokes: Sequence[Stroke]) -> _Tries:
        drawn = [stroke.over(self._small) for stroke in strokes]
        images = np.stack([normalize_ink(one) for one in drawn])
        inks = np.array([changed_share(self._small, one) for one in drawn])
        return _Tries(strokes, self._read(images), inks)

    def _checked(self, tries: _Tries, wanted: int) -> list[Counterfactual]:
        """Return the best tries that hold on the canvas itself, none like another."""
        reached = np.flatnonzero(tries.leads(wanted) > 0)
        found: list[Counterfactual] = []
        for at in reached[np.argsort(tries.inks[reached])][: 8 * ALTERNATIVES]:
            stroke = tries.strokes[at].scaled(1 / self._factor)
            if any(self._is_like(stroke, one.stroke) for one in found):
                continue
            made = self._draw(stroke, wanted)
            if made is not None:
                found.append(made)
            if len(found) == ALTERNATIVES:
                break
        return found

    def _draw(self, stroke: Stroke, wanted: int) -> Counterfactual | None:
        """Return what a stroke does on the canvas itself; None where that is not what it should."""
        canvas = stroke.over(self._ink)
        normalized = normalize(canvas, background="black")
        ink = changed_share(self._ink, canvas)
        if normalized.problem is not None or ink > MOST_INK:
            return None
        logits = self._read(normalized.image[np.newaxis])[0]
        if int(logits.argmax()) != wanted:
            return None
        return Counterfactual(stroke, canvas, normalized.image, logits, ink)

    def _is_like(self, one: Stroke, other: Stroke) -> bool:
        if one.erases != other.erases:
            return False
        centers = one.points.mean(axis=0) - other.points.mean(axis=0)
        return bool(np.linalg.norm(centers) * self._factor < _APART * self._size)


def _leads(logits: Array, wanted: int) -> Array:
    others = np.delete(logits, wanted, axis=1)
    return np.asarray(logits[:, wanted] - others.max(axis=1))
