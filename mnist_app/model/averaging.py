"""An average of the weights that a network had while it learned."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PREFIX = "average/"


class WeightAverage:
    """An exponential moving average: it remembers the last 1 / (1 - keep) batches or so.

    While the weights of single batches wander around a good place, their average lies in it, so
    the learning rate need not fall: Izmailov and others, Averaging Weights Leads to Wider Optima
    and Better Generalization (2018), https://arxiv.org/abs/1803.05407. What batch normalization
    keeps of means and variances is averaged, too.
    """

    def __init__(self, keep: float) -> None:
        """Begin with nothing; `keep`, 0 to 1, is the share that stays in each batch."""
        self.keep = keep
        self.weights: list[NDArray[np.float32]] = []
        self.batches = 0

    def add(self, weights: Sequence[NDArray[np.float32]]) -> None:
        """Add the weights after another batch; the first ones count as much as each other."""
        self.batches += 1
        share = np.float32(max(1 - self.keep, 1 / self.batches))
        if not self.weights:
            self.weights = [weight.copy() for weight in weights]
        for average, weight in zip(self.weights, weights, strict=True):
            average += share * (weight - average)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return everything for a checkpoint, by names that no weight has."""
        named = {f"{_PREFIX}{number}": weight for number, weight in enumerate(self.weights)}
        return {f"{_PREFIX}batches": np.array(self.batches), **named}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Put back what `state` returned; return the rest of a checkpoint."""
        self.batches = int(state.get(f"{_PREFIX}batches", 0))
        count = sum(name.startswith(_PREFIX) for name in state) - 1
        self.weights = [state[f"{_PREFIX}{number}"].copy() for number in range(count)]
        return {name: values for name, values in state.items() if not name.startswith(_PREFIX)}
