"""What would change its mind: the least ink that makes a network say another digit.

Noise changes a network's mind, too, and teaches nothing but that. So strokes are tried, as a person
would draw or erase them: first straight ones everywhere, from ink to ink, and along what differs
from images of the wanted digit; then the best of these are moved, bent, shortened and joined by a
second one, a few generations long. Each try is normalized as if it had been drawn.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mnist_app.explain.strokes import Points, Stroke, changed_share, pen_width
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image, bounding_box, normalize, normalize_ink
from mnist_app.networks.prediction import top_two_mass

Read = Callable[[Image], Array]
"""What reads digits: images, uint8 (n, 28, 28), to logits, float32 (n, 10)."""

MOST_INK = 0.4
"""The most ink that a stroke may change, as a share of the digit's own."""
ALTERNATIVES = 4
"""How many ways are returned at most, the one with the least ink first."""

# The grid: centers along each side of the box around the ink, directions of half a turn, and
# lengths as shares of the box's larger side.
_CENTERS, _DIRECTIONS, _LENGTHS = 5, 4, (0.25, 0.5)
# Beside it, strokes from ink to ink: between so many points that are far from each other, straight
# and bent to both sides by a share of their length.
_INK_POINTS, _BENDS = 12, (-0.3, 0.0, 0.3)
# How far strokes may lie outside of the box, as a share of its larger side.
_MARGIN = 0.15
# So many images of the wanted digit, those most like the drawing, show what might be changed.
_NEAREST = 40
# A pixel that differs by so much is something to draw or to erase; ink that counts is as bright.
_SOLID = 100
# Generations, how many tries live on to the next by each ranking, and how many children each has.
_GENERATIONS, _PARENTS, _CHILDREN = 10, 5, 12
# How far the points of a child move, as a share of the box's larger side: in the first generation
# and in the last.
_FAR, _NEAR = 0.15, 0.03
_MOST_POINTS = 4
_WIDTHS = {False: (0.7, 1.0, 1.0), True: (1.0, 1.6, 2.4)}
"""The widths of pens and of erasers, as shares of the pen's that drew the digit."""
# How often a child gets another stroke, one of so many of the best straight ones.
_SECOND_STROKE, _SECOND_STROKES = 0.2, 40
# What tries are worth: by how much the wanted digit's logit exceeds the others', of which more than
# this counts no more, less their ink.
_ENOUGH_LEAD = 0.5
_INK_COST, _FIRST_INK_COST, _TOO_MUCH_COST = 6.0, 1.5, 60.0
# So far the wanted digit must leave behind all but the digit as it is, for one of the rankings.
_LEFT_BEHIND = 1.5
# Tries are drawn on a canvas of this side, the strokes that are returned on the canvas itself.
_SIDE = 140
# Of those that do it, so many are drawn on the canvas itself at most.
_CHECKED = 60
# How far apart two alternatives lie at least, as a share of the box's larger side.
_APART = 0.2

Strokes = tuple[Stroke, ...]


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """One stroke, or two, with which a network says another digit."""

    strokes: Strokes
    canvas: Image
    """The ink with the strokes over it, uint8, of the same shape."""
    image: Image
    """What the network sees then, uint8 (28, 28)."""
    logits: Array
    """What it answers, float32 (10,)."""
    ink: float
    """The ink that the strokes change, as a share of the digit's own."""


