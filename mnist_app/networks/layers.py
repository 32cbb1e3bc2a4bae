"""What a layer of a network is, and what can be asked about the layers of one network."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_app.imaging.convolution import Array, Padding

INPUT = "image"
"""The layer that takes the image, with which every network begins."""
POOLING = ("MaxPooling2D", "AveragePooling2D")
ACTIVATIONS = ("ReLU", "Activation")
# Layers that only rearrange or scale numbers; dropout acts only in training.
_INVISIBLE = ("Rescaling", "Reshape", "Dropout", "Flatten", "Cropping1D", "ZeroPadding2D")

# Layers that change each value by itself, or all together as softmax does.
_FOLDED = ("BatchNormalization", "DepthwiseConv2D", *ACTIVATIONS, "Softmax")


@dataclass(frozen=True)
class Layer:
    """One layer of a network, with everything that one must know to compute it but its weights."""

    name: str
    kind: str
    """The name of Keras's class: "Conv2D", "Dense", ..."""
    shape: tuple[int, ...]
    """Its output's, without the batch: (rows, columns, maps) or (units,)."""
    parameters: int = 0
    """How many numbers it has learned, and moving averages."""
    kernel: tuple[int, int] | None = None
    """The rows and columns of a convolution's kernels or a pool's window."""
    stride: int | None = None
    """How many pixels a kernel or window moves at each step, down and across."""
    padding: Padding | None = None
    """What a kernel or window does at a map's edge; see `imaging.convolution.sliding_window`."""
    activation: str = ""
    """The function that it applies at last: "relu", "softmax", ...; empty for none."""
    has_bias: bool = False
    """Whether it adds numbers that it has learned to its weighted sums."""
    epsilon: float | None = None
    """What batch normalization adds to the variance, so that it never divides by 0."""
    rate: float | None = None
    """The share of numbers, 0 to 1, that dropout sets to 0 in training."""
    connections: tuple[tuple[int, ...], ...] = ()
    """For each map of a convolution, the input maps that it looks at; empty where it is all."""


def find_layer(layers: Sequence[Layer], name: str) -> Layer:
    """Return the layer called `name`. Raises KeyError when there is none."""
    return layers[_position(layers, name)]


def layer_before(layers: Sequence[Layer], name: str) -> Layer:
    """Return the layer whose output the layer `name` takes. Raises KeyError when there is none."""
    position = _position(layers, name)
    if position == 0:
        raise KeyError(name)
    return layers[position - 1]


def activation_after(layers: Sequence[Layer], name: str) -> Layer | None:
    """Return the activation that directly follows the layer `name`, or None.

    Raises KeyError when there is no such layer.
    """
    following = layers[_position(layers, name) + 1 :][:1]
    return following[0] if following and following[0].kind in ACTIVATIONS else None


def maps_as_they_go_on(layers: Sequence[Layer], name: str) -> Layer:
    """Return the layer that makes the maps of the convolution `name` what others take: activated.

    Normalization and pooling may lie between. Without an activation it is the convolution itself.
    Raises KeyError when there is no such layer.
    """
    convolution, *following = layers[_position(layers, name) :]
    kinds = ("BatchNormalization", *POOLING, *ACTIVATIONS)
    own = itertools.takewhile(lambda layer: layer.kind in kinds, following)
    return next((layer for layer in own if layer.kind in ACTIVATIONS), convolution)


def visible_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers that change what a picture of them shows, in order, the input first."""
    return [layer for layer in layers if layer.kind not in _INVISIBLE]


def folded_layers(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Return the visible layers in groups: each with those that only rescale what it makes.

    These are normalization and activation, and the softmax after the logits.
    """
    groups: list[list[Layer]] = []
    for layer in visible_layers(layers):
        if layer.kind in _FOLDED:
            groups[-1].append(layer)
        else:
            groups.append([layer])
    return groups


def layers_of_kind(layers: Sequence[Layer], *kinds: str) -> list[Layer]:
    """Return the layers of some kinds (Keras's class names), in order."""
    return [layer for layer in layers if layer.kind in kinds]


def window_of(layer: Layer) -> tuple[tuple[int, int], int, Padding]:
    """Return the size, stride and padding of a layer's kernels or windows.

    `imaging.convolution.sliding_window` takes them in this order. Raises ValueError for a layer
    that has none.
    """
    if layer.kernel is None or layer.stride is None or layer.padding is None:
        raise ValueError(f"{layer.name} has no window.")
    return layer.kernel, layer.stride, layer.padding


def count_parameters(layers: Sequence[Layer]) -> int:
    """Return how many parameters all layers have together."""
    return sum(layer.parameters for layer in layers)


def activate(activation: str, sums: Array) -> Array:
    """Return what an activation makes of `sums`, float32 of the same shape; "" changes nothing.

    Raises KeyError for an unknown one, and for "softmax", which is no function of single numbers.
    """
    match activation:
        case "":
            return sums
        case "relu":
            return np.maximum(sums, np.float32(0))
        case "tanh":
            return np.tanh(sums)
        case "sigmoid":
            return np.asarray(1 / (1 + np.exp(-sums)), dtype=np.float32)
        case "scaled_tanh":  # LeNet-5's
            return np.asarray(1.7159 * np.tanh(2 / 3 * sums), dtype=np.float32)
    raise KeyError(activation)


def correlation(one: Array, other: Array) -> float:
    """Return Pearson's r, -1 to 1, of two arrays of the same shape.

    Where one of them has the same value everywhere, it is 1 for equal arrays and else 0.
    """
    if one.std() == 0 or other.std() == 0:
        return float(np.array_equal(one, other))
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _position(layers: Sequence[Layer], name: str) -> int:
    for position, layer in enumerate(layers):
        if layer.name == name:
            return position
    raise KeyError(name)
