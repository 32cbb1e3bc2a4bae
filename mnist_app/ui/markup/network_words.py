"""A network's layers in words, and how their maps are laid out on a page."""

import math
from collections.abc import Sequence

from mnist_app.imaging.convolution import Array
from mnist_app.networks.layers import Layer

_KINDS = {
    "InputLayer": "input",
    "Conv2D": "convolution",
    "DepthwiseConv2D": "weight, bias",
    "ReLU": "activation",
    "Activation": "activation",
    "MaxPooling2D": "max pooling",
    "AveragePooling2D": "average pooling",
    "BatchNormalization": "batch norm",
    "GRU": "recurrent",
    "Dense": "dense",
    "Softmax": "softmax",
}
_ACTIVATIONS = {
    "": "",
    "relu": "ReLU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "scaled_tanh": "1.7159 · tanh(⅔ x)",
    "softmax": "softmax",
}
# Pixels between two maps of a layer, and the most and the least that a value takes.
_GAP = 2
_ZOOMS = (1, 16)


def kind_in_words(layer: Layer) -> str:
    """Return what kind of layer this is, in the field's words."""
    return _KINDS.get(layer.kind, layer.kind)


def activation_in_words(activation: str) -> str:
    """Return an activation's name for people; "" for none."""
    return _ACTIVATIONS[activation]


def shape_in_words(shape: Sequence[int]) -> str:
    """Return a shape for people: "24 × 24 × 16"."""
    return " × ".join(str(length) for length in shape)


def table_rows(layers: Sequence[Layer]) -> list[dict[str, str]]:
    """Return layers as rows of a table."""
    return [
        {
            "Layer": layer.name,
            "Kind": layer.kind,
            "Output": shape_in_words(layer.shape),
            "Parameters": f"{layer.parameters:,}",
        }
        for layer in layers
    ]


def tiles_across(maps: int) -> int:
    """Return how many of a layer's maps stand side by side, so that they form a tall column."""
    return 1 if maps <= 10 else round(math.sqrt(maps / 4))


def zoom(maps: Array, height: int) -> int:
    """Return how many pixels a value takes where a layer's maps share `height` pixels.

    `maps` has shape (maps, rows, columns); the result is from 1 to 16.
    """
    count, rows, _ = maps.shape
    room = height / math.ceil(count / tiles_across(count)) - _GAP
    least, most = _ZOOMS
    return min(most, max(least, int(room / rows)))


def as_maps(output: Array) -> Array:
    """Return a layer's output as maps, (maps, rows, columns); a unit is a map of one value.

    `output` is (rows, columns, maps), (rows, columns) or (units,).
    """
    if output.ndim == 3:
        return output.transpose(2, 0, 1)
    return output[None] if output.ndim == 2 else output[:, None, None]
