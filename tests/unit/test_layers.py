"""What a layer knows of itself, and what is asked about the layers of a network."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_app.imaging import convolution
from mnist_app.networks.architecture import ARCHITECTURES, Architecture, layers_of
from mnist_app.networks.interventions import Pooling, own_pooling
from mnist_app.networks.layers import (
    Layer,
    activate,
    activation_after,
    correlation,
    count_parameters,
    find_layer,
    layer_before,
    layers_of_kind,
    maps_as_they_go_on,
    visible_layers,
    window_of,
)
from mnist_app.ui.markup import network_words
from tests.support.architectures import architectures

CNN = layers_of(ARCHITECTURES["cnn"])
LENET = layers_of(ARCHITECTURES["lenet"])
FLOATS = st.floats(-10, 10, width=32)


def names(layers: list[Layer]) -> list[str]:
    return [layer.name for layer in layers]


def test_layers_are_found_by_name_and_by_kind() -> None:
    assert find_layer(CNN, "conv2").shape == (8, 8, 48)
    assert names(layers_of_kind(CNN, "Conv2D")) == ["conv1", "conv2"]
    assert names(layers_of_kind(CNN, "Dense", "MaxPooling2D")) == [
        "pool1",
        "pool2",
        "dense1",
        "logits",
    ]
    with pytest.raises(KeyError):
        find_layer(CNN, "conv3")


def test_what_comes_before_and_after_a_layer() -> None:
    assert layer_before(CNN, "conv2").name == "pool1"
    assert activation_after(CNN, "conv2") == find_layer(CNN, "relu2")
    assert activation_after(CNN, "relu2") is None
    assert activation_after(CNN, "probabilities") is None
    assert activation_after(layers_of(ARCHITECTURES["champion"]), "conv1") is None
    for name in ("image", "nowhere"):
        with pytest.raises(KeyError):
            layer_before(CNN, name)
    with pytest.raises(KeyError):
        activation_after(CNN, "nowhere")


def test_visible_are_the_layers_that_change_a_picture() -> None:
    assert names(visible_layers(LENET)) == [
        "image",
        *("c1", "tanh1", "average2", "s2", "tanh2", "c3", "tanh3", "average4", "s4", "tanh4"),
        *("c5", "tanh5", "f6", "logits", "probabilities"),
    ]


def test_a_layer_says_how_its_window_moves() -> None:
    assert window_of(find_layer(CNN, "conv1")) == ((5, 5), 1, "valid")
    assert window_of(find_layer(LENET, "average2")) == ((2, 2), 2, "valid")
    with pytest.raises(ValueError, match="dense1 has no window"):
        window_of(find_layer(CNN, "dense1"))


@given(architectures())
def test_a_window_moves_as_far_as_the_layer_is_large(architecture: Architecture) -> None:
    layers = layers_of(architecture)
    for layer in layers_of_kind(layers, "Conv2D", "MaxPooling2D", "AveragePooling2D"):
        rows, columns, _ = layer_before(layers, layer.name).shape
        size, stride, padding = window_of(layer)
        if stride > min(rows, columns):  # which a page refuses and Keras does not
            continue
        window = convolution.sliding_window((rows, columns), size, stride, padding)
        assert window.output_shape == layer.shape[:2]


def test_a_pooling_layer_says_how_it_pools() -> None:
    assert own_pooling(find_layer(LENET, "average4")) == Pooling("average", 2, 2)
    odd = Layer("pool1", "MaxPooling2D", (9, 9, 1), kernel=(3, 3), stride=1, padding="valid")
    assert own_pooling(odd) == Pooling("max", 3, 1)
    with pytest.raises(ValueError, match="conv1 pools nothing"):
        own_pooling(find_layer(CNN, "conv1"))


def test_parameters_are_counted_over_all_layers() -> None:
    assert count_parameters(CNN) == (25 + 1) * 16 + (25 * 16 + 1) * 48 + 769 * 128 + 129 * 10


@given(arrays(np.float32, (3, 4), elements=FLOATS))
def test_activations_are_their_formulas(sums: np.ndarray) -> None:
    exact = sums.astype(np.float64)
    formulas = {
        "": exact,
        "relu": np.where(exact > 0, exact, 0),
        "tanh": np.tanh(exact),
        "sigmoid": np.exp(exact) / (1 + np.exp(exact)),
        "scaled_tanh": 1.7159 * np.tanh(2 * exact / 3),
    }
    for name, expected in formulas.items():
        assert activate(name, sums) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", ["softmax", "swish"])
def test_what_is_no_activation_of_single_numbers_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        activate(name, np.zeros(3, np.float32))


def test_correlation_of_examples() -> None:
    rising = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert correlation(rising, 2 * rising + 1) == pytest.approx(1)
    assert correlation(rising, -rising) == pytest.approx(-1)
    assert correlation(rising, np.zeros_like(rising)) == 0
    assert correlation(np.zeros_like(rising), np.zeros_like(rising)) == 1


def test_maps_go_on_from_the_activation_that_belongs_to_them() -> None:
    champion = layers_of(ARCHITECTURES["champion"])
    assert [maps_as_they_go_on(champion, f"conv{n}").name for n in (1, 2, 5)] == [
        "relu1",
        "relu2",
        "relu5",
    ]
    without = [layer for layer in CNN if layer.name != "relu1"]
    assert maps_as_they_go_on(without, "conv1").name == "conv1"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_layer_that_is_seen_has_words(name: str) -> None:
    for layer in visible_layers(layers_of(ARCHITECTURES[name])):
        assert network_words.kind_in_words(layer) != layer.kind
        assert bool(network_words.activation_in_words(layer.activation)) == bool(layer.activation)


def test_a_table_of_layers_says_what_each_gives() -> None:
    assert network_words.table_rows(CNN)[3] == {
        "Layer": "conv1",
        "Kind": "Conv2D",
        "Output": "24 × 24 × 16",
        "Parameters": "416",
    }


def test_outputs_of_any_form_become_maps() -> None:
    maps = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert network_words.as_maps(maps).shape == (4, 2, 3)
    assert network_words.as_maps(maps)[1, 0, 2] == maps[0, 2, 1]
    assert network_words.as_maps(maps[0]).shape == (1, 3, 4)
    assert network_words.as_maps(maps[0, 0]).shape == (4, 1, 1)


@given(st.integers(1, 200), st.integers(1, 28), st.integers(100, 500))
def test_maps_fit_into_the_height_that_they_share(maps: int, rows: int, height: int) -> None:
    zoom = network_words.zoom(np.zeros((maps, rows, rows), np.float32), height)
    assert 1 <= zoom <= 16
    down = -(-maps // network_words.tiles_across(maps))
    assert zoom == 1 or down * (zoom * rows + 2) <= height
