"""One step of learning in numbers: what is asked of the model process, and what it answers.

A step is plain gradient descent on a single digit: each weight w becomes w - rate * gradient. Batch
normalization takes its moving averages and dropout is off, as when the network answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mnist_app.imaging.convolution import Array
from mnist_app.networks.questions import Answer, Question

STEP_SIZES = tuple(round(10 ** (tenth / 3 - 4), 6) for tenth in range(13))
"""The sizes that a step can have, from far too small to far too large: 0.0001 to 1."""
MOST_STEPS = 100
"""How many steps a learner can have taken already."""


@dataclass(frozen=True)
class Learner:
    """A network, the one digit from which it learns, and the steps that it has taken."""

    network: str
    pixels: bytes
    """The digit: 784 bytes, row by row, 0 to 255."""
    label: int
    """What the digit is, 0 to 9."""
    is_fresh: bool = False
    """Whether it starts with random weights instead of those that were trained."""
    rates: tuple[float, ...] = ()
    """The step size of each step taken so far, at most `MOST_STEPS`."""


@dataclass(frozen=True)
class WeightAt:
    """One weight of a network."""

    layer: str
    array: int
    """Which of the layer's arrays that gradients change: 0 the kernel, 1 the bias, as in Keras."""
    index: tuple[int, ...]


@dataclass(frozen=True)
class SteepestOf:
    """Of all weights that lead to one map or unit, the one with the largest gradient."""

    layer: str
    array: int
    """As in `WeightAt`."""
    number: int
    """The map's or unit's; where the array does not tell them apart, it is looked for in all."""


@dataclass(frozen=True, eq=False)
class Passes:
    """What one pass forward and one back give."""

    outputs: Mapping[str, Array]
    """Layer -> its output, float32, without the batch."""
    errors: Mapping[str, Array]
    """Layer -> the loss's derivative by each of its outputs, up to the logits."""
    loss: float
    """Cross-entropy, -log(probability of the label), in nats."""


@dataclass(frozen=True, eq=False)
class Attempts:
    """What one step makes of the answer, for each of `STEP_SIZES`."""

    losses: Array
    """The digit's loss after a step of each size, float32 (n,)."""
    probabilities: Array
    """The answer after it, float32 (n, 10)."""
    accuracies: Array
    """The share of MNIST test images that are right after it, 0 to 1, float32 (n,)."""
    images: int
    """How many test images these are."""


@dataclass(frozen=True, eq=False)
class WeightGradient:
    """One weight, its gradient, and how the gradient came about."""

    at: WeightAt
    shape: tuple[int, ...]
    """The shape of the array in which it lies."""
    value: float
    gradient: float
    inputs: Array
    """What the weight was multiplied by at each place where it is used: (rows, columns), (28,) for
    the rows of a recurrent layer, or () where it is used once."""
    errors: Array
    """The loss's derivative by the sum to which each product was added, of the same shape. The
    gradient is the sum of `inputs * errors`."""
    neighbors: Array
    """The weights beside it: a kernel's (rows, columns), a unit's (inputs,), or all of an array."""
    neighbor_gradients: Array
    """Their gradients, of the same shape."""
    nudged: Array
    """Values that it could have instead, float32 (n,), its own in the middle."""
    losses: Array
    """The loss with each of them, float32 (n,)."""


@dataclass(frozen=True, eq=False)
class Overfitting:
    """What many steps on a single digit do to it, and to all others."""

    losses: Array
    """The digit's loss before each step and after the last, float32 (steps + 1,)."""
    probabilities: Array
    """The answer to it, float32 (steps + 1, 10)."""
    measured_after: tuple[int, ...]
    """After how many steps the accuracy was measured."""
    accuracies: tuple[float, ...]
    """The share of MNIST test images that were right then, 0 to 1."""
    images: int
    """How many test images that were."""


class LearningQuestion(Question[Answer]):
    """A question about one step of learning."""


@dataclass(frozen=True)
class AskPasses(LearningQuestion[Passes]):
    """What happens inside, forward and back?"""

    learner: Learner


@dataclass(frozen=True)
class AskAttempts(LearningQuestion[Attempts]):
    """What would a small, a right and a large step do?"""

    learner: Learner


@dataclass(frozen=True)
class AskWeight(LearningQuestion[WeightGradient]):
    """How did this weight's gradient come about?"""

    learner: Learner
    weight: WeightAt | SteepestOf


@dataclass(frozen=True)
class AskOverfitting(LearningQuestion[Overfitting]):
    """What do many steps on this digit do?"""

    learner: Learner
    rate: float
    steps: int
