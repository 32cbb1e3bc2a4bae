"""One step of learning, by TensorFlow's gradient tape. Runs in the model process."""

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.model.weighted_network import (
    LOGITS,
    TEST_IMAGES,
    WeightedNetwork,
    Weights,
    weighted_network,
)
from mnist_app.networks import registry
from mnist_app.networks.learning import (
    MOST_STEPS,
    STEP_SIZES,
    AskAttempts,
    AskOverfitting,
    AskPasses,
    AskWeight,
    Attempts,
    Learner,
    LearningQuestion,
    Overfitting,
    Passes,
    SteepestOf,
    WeightAt,
    WeightGradient,
)
from mnist_app.networks.prediction import PredictionError

# On so many test images each attempt is tried: a step of the wrong size is paid by others.
TRIED_IMAGES = 100
NUDGES = 41
# A nudge goes at least so far to either side, or so many times the weight.
LEAST_NUDGE, NUDGE_FACTOR = 0.3, 1.5
MEASURE_EVERY = 10
KEPT_LEARNERS = 16
LARGEST_RATE = 10.0


def answer(question: LearningQuestion[Any]) -> object:
    """Return the answer to a question of `networks.learning`.

    Raises NetworkError for an unknown network and PredictionError for a learner or a weight that
    cannot be.
    """
    match question:
        case AskPasses(learner):
            return passes(learner)
        case AskAttempts(learner):
            return attempts(learner)
        case AskWeight(learner, weight):
            return weight_gradient(learner, weight)
        case AskOverfitting(learner, rate, steps):
            return overfit(learner, rate, steps)
    raise TypeError(f"{type(question).__name__} is no question that can be answered.")


def passes(learner: Learner) -> Passes:
    """Return one pass forward and one back. Raises as `answer` does."""
    traced = _network_of(learner).trace(_weights(learner), *_digit(learner))
    return Passes(
        {layer: output.numpy()[0] for layer, output in traced["outputs"].items()},
        {layer: error.numpy()[0] for layer, error in traced["errors"].items()},
        float(traced["loss"]),
    )


def attempts(learner: Learner) -> Attempts:
    """Return what one step of each size would do. Raises as `answer` does."""
    network, weights = _network_of(learner), _weights(learner)
    image, label = _digit(learner)
    gradients = network.trace(weights, image, label)["gradients"]
    tried = [_stepped(weights, gradients, rate) for rate in STEP_SIZES]
    logits = np.stack([network.logits(one, image).numpy()[0] for one in tried])
    accuracies = [network.accuracy(one, TRIED_IMAGES) for one in tried]
    losses, probabilities = _read(logits, learner.label)
    shares = np.array(accuracies, np.float32)
    return Attempts(losses, probabilities, shares, TRIED_IMAGES)


def weight_gradient(learner: Learner, asked: WeightAt | SteepestOf) -> WeightGradient:
    """Return how the gradient of one weight came about. Raises as `answer` does."""
    network, weights = _network_of(learner), _weights(learner)
    image, label = _digit(learner)
    values = _array(weights, asked)
    traced = network.trace(weights, image, label)
    gradients = traced["gradients"][asked.layer][asked.array].numpy()
    weight = _steepest(asked, gradients) if isinstance(asked, SteepestOf) else asked
    inputs, errors = network.factors(traced, weight)
    value = float(values[weight.index])
    nudged = _nudges(value)
    logits = [
        network.logits(_with(weights, weight, values, other), image).numpy()[0] for other in nudged
    ]
    beside = _beside(weight, values.ndim)
    return WeightGradient(
        weight,
        values.shape,
        value,
        float(gradients[weight.index]),
        inputs,
        errors,
        values[beside],
        gradients[beside],
        nudged,
        _read(np.stack(logits), learner.label)[0],
    )


def overfit(learner: Learner, rate: float, steps: int) -> Overfitting:
    """Return what so many more steps do, to the digit and to MNIST's first test images.

    Raises as `answer` does.
    """
    _check(learner, steps)
    network, weights = _network_of(learner), _weights(learner)
    image, label = _digit(learner)
    logits, measured = [], {0: network.accuracy(weights)}
    for step in range(1, steps + 1):
        traced = network.trace(weights, image, label)
        logits.append(traced["outputs"][LOGITS].numpy()[0])
        weights = _stepped(weights, traced["gradients"], rate)
        if step % MEASURE_EVERY == 0 or step == steps:
            measured[step] = network.accuracy(weights)
    logits.append(network.logits(weights, image).numpy()[0])
    losses, probabilities = _read(np.stack(logits), learner.label)
    return Overfitting(
        losses, probabilities, tuple(measured), tuple(measured.values()), TEST_IMAGES
    )


