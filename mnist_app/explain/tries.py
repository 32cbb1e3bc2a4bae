"""Strokes that were tried, what a network made of them, and which are worth going on with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_app.explain.strokes import Strokes
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.networks.prediction import top_two_mass

# What tries are worth: by how much the wanted digit's logit exceeds the others', of which more than
# this counts no more, less their ink.
_ENOUGH_LEAD = 0.5
_INK_COST, _FIRST_INK_COST, _TOO_MUCH_COST = 6.0, 1.5, 60.0
# What it costs, in logits, that the network sees no digit, for each factor of e that it lacks.
_NO_DIGIT_COST = 5.0
# So far the wanted digit must leave behind all but the digit as it is, for one of the rankings.
_LEFT_BEHIND = 1.5


@dataclass(frozen=True, eq=False)
class Goal:
    """What is to be reached."""

    own: int
    """The digit as it is read."""
    wanted: int
    reject_below: float
    """The network's, see `networks.prediction`."""
    most_ink: float
    """The most that may change, as a share of the digit's own."""
    examples: Image
    """Images of the wanted digit, uint8 (n, 28, 28)."""


@dataclass(frozen=True, eq=False)
class Tries:
    """Strokes that were tried."""

    strokes: Sequence[Strokes]
    images: Image
    """What the network sees then, uint8 (n, 28, 28)."""
    logits: Array
    """What it answers, float32 (n, 10)."""
    inks: NDArray[np.float64]
    """The ink that changes, as a share of the digit's own, (n,)."""

    def are_reached(self, goal: Goal) -> NDArray[np.bool_]:
        """Say for each whether the network says the wanted digit, with no more ink than allowed."""
        says_it = self.logits.argmax(axis=1) == goal.wanted
        is_digit = top_two_mass(softmax(self.logits)) >= goal.reject_below
        return np.asarray(says_it & is_digit & (self.inks <= goal.most_ink), dtype=np.bool_)

    def best(self, goal: Goal, count: int) -> "Tries":
        """Return the most valuable tries by each of three rankings.

        One is by the wanted digit's lead over all others. On its way most strokes make the digit
        no digit at all, where all logits are alike and nothing shows where to go on. So the second
        asks that all digits but the own are left behind first, and the third for the likeness to
        images of the wanted digit.
        """
        leads = self.logits[:, [goal.wanted]] - self.logits
        others = np.delete(leads, [goal.own, goal.wanted], axis=1).min(axis=1)
        lead = np.minimum(np.minimum(leads[:, goal.own], others), _ENOUGH_LEAD)
        cost = np.where(lead >= _ENOUGH_LEAD, _INK_COST, _FIRST_INK_COST) * self.inks
        mass = top_two_mass(softmax(self.logits))
        cost += _NO_DIGIT_COST * np.maximum(np.log(goal.reject_below / mass), 0)
        cost += _TOO_MUCH_COST * np.maximum(self.inks - goal.most_ink, 0)
        between = np.minimum(leads[:, goal.own], _ENOUGH_LEAD) + 8 * np.minimum(
            others, _LEFT_BEHIND
        )
        alike = -_distances(self.images, goal.examples)
        values = (lead, between, alike)
        ranked = [np.argsort(cost - value, kind="stable")[:count] for value in values]
        return self.take(np.unique(np.concatenate(ranked)))

    def take(self, which: NDArray[np.int64]) -> "Tries":
        """Return some of the tries."""
        return Tries(
            [self.strokes[at] for at in which],
            self.images[which],
            self.logits[which],
            self.inks[which],
        )

    def __add__(self, other: "Tries") -> "Tries":
        """Return the tries of both."""
        return Tries(
            [*self.strokes, *other.strokes],
            np.concatenate([self.images, other.images]),
            np.concatenate([self.logits, other.logits]),
            np.concatenate([self.inks, other.inks]),
        )


def softmax(logits: Array) -> Array:
    """Return the probabilities that belong to logits, both float32 (n, 10)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _distances(images: Image, others: Image) -> NDArray[np.float64]:
    """Return how far each image is from the nearest of others, where white is 1."""
    ours, theirs = (
        some.reshape(len(some), -1).astype(np.float32) / 255 for some in (images, others)
    )
    squares = (ours**2).sum(axis=1)[:, np.newaxis] - 2 * ours @ theirs.T + (theirs**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares.min(axis=1), 0)), dtype=np.float64)
