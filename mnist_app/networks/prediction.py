"""What ten probabilities say: the digit, how sure the network is, and what came second."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import Image
from mnist_app.networks.questions import Answer, Question

Item = TypeVar("Item")
Result = TypeVar("Result")
# Of people's digits that the networks read with less confidence, three in ten are read wrong.
SURE = 0.9


class PredictionError(Exception):
    """A network did not answer; the message is a sentence for the person."""


class Predictor(Protocol):
    """Who can ask networks, wherever they run; `inference.Inference` is one."""

    def probabilities(self, images: Image, network: str) -> NDArray[np.float32]:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28).

        Raises PredictionError when the network does not answer.
        """

    def outputs(self, images: Image, layer: str, network: str) -> NDArray[np.float32]:
        """Return one layer's outputs for images, uint8 (n, 28, 28), as float32 (n, ...).

        Raises PredictionError when the network does not answer, also where it has no such layer.
        """

    def ask(self, question: Question[Answer]) -> Answer:
        """Return the answer to any other question, which comes in one piece.

        Raises PredictionError where there is none.
        """


@runtime_checkable
class SpreadingPredictor(Protocol):
    """A `Predictor` that has others to share work with; `ClusterPredictor` is one."""

    def spread(
        self, function: Callable[[Predictor, Item], Result], items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield in order what `function` makes of each item with one of the others."""


def spread(
    predictor: Predictor, function: Callable[[Predictor, Item], Result], items: Sequence[Item]
) -> Iterator[Result]:
    """Yield in order what `function` makes of each item: shared where the predictor can.

    Where it can, function and items are sent: they must be such as pickle takes.
    """
    if isinstance(predictor, SpreadingPredictor):
        yield from predictor.spread(function, items)
    else:
        yield from (function(predictor, item) for item in items)


def top_two_mass(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return how sure the network is that there is a digit at all, 0 to 1.

    It is the sum of the two largest probabilities: between a 1 and a 7 there is still a digit.
    `probabilities` has shape (..., 10), the result (...).
    """
    largest = np.partition(probabilities, -2, axis=-1)[..., -2:]
    return np.asarray(largest.sum(axis=-1))


@dataclass(frozen=True)
class Prediction:
    """A network's answer to one image."""

    probabilities: NDArray[np.float32]
    """Shape (10,), one for each digit, summing to 1."""
    reject_below: float = 0.0
    """The top_two_mass, 0 to 1, below which the network recognizes no digit; from its card."""

    @property
    def digit(self) -> int:
        """The most probable digit, 0 to 9."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of `digit`, 0 to 1."""
        return float(self.probabilities[self.digit])

    @property
    def runner_up(self) -> int:
        """The second most probable digit, 0 to 9."""
        return int(self.probabilities.argsort()[-2])

    @property
    def runner_up_confidence(self) -> float:
        """The probability of `runner_up`, 0 to 0.5."""
        return float(self.probabilities[self.runner_up])

    @property
    def is_digit(self) -> bool:
        """Whether the network recognizes a digit at all."""
        return float(top_two_mass(self.probabilities)) >= self.reject_below

    @property
    def is_sure(self) -> bool:
        """Whether the confidence is high enough to say the digit without a warning."""
        return self.confidence >= SURE