def _network_of(learner: Learner) -> WeightedNetwork:
    """Return a learner's network with the weights that it starts with."""
    _check(learner, 0)
    return weighted_network(learner.network, learner.is_fresh)


def _weights(learner: Learner) -> Weights:
    return _weights_after(registry.version(learner.network), learner)


@functools.lru_cache(KEPT_LEARNERS)
def _weights_after(version: int, learner: Learner) -> Weights:
    """Return a learner's weights: one step more than those of the step before."""
    network = _network_of(learner)
    if not learner.rates:
        return network.start
    before = _weights_after(version, replace(learner, rates=learner.rates[:-1]))
    gradients = network.trace(before, *_digit(learner))["gradients"]
    return _stepped(before, gradients, learner.rates[-1])


def _stepped(weights: Weights, gradients: Weights, rate: float) -> Weights:
    """Return the weights after one step of gradient descent."""
    return {
        layer: tuple(
            array - rate * gradient
            for array, gradient in zip(arrays, gradients[layer], strict=True)
        )
        for layer, arrays in weights.items()
    }


def _array(weights: Weights, weight: WeightAt | SteepestOf) -> Array:
    """Return the array in which a weight lies; raises PredictionError where there is no such."""
    arrays = weights.get(weight.layer, ())
    has_array = 0 <= weight.array < len(arrays)
    array: Array = arrays[weight.array].numpy() if has_array else np.empty(0, np.float32)
    if not (has_array and (isinstance(weight, SteepestOf) or _is_within(weight.index, array))):
        raise PredictionError("The network has no such weight. Pick another one.")
    return array


def _is_within(index: tuple[int, ...], array: Array) -> bool:
    return len(index) == array.ndim and all(
        0 <= place < length for place, length in zip(index, array.shape, strict=True)
    )


def _steepest(asked: SteepestOf, gradients: Array) -> WeightAt:
    """Return where the largest gradient lies."""
    sizes = np.abs(gradients)
    if gradients.ndim > 1 and 0 <= asked.number < gradients.shape[-1]:
        others = np.arange(gradients.shape[-1]) != asked.number
        sizes = np.where(others, -1.0, sizes)
    place = np.unravel_index(int(np.argmax(sizes)), gradients.shape)
    return WeightAt(asked.layer, asked.array, tuple(int(one) for one in place))


def _with(weights: Weights, weight: WeightAt, values: Array, value: float) -> Weights:
    """Return the weights with another value for one of them."""
    changed = values.copy()
    changed[weight.index] = value
    arrays = list(weights[weight.layer])
    arrays[weight.array] = tf.constant(changed)
    return {**weights, weight.layer: tuple(arrays)}


def _beside(weight: WeightAt, dimensions: int) -> tuple[Any, ...]:
    """Return where the weights lie that are shown beside one: its kernel, its unit, its array."""
    if dimensions == 4:
        return (slice(None), slice(None), *weight.index[2:])
    if dimensions == 2:
        return (slice(None), weight.index[1])
    return (slice(None),)


def _nudges(value: float) -> Array:
    """Return the values that a weight is given instead, closest around its own in the middle."""
    reach = max(LEAST_NUDGE, NUDGE_FACTOR * abs(value))
    return np.asarray(value + reach * np.linspace(-1, 1, NUDGES) ** 3, dtype=np.float32)


def _read(logits: Array, label: int) -> tuple[Array, Array]:
    """Return the losses (n,) and the probabilities (n, 10) that logits (n, 10) mean."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -logs[:, label], np.exp(logs)


def _digit(learner: Learner) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the digit, uint8 (1, 28, 28), and its label, int32 (1,)."""
    image = np.frombuffer(learner.pixels, np.uint8).reshape(1, IMAGE_SIDE, IMAGE_SIDE)
    return tf.constant(image), tf.constant([learner.label])


def _check(learner: Learner, more_steps: int) -> None:
    """Raise PredictionError for a learner that cannot be."""
    rates = learner.rates
    if len(learner.pixels) != IMAGE_SIDE**2 or not 0 <= learner.label <= 9:
        raise PredictionError("A network learns from 28 × 28 pixels and a label from 0 to 9.")
    if not all(0 < rate <= LARGEST_RATE for rate in rates):
        raise PredictionError(f"A step size must be above 0 and at most {LARGEST_RATE:g}.")
    if more_steps < 0 or len(rates) + more_steps > MOST_STEPS:
        raise PredictionError(f"After {MOST_STEPS} steps on one digit, start over.")
