"""What is said of a network before it is built, against what Keras builds and answers."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mnist_app.codegen import scripts
from mnist_app.data import datasets
from mnist_app.model import builder
from mnist_app.model.builder import PartlyConnected
from mnist_app.model.by_hand import Network
from mnist_app.model.card import Result, write_card
from mnist_app.networks import packing, registry
from mnist_app.networks.architecture import (
    ARCHITECTURES,
    Architecture,
    as_tuples,
    is_written_by_hand,
    layers_of,
    network_of,
)
from mnist_app.networks.card import ASSETS, card_text, read_card_text
from mnist_app.networks.evaluation import Measurement
from mnist_app.networks.layer_specs import (
    ArchitectureError,
    BatchNormalization,
    Convolution,
    Dense,
    Flatten,
)
from mnist_app.networks.layers import activate
from mnist_app.networks.registry import NETWORKS, NetworkError, read_card
from mnist_app.training.run import Run
from mnist_app.training.settings import CHOICES, Settings
from tests.support.architectures import ACTIVATIONS, architectures

BUILT = st.builds(
    Settings,
    stages=st.integers(0, 3),
    filters=st.integers(1, 6),
    kernel=st.integers(1, 7),
    pool=st.integers(1, 4),
    pool_stride=st.integers(1, 4),
    activation=st.sampled_from(CHOICES["activation"]),
    batch_norm=st.booleans(),
    dropout=st.sampled_from([0.0, 0.5]),
    dense=st.sampled_from([0, 7]),
)
AFTER_FLATTEN = network_of(
    Convolution("conv1", 2, 9), Flatten(), BatchNormalization("norm1"), Dense("dense1", 3)
)
IMAGES = np.random.default_rng(1).integers(0, 256, (2, 28, 28), np.uint8)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_shipped_network_is_built_as_its_card_says(name: str) -> None:
    card = read_card(name)
    assert card.architecture == ARCHITECTURES[name]
    described = builder.describe(builder.build(card.architecture))
    assert described == layers_of(card.architecture)
    assert described == card.layers


@hypothesis_settings(max_examples=40)
@given(architectures())
def test_any_network_is_built_as_its_architecture_says(architecture: Architecture) -> None:
    network = builder.build(architecture)
    assert builder.describe(network) == layers_of(architecture)
    probabilities = np.asarray(network(IMAGES.astype(np.float32)))
    assert probabilities.shape == (2, 10)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


@hypothesis_settings(max_examples=25)
@given(BUILT)
def test_a_network_of_stages_is_refused_where_keras_refuses_it(chosen: Settings) -> None:
    try:
        layers = chosen.layers
    except ArchitectureError:
        with pytest.raises(ValueError, match=r"size would be|negative dimension"):
            builder.build(chosen.architecture)
        return
    assert builder.describe(builder.build(chosen.architecture)) == layers


@hypothesis_settings(max_examples=25)
@given(BUILT | architectures())
@example(AFTER_FLATTEN)
def test_by_hand_it_answers_as_with_keras(chosen: Settings | Architecture) -> None:
    architecture = chosen.architecture if isinstance(chosen, Settings) else chosen
    if not is_written_by_hand(architecture):
        with pytest.raises(ArchitectureError, match="is not written by hand here"):
            as_tuples(architecture)
        return
    try:
        layers_of(architecture)
    except ArchitectureError:
        return
    network = builder.build(architecture)
    by_hand = Network(as_tuples(architecture), seed=3)
    for name, variables in by_hand.weights.items():
        values = [variable.numpy() for variable in (*variables, *by_hand.moving.get(name, []))]
        network.get_layer(name).set_weights(values)
    expected = np.asarray(network(IMAGES.astype(np.float32)))
    answered = tf.nn.softmax(by_hand.logits(tf.constant(IMAGES))).numpy()
    assert answered == pytest.approx(expected, abs=2e-5)


def test_what_is_written_by_hand_is_what_ships_but_two() -> None:
    assert [name for name, one in ARCHITECTURES.items() if not is_written_by_hand(one)] == [
        "lenet",
        "rnn",
    ]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_shipped_weights_answer_as_when_they_were_measured(name: str) -> None:
    with np.load(ASSETS / f"{name}.scores.npz") as arrays:
        kept = arrays["probabilities"][::20] / 65535
    images = datasets.load_test().images[::20]
    answers = builder.load(name).predict(images.astype(np.float32), batch_size=500, verbose=0)
    assert answers == pytest.approx(kept, abs=3e-5)


def test_a_network_that_is_not_there_is_not_loaded() -> None:
    with pytest.raises(NetworkError, match="There is no network nobody"):
        builder.load("nobody")


@pytest.mark.parametrize("activation", ["", *ACTIVATIONS])
def test_activations_on_arrays_are_those_of_keras(activation: str) -> None:
    sums = np.linspace(-6, 6, 101, dtype=np.float32)
    function = builder.scaled_tanh if activation == "scaled_tanh" else activation or "linear"
    expected = np.asarray(keras.layers.Activation(function)(sums))
    assert activate(activation, sums) == pytest.approx(expected, abs=1e-6)
    assert activate(activation, sums).dtype == np.float32


def test_missing_connections_stay_zero_in_training() -> None:
    connections = ((0,), (1, 2), (0, 1, 2))
    architecture = network_of(
        Convolution("wide", 3, 3), Convolution("partly", 3, 2, connections=connections), Flatten()
    )
    network = builder.build(architecture)
    network.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    network.fit(IMAGES.astype(np.float32), np.array([3, 7]), verbose=0)
    kernels = network.get_layer("partly").get_weights()[0]
    for number, connected in enumerate(connections):
        used = [one for one in range(3) if np.any(kernels[:, :, one, number])]
        assert used == list(connected)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_browsers_weights_are_those_of_keras(name: str) -> None:
    kept = registry.read_artifact(name, "floats")
    assert kept == builder.weights_as_floats(builder.load(name))
    packed = packing.pack(name)
    assert packed is not None
    assert packed.endswith(kept)


def test_the_trained_lenet_is_connected_as_its_paper_says() -> None:
    kernels = builder.load("lenet").get_layer("c3").get_weights()[0]
    is_connected = kernels.any(axis=(0, 1))
    marks = ["".join("X" if mark else "0" for mark in row) for row in is_connected]
    # Table I of LeCun et al., 1998.
    assert marks == [
        "X000XXX00XXXX0XX",
        "XX000XXX00XXXX0X",
        "XXX000XXX00X0XXX",
        "0XXX00XXXX00X0XX",
        "00XXX00XXXX0XX0X",
        "000XXX00XXXX0XXX",
    ]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_whole_keras_file_opens_again(name: str, tmp_path: Path) -> None:
    network = builder.load(name)
    network.save(tmp_path / "network.keras")
    opened = keras.saving.load_model(tmp_path / "network.keras")
    assert builder.describe(opened) == builder.describe(network)
    batch = IMAGES.astype(np.float32)
    assert np.array_equal(np.asarray(opened(batch)), np.asarray(network(batch)))


def test_what_a_layer_has_no_words_for_is_no_layer_of_a_card() -> None:
    image = keras.Input((28, 28, 1))
    askew = keras.layers.Conv2D(2, 3, strides=(1, 2))(image)
    with pytest.raises(ValueError, match="down and by"):
        builder.describe(keras.Model(image, askew))


@hypothesis_settings(max_examples=25)
@given(st.sampled_from(list(ARCHITECTURES.values())) | architectures())
def test_shown_code_builds_the_same_network(architecture: Architecture) -> None:
    space: dict = {}
    exec("import keras\n" + scripts.network_code(architecture), space)
    assert builder.describe(space["network"]) == layers_of(architecture)


@hypothesis_settings(max_examples=10)
@given(BUILT, st.integers(1, 9))
def test_a_run_writes_the_card_of_the_network_that_was_built(chosen: Settings, epochs: int) -> None:
    try:
        layers_of(chosen.architecture)
    except ArchitectureError:
        return
    network = builder.build(chosen.architecture)
    measured = Measurement(10_000, 0.9, 0.0, 0.0, (None,) * 10, ())
    run = Run(1, "quick-1", "somebody", chosen, "done", queued_at=0.0, epochs=9)
    card = write_card(run, network, Result(epochs, 2.5, 0.9, 0.5, measured, 0, 0))
    assert card.layers == builder.describe(network) == layers_of(card.architecture)
    assert card.parameters == network.count_params()
    assert card.architecture == chosen.architecture
    assert (card.name, card.test_accuracy, card.settings.epochs) == ("quick-1", 0.9, epochs)
    assert read_card_text(card_text(card)) == card


def test_connections_are_counted_for_each_kernel() -> None:
    kept = np.asarray(PartlyConnected(((1,), (0, 1)))(np.ones((5, 5, 2, 2), np.float32)))
    assert kept.sum(axis=(0, 1)).tolist() == [[0, 25], [25, 25]]
