"""Networks as lists of layers: how they are put together, and what does not fit."""

import pytest

from mnist_app.networks.architecture import (
    ARCHITECTURES,
    Architecture,
    as_tuples,
    built,
    layers_of,
    network_of,
)
from mnist_app.networks.layer_specs import (
    Activation,
    AddChannel,
    ArchitectureError,
    BatchNormalization,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    LastRow,
    Pooling,
    Recurrent,
    Rescaling,
    Softmax,
    ZeroPadding,
)
from mnist_app.networks.layers import Layer
from mnist_app.networks.registry import NETWORKS
from mnist_app.training.settings import CHOICES, Settings


def shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    return {layer.name: layer.shape for layer in layers_of(architecture)}


def test_every_network_that_ships_has_an_architecture() -> None:
    assert list(ARCHITECTURES) == list(NETWORKS)
    assert set(CHOICES["network"]) == {"built", *ARCHITECTURES}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_goes_from_the_image_to_ten_probabilities(name: str) -> None:
    assert Settings(network=name).architecture == ARCHITECTURES[name]
    layers = layers_of(ARCHITECTURES[name])
    assert layers[0] == Layer("image", "InputLayer", (28, 28))
    assert layers[1] == Layer("scale", "Rescaling", (28, 28))
    assert (layers[-2].name, layers[-2].kind, layers[-2].activation) == ("logits", "Dense", "")
    assert layers[-1] == Layer("probabilities", "Softmax", (10,), activation="softmax")


def test_lenet_has_the_layers_and_parameters_of_its_paper() -> None:
    """LeCun et al., 1998, section II.B; C3 is counted with the weights that stay zero."""
    layers = {layer.name: layer for layer in layers_of(ARCHITECTURES["lenet"])}
    assert layers["padding"].shape == (32, 32, 1)
    assert [layers[name].shape for name in ("c1", "s2", "c3", "s4", "c5", "f6")] == [
        (28, 28, 6),
        (14, 14, 6),
        (10, 10, 16),
        (5, 5, 16),
        (1, 1, 120),
        (84,),
    ]
    assert [layers[name].parameters for name in ("c1", "s2", "s4", "c5", "f6")] == [
        156,
        12,
        32,
        48_120,
        10_164,
    ]
    connections = layers["c3"].connections
    missing = sum(6 - len(connected) for connected in connections)
    assert layers["c3"].parameters - 25 * missing == 1_516
    assert {len(connected) for connected in connections} == {3, 4, 6}


def test_stages_double_filters_and_normalize_after_pooling() -> None:
    architecture = built(2, 8, 5, 2, 2, "tanh", True, 0.5, 96)
    assert architecture == (
        Rescaling("scale", 255.0),
        AddChannel("channel"),
        Convolution("conv1", 8, 5, bias=False),
        Pooling("pool1", 2, 2),
        BatchNormalization("norm1", momentum=0.9),
        Activation("tanh1", "tanh"),
        Convolution("conv2", 16, 5, bias=False),
        Pooling("pool2", 2, 2),
        BatchNormalization("norm2", momentum=0.9),
        Activation("tanh2", "tanh"),
        Flatten("flatten"),
        Dense("dense1", 96, "tanh"),
        Dropout("dropout", 0.5),
        Dense("logits", 10, ""),
        Softmax("probabilities"),
    )


def test_without_normalization_pooling_ends_a_stage() -> None:
    architecture = built(1, 8, 5, 3, 1, "relu", False, 0.0, 0)
    assert architecture == network_of(
        Convolution("conv1", 8, 5), Activation("relu1", "relu"), Pooling("pool1", 3, 1), Flatten()
    )
    assert shapes(architecture)["pool1"] == (22, 22, 8)


def test_a_network_without_stages_has_no_maps() -> None:
    assert built(0, 8, 5, 2, 2, "relu", True, 0.0, 0) == ARCHITECTURES["softmax"]


@pytest.mark.parametrize(
    ("architecture", "sentence"),
    [
        (network_of(Pooling("big", 29, 1)), "big would get maps of 28 × 28, smaller than its"),
        (network_of(Flatten(), Convolution("late", 1, 1)), "late takes maps of rows and columns"),
        (network_of(Convolution("conv1", 1, 1)), "logits takes units in one row"),
        (network_of(Flatten(), Recurrent("rows", 2)), "rows takes 28 rows"),
        (network_of(ZeroPadding("margin", 1), Recurrent("rows", 2)), "rows takes 28 rows"),
        (network_of(Recurrent("rows", 2), AddChannel()), "channel takes the image"),
        (network_of(Flatten(), LastRow("last")), "last takes 28 rows"),
        (network_of(Flatten(), Dense("flatten", 3)), "Two layers are called “flatten”"),
        (network_of(Convolution("c", 2, 1, connections=((0,),))), "c has 2 kernels, but"),
        (network_of(Convolution("c", 1, 1, connections=((1,),))), "c is connected to maps that"),
    ],
)
def test_layers_that_do_not_fit_are_refused(architecture: Architecture, sentence: str) -> None:
    with pytest.raises(ArchitectureError, match=sentence) as refused:
        layers_of(architecture)
    assert str(refused.value).endswith(".")


def test_tuples_for_the_network_by_hand_have_all_its_numbers() -> None:
    assert as_tuples(built(1, 8, 5, 2, 2, "relu", True, 0.5, 96)) == [
        ("convolution", "conv1", 8, 5, False),
        ("max pooling", "pool1", 2, 2),
        ("batch normalization", "norm1", 0.9, 0.001),
        ("activation", "relu1", "relu"),
        ("flatten", "flatten"),
        ("dense", "dense1", 96, "relu"),
        ("dropout", "dropout", 0.5),
        ("dense", "logits", 10, "linear"),
    ]


@pytest.mark.parametrize(
    "spec",
    [
        Convolution("one", 2, 3, stride=2),
        Convolution("one", 2, 3, padding="same"),
        Convolution("one", 1, 3, connections=((0,),)),
        Pooling("one", 2, 2, "average"),
        Activation("one", "scaled_tanh"),
        ZeroPadding("one", 1),
    ],
)
def test_what_is_not_written_by_hand_is_refused(spec: Convolution) -> None:
    with pytest.raises(ArchitectureError, match=r"The layer one .* is not written by hand here"):
        as_tuples(network_of(spec, Flatten()))
