"""What would change its mind: the least ink that makes a network say another digit.

Noise changes a network's mind, too, and teaches nothing but that. So strokes are tried, as a person
would draw or erase them: first straight ones everywhere, from ink to ink, and along what differs
from images of the wanted digit. Then, some generations long, the best of these are moved, bent and
shortened, or joined by another one, of a library of which the network's slopes tell the most
promising. Each try is normalized as if it had been drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mnist_app.explain.candidates import WIDTHS, Sketch
from mnist_app.explain.library import Library
from mnist_app.explain.strokes import Stroke, Strokes, changed_share, drawn
from mnist_app.explain.tries import MOST_INK, Goal, Tries, softmax
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image, find_problem, normalize, normalize_ink

ALTERNATIVES = 4
"""How many ways are returned at most, the one with the least ink first."""
MOST_STROKES = 3
"""How many strokes one way has at most."""

# So many images of the wanted digit, those most like the drawing, show what might be changed.
_NEAREST = 40
# So many of the first tries live on, by each ranking.
_FIRST = 40
# Generations, and how many tries live on to the next by each ranking.
_GENERATIONS, _PARENTS = 10, 5
# How many children each has that differ a little, and how many with another stroke.
_CHANGED, _JOINED = 7, 6
# How far the points of a child move, as a share of the box's larger side: in the first generation
# and in the last.
_FAR, _NEAR = 0.15, 0.03
_MOST_POINTS = 4
# How often a child has one stroke less.
_WITHOUT_ONE = 0.05
# What all the digit's ink costs when strokes are chosen by what they promise, in logits.
_PROMISED_INK_COST = 10.0
# Of those that do it, so many are drawn on the canvas itself at most.
_CHECKED = 60
# How far apart two alternatives lie at least, as a share of the box's larger side.
_APART = 0.2


class Reader(Protocol):
    """A network that reads digits, and says what would make it read others."""

    def logits(self, images: Image) -> Array:
        """Return float32 (n, 10) for images, uint8 (n, 28, 28)."""

    def slopes(self, images: Image, signs: Array) -> Array:
        """Return the derivatives of each image's logits, weighed by `signs`, by each pixel.

        `images` is uint8 (n, 28, 28), `signs` float32 (n, 10), the result float32 (n, 28, 28).
        """


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """Strokes with which a network says another digit, up to `MOST_STROKES`."""

    strokes: Strokes
    canvas: Image
    """The ink with the strokes over it, uint8, of the same shape."""
    image: Image
    """What the network sees then, uint8 (28, 28)."""
    logits: Array
    """What it answers, float32 (10,)."""
    ink: float
    """The ink that the strokes change, as a share of the digit's own."""