@dataclass(frozen=True, eq=False)
class _Tries:
    """Strokes that were tried."""

    strokes: Sequence[Strokes]
    images: Image
    logits: Array
    inks: NDArray[np.float64]

    def are_reached(self, wanted: int, reject_below: float) -> NDArray[np.bool_]:
        """Say for each whether the network says the wanted digit, with no more ink than allowed."""
        powers = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        is_digit = top_two_mass(powers / powers.sum(axis=1, keepdims=True)) >= reject_below
        says_it = self.logits.argmax(axis=1) == wanted
        return np.asarray(says_it & is_digit & (self.inks <= MOST_INK), dtype=np.bool_)

    def best(self, own: int, wanted: int, examples: Image, count: int) -> "_Tries":
        """Return the most valuable tries by each of three rankings, for a digit read as `own`.

        One is by the wanted digit's lead over all others. On its way most strokes make the digit
        no digit at all, where all logits are alike and nothing shows where to go on. So the second
        asks that all digits but the own are left behind first, and the third for the likeness to
        `examples`, images of the wanted digit.
        """
        leads = self.logits[:, [wanted]] - self.logits
        others = np.delete(leads, [own, wanted], axis=1).min(axis=1)
        lead = np.minimum(np.minimum(leads[:, own], others), _ENOUGH_LEAD)
        cost = np.where(lead >= _ENOUGH_LEAD, _INK_COST, _FIRST_INK_COST) * self.inks
        cost += _TOO_MUCH_COST * np.maximum(self.inks - MOST_INK, 0)
        between = np.minimum(leads[:, own], _ENOUGH_LEAD) + 8 * np.minimum(others, _LEFT_BEHIND)
        alike = -_distances(self.images, examples)
        values = (lead, between, alike)
        ranked = [np.argsort(cost - value, kind="stable")[:count] for value in values]
        return self.take(np.unique(np.concatenate(ranked)))

    def take(self, which: NDArray[np.int64]) -> "_Tries":
        strokes = [self.strokes[at] for at in which]
        return _Tries(strokes, self.images[which], self.logits[which], self.inks[which])

    def __add__(self, other: "_Tries") -> "_Tries":
        return _Tries(
            [*self.strokes, *other.strokes],
            np.concatenate([self.images, other.images]),
            np.concatenate([self.logits, other.logits]),
            np.concatenate([self.inks, other.inks]),
        )


