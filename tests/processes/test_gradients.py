"""The gradients of one step of learning, against finite differences in double precision."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mnist_app.data import datasets
from mnist_app.model import builder, by_hand, gradients
from mnist_app.model.weighted_network import WeightedNetwork, Weights
from mnist_app.networks.architecture import ARCHITECTURES, as_tuples
from mnist_app.networks.learning import MOST_STEPS, Learner, WeightAt
from mnist_app.networks.prediction import PredictionError
from mnist_app.networks.registry import NETWORKS, read_card

DIGITS = datasets.load_test()
# Small enough that hardly any unit changes between firing and silence on the way.
STEP = 1e-6
WEIGHTS_A_NETWORK = 170


def learner(network: str, fresh: bool = False) -> Learner:
    """Return one that is told that a 7 was a 3.

    A fresh network has no biases, so that paper lies where ReLU bends and where maxima are equal:
    there, the loss has a slope to either side and no derivative.
    """
    return Learner(network, DIGITS.images[0].tobytes(), 3, fresh)


@pytest.mark.parametrize("network", NETWORKS)
def test_gradients_are_those_of_finite_differences(network: str) -> None:
    asked = learner(network)
    traced, network_here = _trace(asked)
    loss_at = _loss_in_double_precision(asked)
    random = np.random.default_rng(1)
    places = [_some_weight(random, network_here.start) for _ in range(WEIGHTS_A_NETWORK)]
    expected = np.array([(loss_at(one, STEP) - loss_at(one, -STEP)) / (2 * STEP) for one in places])
    here = np.array(
        [traced["gradients"][one.layer][one.array].numpy()[one.index] for one in places]
    )
    assert np.abs(expected).max() > 1e-3
    assert here == pytest.approx(expected, rel=1e-3, abs=1e-3 * float(np.abs(expected).max()))


@pytest.mark.parametrize("network", NETWORKS)
def test_a_gradient_is_the_sum_of_inputs_times_errors(network: str) -> None:
    asked = learner(network)
    traced, network_here = _trace(asked)
    random = np.random.default_rng(2)
    for place in (_some_weight(random, network_here.start) for _ in range(60)):
        inputs, errors = network_here.factors(traced, place)
        gradient = float(traced["gradients"][place.layer][place.array].numpy()[place.index])
        assert inputs.shape == errors.shape
        assert float((inputs * errors).sum()) == pytest.approx(gradient, rel=1e-3, abs=1e-6)


def test_a_step_is_that_of_the_training_by_hand() -> None:
    """Both start with the same weights and learn the same digit with plain gradient descent."""
    architecture = read_card("cnn").architecture
    network = by_hand.Network(as_tuples(architecture), seed=0)
    asked = learner("cnn")
    start = gradients._network_of(asked).start
    for layer, arrays in start.items():
        for variable, array in zip(network.weights[layer], arrays, strict=True):
            variable.assign(array)
    with tf.GradientTape() as tape:
        logits = network.logits(DIGITS.images[:1])
        loss = -tf.nn.log_softmax(logits)[0, asked.label]
    by_name = tape.gradient(loss, network.weights)
    traced, _ = _trace(asked)
    assert traced["loss"].numpy() == pytest.approx(loss.numpy(), rel=1e-5)
    for layer, arrays in traced["gradients"].items():
        for ours, theirs in zip(arrays, by_name[layer], strict=True):
            assert ours.numpy() == pytest.approx(theirs.numpy(), rel=1e-4, abs=1e-6)


def test_a_right_step_helps_and_a_huge_one_forgets_all_others() -> None:
    asked = learner("cnn")
    attempts = gradients.attempts(asked)
    assert 0.5 < attempts.losses[0] / gradients.passes(asked).loss < 1
    assert attempts.losses.min() < 0.5 * attempts.losses[0]
    assert attempts.accuracies[0] == pytest.approx(0.98, abs=0.03)
    assert attempts.accuracies[-1] < 0.3
    assert attempts.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_the_gradient_is_the_tangent_of_the_loss() -> None:
    asked = WeightAt("conv1", 0, (2, 2, 0, 5))
    found = gradients.weight_gradient(learner("cnn"), asked)
    middle = len(found.nudged) // 2
    (left, at, right), (before, _, after) = (
        values[middle - 1 : middle + 2] for values in (found.nudged, found.losses)
    )
    assert at == pytest.approx(found.value)
    assert (after - before) / (right - left) == pytest.approx(found.gradient, rel=0.1)
    assert found.neighbors.shape == found.neighbor_gradients.shape == (5, 5)
    assert found.neighbors[2, 2] == pytest.approx(found.value)


def test_many_steps_learn_one_digit_and_forget_the_others() -> None:
    asked = learner("cnn")
    found = gradients.overfit(asked, 0.005, 20)
    assert found.losses[0] > 5 > 0.5 > found.losses[-1]
    assert found.measured_after == (0, 10, 20)
    assert found.accuracies[0] > 0.97 > found.accuracies[-1]
    after = gradients.passes(Learner("cnn", asked.pixels, 3, rates=(0.005,) * 20))
    assert after.loss == pytest.approx(float(found.losses[-1]), rel=1e-3)


@hypothesis_settings(max_examples=25)
@given(
    pixels=st.sampled_from([b"", b"\0" * 783, b"\xff" * 784, b"\0" * 784]),
    label=st.integers(-1, 10),
    rates=st.lists(st.sampled_from([-1.0, 0.0, 0.1, 10.0, 11.0, math.nan, math.inf]), max_size=3),
    index=st.lists(st.integers(-1, 30), max_size=5),
    array=st.integers(-1, 2),
)
def test_what_cannot_be_is_refused_in_words(
    pixels: bytes, label: int, rates: list[float], index: list[int], array: int
) -> None:
    asked = Learner("mlp", pixels, label, rates=tuple(rates))
    is_whole = len(pixels) == 784 and 0 <= label <= 9 and all(0 < rate <= 10 for rate in rates)
    shape = ((128, 10), (10,))[array] if array in (0, 1) else ()
    is_there = len(index) == len(shape) > 0 and all(
        0 <= place < length for place, length in zip(index, shape, strict=True)
    )
    if is_whole and is_there:
        found = gradients.weight_gradient(asked, WeightAt("logits", array, tuple(index)))
        assert found.inputs.shape == ()
    else:
        with pytest.raises(PredictionError, match=r"\.$"):
            gradients.weight_gradient(asked, WeightAt("logits", array, tuple(index)))


def test_a_learner_that_took_too_many_steps_starts_over() -> None:
    tired = Learner("softmax", b"\0" * 784, 1, rates=(0.1,) * MOST_STEPS)
    assert np.isfinite(gradients.passes(tired).loss)
    with pytest.raises(PredictionError, match="start over"):
        gradients.overfit(tired, 0.1, 1)


def _trace(asked: Learner) -> tuple[dict[str, Any], WeightedNetwork]:
    network = gradients._network_of(asked)
    return network.trace(network.start, *gradients._digit(asked)), network


def _some_weight(random: np.random.Generator, weights: Weights) -> WeightAt:
    """Return any weight that is there: LeNet-5's missing connections are zeros in a kernel."""
    while True:
        layer = str(random.choice(list(weights)))
        number = int(random.integers(len(weights[layer])))
        shape = weights[layer][number].shape
        index = tuple(int(random.integers(length)) for length in shape)
        if number > 0 or weights[layer][number].numpy()[index] != 0:
            return WeightAt(layer, number, index)


def _loss_in_double_precision(asked: Learner) -> Callable[[WeightAt, float], float]:
    """Return what gives the loss, by Keras with 64 bits, where one weight is changed by so much."""
    keras.config.set_dtype_policy("float64")
    try:
        network = builder.build(ARCHITECTURES[asked.network])
    finally:
        keras.config.set_dtype_policy("float32")
    network.set_weights(
        [one.astype(np.float64) for one in builder.load(asked.network).get_weights()]
    )
    logits = keras.Model(network.input, network.get_layer("logits").output)
    image = np.frombuffer(asked.pixels, np.uint8).reshape(1, 28, 28).astype(np.float64)
    forward = tf.function(lambda: tf.nn.log_softmax(logits(image, training=False))[0, asked.label])

    def loss_at(place: WeightAt, change: float) -> float:
        variable = network.get_layer(place.layer).trainable_weights[place.array]
        before = variable.numpy()
        changed = before.copy()
        changed[place.index] += change
        variable.assign(changed)
        loss = -float(forward())
        variable.assign(before)
        return loss

    return loss_at