class Search:
    """A search over strokes on one drawing. The first strokes are tried once for all digits."""

    def __init__(
        self,
        ink: Image,
        reader: Reader,
        reject_below: float,
        examples: Mapping[int, Image],
        seed: int = 0,
    ) -> None:
        """`ink` is what was drawn, uint8 (side, side), bright on black.

        `reject_below` is the network's, see `networks.prediction`; `examples` are images of each
        digit, uint8 (n, 28, 28). Raises ValueError where there is no ink.
        """
        self._ink, self._reader, self._seed = ink, reader, seed
        self._reject_below = reject_below
        self._examples = examples
        self._sketch = Sketch(ink)
        self._library = Library(self._sketch)
        self._all_ink = float(self._sketch.ink.sum())
        self._own = int(reader.logits(normalize_ink(ink)[np.newaxis])[0].argmax())
        self._first = self._try([(), *((stroke,) for stroke in self._sketch.first_strokes())])

    def find(self, wanted: int) -> list[Counterfactual]:
        """Return strokes with which the network says `wanted`, 0 to 9, the least ink first.

        Nothing where none were found that change at most `MOST_INK` of the digit's ink.
        """
        chance = np.random.default_rng([self._seed, wanted])
        examples = _nearest(self._sketch.image, self._examples[wanted])
        goal = Goal(self._own, wanted, self._reject_below, examples)
        best = self._first.best(goal, _FIRST)
        best = best + self._try(list(self._sketch.towards(examples)))
        tries = best = _legible(best, goal)
        for reach in self._sketch.size * np.geomspace(_FAR, _NEAR, _GENERATIONS):
            best = best.best(goal, _PARENTS)
            changed = [
                self._changed(parent, reach, chance)
                for parent in best.strokes
                if parent
                for _ in range(_CHANGED)
            ]
            children = self._try(changed + self._joined(best, wanted, chance))
            children = _legible(children, goal)
            tries, best = tries + children, best + children
        return self._checked(tries, goal)

    def _joined(self, tries: Tries, wanted: int, chance: np.random.Generator) -> list[Strokes]:
        """Return tries with one more stroke each, of those that promise most."""
        tries = tries.take(np.flatnonzero([len(one) < MOST_STROKES for one in tries.strokes]))
        if not tries.strokes:
            return []
        powers = softmax(np.where(np.arange(10) == wanted, -np.inf, tries.logits))
        signs = (np.arange(10) == wanted) - powers
        slopes = self._reader.slopes(tries.images, signs.astype(np.float32))
        brought, costs = self._library.promises(tries.canvases, tries.images, slopes)
        shares = costs / self._all_ink
        worth = brought - _PROMISED_INK_COST * shares
        worth[shares + tries.inks > MOST_INK] = -np.inf
        # The best of each of some groups drawn by lot, so that they are not all alike.
        groups = np.array_split(chance.permutation(len(worth)), _JOINED)
        return [
            (*parent, self._library.strokes[group[worth[group, at].argmax()]])
            for at, parent in enumerate(tries.strokes)
            for group in groups
        ]

    def _changed(self, parent: Strokes, reach: float, chance: np.random.Generator) -> Strokes:
        """Return strokes that differ a little from their parent."""
        at = int(chance.integers(len(parent)))
        if len(parent) > 1 and chance.random() < _WITHOUT_ONE:
            return (*parent[:at], *parent[at + 1 :])
        return (*parent[:at], self._moved(parent[at], reach, chance), *parent[at + 1 :])

    def _moved(self, stroke: Stroke, reach: float, chance: np.random.Generator) -> Stroke:
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
            width = self._sketch.pen * float(chance.choice(WIDTHS[stroke.erases]))
        else:
            end, before = (0, 1) if chance.integers(2) else (-1, -2)
            points = points.copy()
            points[end] += chance.uniform(-0.6, 0.6) * (points[before] - points[end])
        return Stroke(self._sketch.within(points), width, stroke.erases)

    def _try(self, strokes: Sequence[Strokes]) -> Tries:
        canvases = [drawn(self._sketch.ink, some) for some in strokes]
        images = np.stack([normalize_ink(one) for one in canvases])
        inks = np.array([changed_share(self._sketch.ink, one) for one in canvases])
        return Tries(strokes, canvases, images, self._reader.logits(images), inks)

    def _checked(self, tries: Tries, goal: Goal) -> list[Counterfactual]:
        """Return the best tries that hold on the canvas itself, none like another."""
        reached = np.flatnonzero(tries.are_reached(goal))
        found: list[Counterfactual] = []
        for at in reached[np.argsort(tries.inks[reached])][:_CHECKED]:
            strokes = tuple(one.scaled(1 / self._sketch.factor) for one in tries.strokes[at])
            if any(self._are_alike(strokes, one.strokes) for one in found):
                continue
            made = self._draw(strokes, goal)
            if made is not None:
                found.append(made)
            if len(found) == ALTERNATIVES:
                break
        return sorted(found, key=lambda one: one.ink)

    def _draw(self, strokes: Strokes, goal: Goal) -> Counterfactual | None:
        """Return what strokes do on the canvas itself; None where that is not what they should."""
        canvas = drawn(self._ink, strokes)
        normalized = normalize(canvas, background="black")
        ink = changed_share(self._ink, canvas)
        if normalized.problem is not None:
            return None
        image = normalized.image[np.newaxis]
        made = Tries([strokes], [canvas], image, self._reader.logits(image), np.array([ink]))
        if not made.are_reached(goal)[0]:
            return None
        return Counterfactual(strokes, canvas, normalized.image, made.logits[0], ink)

    def _are_alike(self, some: Strokes, others: Strokes) -> bool:
        return all(
            one.erases == other.erases and self._distance(one, other) < _APART * self._sketch.size
            for one, other in zip(some, others, strict=False)
        )

    def _distance(self, one: Stroke, other: Stroke) -> float:
        between = one.points.mean(axis=0) - other.points.mean(axis=0)
        return float(np.linalg.norm(between) * self._sketch.factor)


def _legible(tries: Tries, goal: Goal) -> Tries:
    """Return tries without those that do it, but look like more than one digit."""
    reached = np.flatnonzero(tries.are_reached(goal))
    sides = [max(canvas.shape) for canvas in tries.canvases]
    illegible = [
        at for at in map(int, reached) if find_problem(tries.canvases[at], sides[at]) is not None
    ]
    return tries.take(np.setdiff1d(np.arange(len(tries.strokes)), illegible))


def _nearest(image: Image, others: Image) -> Image:
    differences = np.abs(others.astype(np.int16) - image).sum(axis=(1, 2))
    return others[np.argsort(differences)[:_NEAREST]]