class Search:
    """A search over strokes on one drawing. The coarse grid is tried once for all digits."""

    def __init__(
        self,
        ink: Image,
        read: Read,
        reject_below: float,
        examples: Mapping[int, Image],
        seed: int = 0,
    ) -> None:
        """`ink` is what was drawn, uint8 (side, side), bright on black.

        `reject_below` is the network's, see `networks.prediction`; `examples` are images of each
        digit, uint8 (n, 28, 28). Raises ValueError where there is no ink.
        """
        self._ink, self._read, self._seed = ink, read, seed
        self._reject_below = reject_below
        self._examples = examples
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
        self._own = int(read(normalize_ink(ink)[np.newaxis])[0].argmax())
        straight = itertools.chain(self._grid(), self._between_ink())
        self._coarse = self._try([(stroke,) for stroke in straight])

    def find(self, wanted: int) -> list[Counterfactual]:
        """Return strokes with which the network says `wanted`, 0 to 9, the least ink first.

        Nothing where none were found that change at most `MOST_INK` of the digit's ink.
        """
        chance = np.random.default_rng([self._seed, wanted])
        best = self._coarse.best(self._own, wanted, self._examples[wanted], _SECOND_STROKES)
        straight = best.strokes
        tries = best = best + self._try(list(self._towards(wanted)))
        for reach in self._size * np.geomspace(_FAR, _NEAR, _GENERATIONS):
            best = best.best(self._own, wanted, self._examples[wanted], _PARENTS)
            children = self._try(
                [
                    self._child(parent, straight, reach, chance)
                    for parent in best.strokes
                    for _ in range(_CHILDREN)
                ]
            )
            tries, best = tries + children, best + children
        return self._checked(tries, wanted)

    def _grid(self) -> Iterator[Stroke]:
        margin = _MARGIN * self._size
        low, high = self._corner - margin, self._corner + self._extent + margin
        turns = np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
        places = [np.linspace(low[axis], high[axis], _CENTERS) for axis in (0, 1)]
        for x, y, turn, length in itertools.product(*places, turns, _LENGTHS):
            half = np.array([np.cos(turn), np.sin(turn)]) * length * self._size / 2
            points = self._within(np.array([x, y]) + np.array([-half, half]))
            yield Stroke(points, self._pen)
            yield Stroke(points, self._pen, erases=True)

    def _between_ink(self) -> Iterator[Stroke]:
        for first, last in itertools.combinations(self._ink_points(), 2):
            across = (last - first)[::-1] * (1, -1)
            for bend in _BENDS:
                path = [first, (first + last) / 2 + bend * across, last] if bend else [first, last]
                yield Stroke(self._within(np.array(path)), self._pen)
            if np.linalg.norm(last - first) < max(_LENGTHS) * self._size:
                width = _WIDTHS[True][1] * self._pen
                yield Stroke(self._within(np.array([first, last])), width, erases=True)

    def _towards(self, wanted: int) -> Iterator[Strokes]:
        """Yield strokes that make the digit more like images of the wanted one."""
        image = normalize_ink(self._small)
        for like in _nearest(image, self._examples[wanted]):
            change = like.astype(np.int16) - image
            added = self._stroke_along(change > _SOLID, False)
            removed = self._stroke_along(change < -_SOLID, True)
            yield from ((one,) for one in (added, removed) if one)
            if added and removed:
                yield removed, added

    def _stroke_along(self, mask: NDArray[np.bool_], erases: bool) -> Stroke | None:
        """Return a stroke through the largest piece of a mask, (28, 28); None for a speck."""
        count, pieces, sizes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        if count < 2 or sizes[1:, cv2.CC_STAT_AREA].max() < 4:
            return None
        rows, columns = np.nonzero(pieces == 1 + sizes[1:, cv2.CC_STAT_AREA].argmax())
        points = np.stack([columns, rows], axis=1) + 0.5
        center = points.mean(axis=0)
        along = (points - center) @ np.linalg.svd(points - center, full_matrices=False)[2][0]
        thirds = np.array_split(points[np.argsort(along)], 3)
        ends = points[[along.argmin(), along.argmax()]]
        path = np.array([ends[0], thirds[1].mean(axis=0), ends[1]])
        width = self._pen * (_WIDTHS[True][1] if erases else 1)
        return Stroke(self._within(self._on_canvas(path)), width, erases)

    def _on_canvas(self, points: Points) -> Points:
        """Return where points of the normalized image, 28 x 28, lie on the canvas."""
        x, y, width, height = bounding_box(normalize_ink(self._small))
        scale = self._size / max(width, height)
        return np.asarray((points - (x, y)) * scale + self._corner)

    def _ink_points(self) -> Points:
        """Return points of the ink, each as far as can be from those before it."""
        rows, columns = np.nonzero(self._small >= min(_SOLID, self._small.max()))
        ink = np.stack([columns, rows], axis=1) + 0.5
        chosen = [ink[0]]
        nearest = np.full(len(ink), np.inf)
        for _ in range(_INK_POINTS - 1):
            nearest = np.minimum(nearest, np.linalg.norm(ink - chosen[-1], axis=1))
            chosen.append(ink[nearest.argmax()])
        return np.array(chosen)

    def _child(
        self,
        parent: Strokes,
        straight: Sequence[Strokes],
        reach: float,
        chance: np.random.Generator,
    ) -> Strokes:
        """Return strokes that differ a little from their parent."""
        if len(parent) == 1 and chance.random() < _SECOND_STROKE:
            return parent + straight[int(chance.integers(len(straight)))]
        at = int(chance.integers(len(parent)))
        return (*parent[:at], self._changed(parent[at], reach, chance), *parent[at + 1 :])

    def _changed(self, stroke: Stroke, reach: float, chance: np.random.Generator) -> Stroke:
        points, width = stroke.points, stroke.width
        kind = int(chance.integers(6))
        if kind == 0:
            points = points + chance.normal(0, reach, 2)
        elif kind == 1:
            points = points + chance.normal(0, reach, points.shape)
        elif kind == 2 and len(points) < _MOST_POINTS:
            at = int(chance.integers(1, len(points)))
            bend = points[at - 1 : at + 1].mean(axis=0) + chance.normal(0, 2 * reach, 2)
            points = np.insert(points, at, bend, axis=0)
        elif kind == 3 and len(points) > 2:
            points = np.delete(points, int(chance.integers(len(points))), axis=0)
        elif kind == 4:
            width = self._pen * float(chance.choice(_WIDTHS[stroke.erases]))
        else:
            end, before = (0, 1) if chance.integers(2) else (-1, -2)
            points = points.copy()
            points[end] += chance.uniform(-0.6, 0.6) * (points[before] - points[end])
        return Stroke(self._within(points), width, stroke.erases)

    def _within(self, points: Points) -> Points:
        """Return a path that keeps its pen on the canvas."""
        edge = self._pen / 2
        return np.clip(points, edge, np.array(self._small.shape[::-1]) - edge)

    def _try(self, strokes: Sequence[Strokes]) -> _Tries:
        drawn = [_drawn(self._small, some) for some in strokes]
        images = np.stack([normalize_ink(one) for one in drawn])
        inks = np.array([changed_share(self._small, one) for one in drawn])
        return _Tries(strokes, images, self._read(images), inks)

    def _checked(self, tries: _Tries, wanted: int) -> list[Counterfactual]:
        """Return the best tries that hold on the canvas itself, none like another."""
        reached = np.flatnonzero(tries.are_reached(wanted, self._reject_below))
        found: list[Counterfactual] = []
        for at in reached[np.argsort(tries.inks[reached])][:_CHECKED]:
            strokes = tuple(one.scaled(1 / self._factor) for one in tries.strokes[at])
            if any(self._are_alike(strokes, one.strokes) for one in found):
                continue
            made = self._draw(strokes, wanted)
            if made is not None:
                found.append(made)
            if len(found) == ALTERNATIVES:
                break
        return sorted(found, key=lambda one: one.ink)

    def _draw(self, strokes: Strokes, wanted: int) -> Counterfactual | None:
        """Return what strokes do on the canvas itself; None where that is not what they should."""
        canvas = _drawn(self._ink, strokes)
        normalized = normalize(canvas, background="black")
        ink = changed_share(self._ink, canvas)
        if normalized.problem is not None:
            return None
        logits = self._read(normalized.image[np.newaxis])[0]
        read = _Tries([strokes], normalized.image[np.newaxis], logits[np.newaxis], np.array([ink]))
        if not read.are_reached(wanted, self._reject_below)[0]:
            return None
        return Counterfactual(strokes, canvas, normalized.image, logits, ink)

    def _are_alike(self, some: Strokes, others: Strokes) -> bool:
        return all(
            one.erases == other.erases and self._distance(one, other) < _APART * self._size
            for one, other in zip(some, others, strict=False)
        )

    def _distance(self, one: Stroke, other: Stroke) -> float:
        between = one.points.mean(axis=0) - other.points.mean(axis=0)
        return float(np.linalg.norm(between) * self._factor)


def _distances(images: Image, others: Image) -> NDArray[np.float64]:
    """Return how far each image is from the nearest of others, where white is 1."""
    ours, theirs = (
        some.reshape(len(some), -1).astype(np.float32) / 255 for some in (images, others)
    )
    squares = (ours**2).sum(axis=1)[:, np.newaxis] - 2 * ours @ theirs.T + (theirs**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0)), dtype=np.float64)


def _nearest(image: Image, others: Image) -> Image:
    differences = np.abs(others.astype(np.int16) - image).sum(axis=(1, 2))
    return others[np.argsort(differences)[:_NEAREST]]


def _drawn(ink: Image, strokes: Strokes) -> Image:
    for stroke in strokes:
        ink = stroke.over(ink)
    return ink
