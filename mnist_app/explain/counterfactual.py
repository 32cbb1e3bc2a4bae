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

import cv2
import numpy as np

from mnist_app.explain.candidates import WIDTHS, Drawing
from mnist_app.explain.library import Library
from mnist_app.explain.strokes import Stroke, Strokes, changed_share, drawn
from mnist_app.explain.tries import Goal, Tries, softmax
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image, find_problem, normalize, normalize_ink

MOST_INK = 0.4
"""The most ink that strokes may change, as a share of the digit's own."""
ALTERNATIVES = 4
"""How many ways are returned at most, the one with the least ink first."""
MOST_STROKES = 3
"""How many strokes one way has at most."""

# So many images of the wanted digit, those most like the drawing, show what might be changed.
_NEAREST = 40
# So many of the first tries live on, by each ranking.
_FIRST = 40
# Tries are made on a canvas of this side, and then on the canvas itself.
_COARSE_SIDE = 140
# How far the points of a child move, as a share of the box's larger side, a number a generation.
_COARSE_REACHES, _FINE_REACHES = np.geomspace(0.15, 0.04, 8), np.geomspace(0.04, 0.02, 3)
# So many times all generations pass, as long as nothing is found.
_ROUNDS = 2
# How many tries live on to the next generation by each ranking.
_PARENTS = 5
# How many live on by each from the small canvas to the canvas itself, and how many beside these
# that do it and are unlike each other.
_TO_FINE, _UNLIKE = 12, 8
# How many children each has that differ a little, and how many with another stroke.
_CHANGED, _JOINED = 7, 6
_MOST_POINTS = 4
# How often a child has one stroke less.
_WITHOUT_ONE = 0.05
# What all the digit's ink costs when strokes are chosen by what they promise, in logits.
_PROMISED_INK_COST = 10.0
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
        self._reader, self._seed = reader, seed
        self._reject_below = reject_below
        self._examples = examples
        self._drawing = Drawing(ink)
        self._library = Library(self._drawing)
        self._coarse, self._fine = _Canvas(ink, _COARSE_SIDE), _Canvas(ink, max(ink.shape))
        self._own = int(reader.logits(self._drawing.image[np.newaxis])[0].argmax())
        first = [(stroke,) for stroke in self._drawing.first_strokes()]
        self._first = self._try(self._coarse, [(), *first])

    def find(self, wanted: int) -> list[Counterfactual]:
        """Return strokes with which the network says `wanted`, 0 to 9, the least ink first.

        Nothing where none were found that change at most `MOST_INK` of the digit's ink.
        """
        chance = np.random.default_rng([self._seed, wanted])
        examples = _nearest(self._drawing.image, self._examples[wanted])
        goal = Goal(self._own, wanted, self._reject_below, MOST_INK, examples)
        first = self._first.best(goal, _FIRST)
        coarse = first + self._try(self._coarse, list(self._drawing.towards(examples)))
        found: list[Counterfactual] = []
        for _ in range(_ROUNDS):
            coarse = self._bred(self._coarse, coarse, goal, chance)
            fine = self._bred(self._fine, self._on_fine(coarse, goal), goal, chance)
            if found := self._kept(fine, goal):
                break
        return found

    def _bred(
        self, canvas: "_Canvas", tries: Tries, goal: Goal, chance: np.random.Generator
    ) -> Tries:
        """Return the tries of some generations that do it, and the best of the last one."""
        is_coarse = canvas is self._coarse
        best = self._legible(canvas, tries, goal)
        reached = best.take(np.flatnonzero(best.are_reached(goal)))
        for reach in self._drawing.size * (_COARSE_REACHES if is_coarse else _FINE_REACHES):
            best = best.best(goal, _PARENTS)
            children = [
                self._changed(parent, reach, chance)
                for parent in best.strokes
                if parent
                for _ in range(_CHANGED)
            ]
            if is_coarse:
                children += self._joined(best, goal, chance)
            tried = self._legible(canvas, self._try(canvas, children), goal)
            reached += tried.take(np.flatnonzero(tried.are_reached(goal)))
            best += tried
        return reached + best

    def _on_fine(self, tries: Tries, goal: Goal) -> Tries:
        """Return the best tries as they are on the canvas itself, and some that are unlike."""
        best = tries.best(goal, _TO_FINE)
        reached = tries.take(np.flatnonzero(tries.are_reached(goal)))
        return self._try(self._fine, [*best.strokes, *self._unlike(reached, _UNLIKE).strokes])

    def _joined(self, tries: Tries, goal: Goal, chance: np.random.Generator) -> list[Strokes]:
        """Return tries with one more stroke each, of those that promise most."""
        are_short = np.array([len(one) < MOST_STROKES for one in tries.strokes])
        tries = tries.take(np.flatnonzero(are_short & tries.images.any(axis=(1, 2))))
        if not tries.strokes:
            return []
        is_wanted = np.arange(tries.logits.shape[1]) == goal.wanted
        signs = is_wanted - softmax(np.where(is_wanted, -np.inf, tries.logits))
        slopes = self._reader.slopes(tries.images, signs.astype(np.float32))
        canvases = [self._coarse.drawn(one) for one in tries.strokes]
        brought, inks = self._library.promises(canvases, tries.images, slopes)
        worth = brought - _PROMISED_INK_COST * inks
        worth[inks + tries.inks > MOST_INK] = -np.inf
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
            width = self._drawing.pen * float(chance.choice(WIDTHS[stroke.erases]))
        else:
            end, before = (0, 1) if chance.integers(2) else (-1, -2)
            points = points.copy()
            points[end] += chance.uniform(-0.6, 0.6) * (points[before] - points[end])
        return Stroke(self._drawing.within(points), width, stroke.erases)

    def _try(self, canvas: "_Canvas", strokes: Sequence[Strokes]) -> Tries:
        made = [canvas.drawn(some) for some in strokes]
        images = np.stack([normalize_ink(one) for one in made])
        inks = np.array([changed_share(canvas.ink, one) for one in made])
        return Tries(strokes, images, self._reader.logits(images), inks)

    def _legible(self, canvas: "_Canvas", tries: Tries, goal: Goal) -> Tries:
        """Return tries without those that do it, but look like no digit or more than one."""
        reached = np.flatnonzero(tries.are_reached(goal))
        side = max(canvas.ink.shape)
        illegible = [
            at
            for at in map(int, reached)
            if find_problem(canvas.drawn(tries.strokes[at]), side) is not None
        ]
        return tries.take(np.setdiff1d(np.arange(len(tries.strokes)), illegible))

    def _kept(self, tries: Tries, goal: Goal) -> list[Counterfactual]:
        """Return the best tries that hold as the page draws and reads them, none like another."""
        reached = self._unlike(tries.take(np.flatnonzero(tries.are_reached(goal))), ALTERNATIVES)
        found = []
        for at, strokes in enumerate(reached.strokes):
            drawn_over = self._fine.drawn(strokes)
            normalized = normalize(drawn_over, background="black")
            if normalized.problem is None and np.array_equal(normalized.image, reached.images[at]):
                ink = float(reached.inks[at])
                found.append(
                    Counterfactual(strokes, drawn_over, normalized.image, reached.logits[at], ink)
                )
        return found

    def _unlike(self, tries: Tries, count: int) -> Tries:
        """Return those with the least ink that are unlike each other."""
        kept: list[int] = []
        for at in map(int, np.argsort(tries.inks, kind="stable")):
            one = tries.strokes[at]
            if not any(self._are_alike(one, tries.strokes[other]) for other in kept):
                kept.append(at)
            if len(kept) == count:
                break
        return tries.take(np.array(kept, np.int64))

    def _are_alike(self, some: Strokes, others: Strokes) -> bool:
        return all(
            one.erases == other.erases and _distance(one, other) < _APART * self._drawing.size
            for one, other in zip(some, others, strict=False)
        )


class _Canvas:
    """A drawing at a scale at which strokes are tried on it."""

    def __init__(self, ink: Image, side: int) -> None:
        """`side` is the larger side that the canvas is shrunk to, in pixels."""
        self._factor = min(1, side / max(ink.shape))
        self.ink = ink if self._factor == 1 else self._shrunk(ink)

    def drawn(self, strokes: Strokes) -> Image:
        """Return the ink with strokes over it; their points lie on the canvas as it was drawn."""
        return drawn(self.ink, tuple(one.scaled(self._factor) for one in strokes))

    def _shrunk(self, ink: Image) -> Image:
        factor = self._factor
        small = cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.uint8)


def _distance(one: Stroke, other: Stroke) -> float:
    return float(np.linalg.norm(one.points.mean(axis=0) - other.points.mean(axis=0)))


def _nearest(image: Image, others: Image) -> Image:
    differences = np.abs(others.astype(np.int16) - image).sum(axis=(1, 2))
    return others[np.argsort(differences)[:_NEAREST]]
