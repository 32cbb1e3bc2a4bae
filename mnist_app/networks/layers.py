"""What lies inside a network, layer by layer, as pages show it: from its card and its outputs."""

import math
from collections.abc import Sequence

import numpy as np

from mnist_app.imaging.convolution import Array, PoolingRule
from mnist_app.networks.card import Card, Layer
from mnist_app.networks.interventions import Pooling
from mnist_app.training.settings import BUILT

INPUT = "image"
# Layers that only rearrange or scale numbers; dropout works while training alone.
_UNSEEN = {"Rescaling", "Reshape", "Dropout", "Flatten", "Cropping1D", "ZeroPadding2D"}
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
_FUNCTIONS = {
    "relu": "ReLU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "scaled_tanh": "1.7159 · tanh(⅔ x)",
}
POOLING = {"MaxPooling2D", "AveragePooling2D"}


def visible_layers(card: Card) -> list[Layer]:
    """Return the layers worth a picture, in their order, the input first."""
    return [layer for layer in card.layers if layer.kind not in _UNSEEN]


def layers_of(card: Card, *kinds: str) -> list[Layer]:
    """Return the layers of some kinds (Keras's class names), in their order."""
    return [layer for layer in card.layers if layer.kind in kinds]


def find(card: Card, name: str) -> Layer:
    """Return the layer called `name`. Raises KeyError when there is none."""
    return {layer.name: layer for layer in card.layers}[name]


def before(card: Card, name: str) -> Layer:
    """Return the layer whose output the layer `name` takes. Raises KeyError when there is none."""
    order = [layer.name for layer in card.layers]
    return card.layers[order.index(find(card, name).name) - 1]


def activation_after(card: Card, name: str) -> Layer | None:
    """Return the activation that directly follows the layer `name`, or None."""
    order = [layer.name for layer in card.layers]
    following = card.layers[order.index(name) + 1 :][:1]
    return next((layer for layer in following if layer.kind in {"ReLU", "Activation"}), None)


def activation_name(layer: Layer | None) -> str:
    """Return an activation's name for people; empty for None."""
    return "" if layer is None else _FUNCTIONS[_function(layer)]


def activate(layer: Layer | None, sums: Array) -> Array:
    """Return what an activation makes of its input; None changes nothing."""
    match layer and _function(layer):
        case None:
            return sums
        case "relu":
            return np.maximum(sums, np.float32(0))
        case "tanh":
            return np.tanh(sums)
        case "sigmoid":
            return np.asarray(1 / (1 + np.exp(-sums)), dtype=np.float32)
        case _:
            return np.asarray(1.7159 * np.tanh(2 / 3 * sums), dtype=np.float32)


def own_pooling(card: Card) -> Pooling:
    """Return how the network pools that the card describes; shipped ones halve their maps."""
    layer = layers_of(card, *POOLING)[0]
    rule: PoolingRule = "max" if layer.kind == "MaxPooling2D" else "average"
    if card.settings["network"] != BUILT:
        return Pooling(rule, 2, 2)
    return Pooling(rule, card.settings["pool"], card.settings["pool_stride"])


def activation_inside(card: Card, layer: Layer) -> Layer | None:
    """Return the activation that a dense layer has in itself; None for the logits."""
    if layer.name == "logits":
        return None
    usual = "scaled_tanh" if card.settings["network"] == "lenet" else "relu"
    return Layer(layer.name, "Activation", layer.shape, 0, layer.activation or usual)


def _function(layer: Layer) -> str:
    return layer.activation or ("relu" if layer.kind == "ReLU" else "scaled_tanh")


def words(layer: Layer) -> str:
    """Return what kind of layer this is, in the field's words."""
    return _KINDS.get(layer.kind, layer.kind)


def size(layer: Layer) -> str:
    """Return a layer's output shape for people: "24 × 24 × 16"."""
    return " × ".join(str(length) for length in layer.shape)


def rows(layers: Sequence[Layer]) -> list[dict[str, str]]:
    """Return layers as rows of a table, for people."""
    return [
        {
            "Layer": layer.name,
            "Kind": layer.kind,
            "Output": size(layer),
            "Parameters": f"{layer.parameters:,}",
        }
        for layer in layers
    ]


def across(maps: int) -> int:
    """Return how many of a layer's maps stand side by side on a page: tall sheets, no wide ones."""
    return 1 if maps <= 10 else round(math.sqrt(maps / 4))


def zoom(maps: Array, height: int) -> int:
    """Return how many pixels a value takes where a layer's maps share a sheet of `height` pixels.

    `maps` has shape (maps, rows, columns).
    """
    count, rows, _ = maps.shape
    room = height / math.ceil(count / across(count)) - 2
    return min(16, max(1, int(room / rows)))


def likeness(one: Array, other: Array) -> float:
    """Return the correlation (Pearson's r, -1 to 1) of two arrays of the same shape.

    Where one of them has the same value everywhere, it is 1 for equal arrays and else 0.
    """
    if one.std() == 0 or other.std() == 0:
        return float(np.array_equal(one, other))
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def size_of(array: Array) -> str:
    """Return an array's shape for people: "24 × 24"."""
    return " × ".join(str(length) for length in array.shape)


def as_maps(output: Array) -> Array:
    """Return a layer's output as maps, (maps, rows, columns); a unit is a map of one value.

    Takes (rows, columns, maps), (rows, columns) and (units,).
    """
    if output.ndim == 3:
        return output.transpose(2, 0, 1)
    return output[None] if output.ndim == 2 else output[:, None, None]
