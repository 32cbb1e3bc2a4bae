"""How each kind of layer is explained: its sentence, with the numbers that Keras has."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.data import datasets
from mnist_app.imaging.convolution import Array
from mnist_app.model import builder
from mnist_app.networks.layers import Layer, layer_before, visible_layers
from mnist_app.networks.registry import NETWORKS, read_card
from mnist_app.ui.markup.numbers import percent
from tests.support.apptest import (
    choose_network,
    component,
    component_keys,
    grid_values,
    open_page,
    run,
    text_of,
)

EXAMPLE = datasets.load_test().images[0]
# Sentences have three significant digits.
ROUNDED = 6e-3


@dataclass(frozen=True)
class Shown:
    """What the page says of a map or unit, and what Keras has there."""

    app: AppTest
    text: str
    layer: Layer
    number: int
    earlier: str
    """The name of the layer before; empty before the input."""
    keras: keras.layers.Layer
    before: Array
    """What the layer gets, without the batch."""
    after: Array
    """What the layer gives, without the batch."""

    @property
    def weights(self) -> list[Array]:
        return self.keras.get_weights()

    def numbers(self, pattern: str) -> list[float]:
        """Return the numbers in the groups of a pattern, which stands in the text."""
        found = re.search(pattern, self.text)
        assert found is not None, f"{pattern!r} is not in:\n{self.text}"
        return [float(re.sub("[ ,+]", "", group).replace("−", "-")) for group in found.groups()]


NUMBER = r"(−?[\d,.]+(?:e[+−]\d+)?|−?[\d.]+e-\d+)"
SIGNED = r"([+−] [\d,.]+(?:e[+−]\d+)?)"


def check_input(shown: Shown) -> None:
    rows, columns, divisor = shown.numbers(
        rf"The input has {NUMBER} × {NUMBER} pixels\. The layer `scale` divides each of them by "
        r"(\d+)\."
    )
    assert (rows, columns) == EXAMPLE.shape
    np.testing.assert_allclose(shown.after, EXAMPLE / divisor, atol=1e-7)


def check_convolution(shown: Shown) -> None:
    kernels = shown.weights[0]
    bias = shown.weights[1][shown.number] if shown.keras.use_bias else None
    if bias is not None:
        [said] = shown.numbers(rf"plus the bias of {NUMBER} is (?:one value|map)")
        assert said == pytest.approx(bias, rel=ROUNDED)
    else:
        assert "bias of" not in shown.text
    if kernels.shape[2] == 1:
        rows, columns = shown.numbers(rf"Its kernel of {NUMBER} × {NUMBER} weights slides")
        assert (rows, columns) == tuple(shown.keras.kernel_size)
        lens = component(shown.app, "lens_origin")
        np.testing.assert_allclose(
            grid_values(lens, "output"), shown.after[..., shown.number], atol=1e-5
        )
        np.testing.assert_array_equal(grid_values(lens, "kernel"), kernels[:, :, 0, shown.number])
    else:
        check_partial_maps(shown, kernels[..., shown.number])


def check_partial_maps(shown: Shown, kernel: Array) -> None:
    channels = kernel.shape[2]
    used = int(np.any(kernel != 0, axis=(0, 1)).sum())
    which = f"all {channels} maps" if used == channels else f"{used} of the {channels} maps"
    assert f"**{shown.layer.name}** reads {which} of {shown.earlier}, with a kernel" in shown.text
    contributions = [
        float(
            np.sum(
                keras.ops.conv(
                    shown.before[None, :, :, channel, None],
                    kernel[:, :, channel, None, None],
                    shown.keras.strides[0],
                    shown.keras.padding,
                ),
                dtype=np.float64,
            )
        )
        for channel in range(channels)
    ]
    raising, lowering = shown.numbers(r"(\d+) raise the total, (\d+) lower it")
    assert raising == sum(one > 0 for one in contributions)
    assert lowering == sum(one < 0 for one in contributions)


def check_activation(shown: Shown) -> None:
    before = shown.before[..., shown.number]
    if shown.layer.kind == "ReLU":
        negative, size = shown.numbers(
            r"\*\*ReLU\*\* keeps positive values and sets negative ones to 0: here, "
            rf"{NUMBER} of {NUMBER} values\."
        )
        assert (negative, size) == ((before < 0).sum(), before.size)
    else:
        low, high = shown.numbers(rf"squashes every value between {NUMBER} and {NUMBER}\.")
        assert -low == high == round(1.7159, 2)
        expected = 1.7159 * np.tanh(2 / 3 * before)
        np.testing.assert_allclose(shown.after[..., shown.number], expected, atol=1e-5)
        assert "**1.7159 · tanh(⅔ x)**" in shown.text


def check_normalization(shown: Shown) -> None:
    gamma, mean, spread, beta = shown.numbers(
        rf"A value x becomes {NUMBER} · \(x {SIGNED}\) / {NUMBER} {SIGNED}\."
    )
    said_mean, said_spread = shown.numbers(
        rf"a mean of {NUMBER} and a standard deviation of {NUMBER}\."
    )
    assert (said_mean, said_spread) == (-mean, spread)
    before, after = shown.before[..., shown.number], shown.after[..., shown.number]
    computed = gamma * (before + mean) / spread + beta
    np.testing.assert_allclose(computed, after, atol=ROUNDED * (1 + np.abs(after).max()) * 3)


def check_weight_per_map(shown: Shown) -> None:
    weight, bias = shown.numbers(
        rf"multiplied by {NUMBER}, and then {NUMBER} is added\. The network learned"
    )
    before, after = shown.before[..., shown.number], shown.after[..., shown.number]
    np.testing.assert_allclose(
        weight * before + bias, after, atol=ROUNDED * (1 + np.abs(after).max())
    )


def check_pooling(shown: Shown) -> None:
    keeps = "keeps only its largest value"
    if shown.layer.kind == "AveragePooling2D":
        keeps = "is replaced by its mean"
    rows, columns, stride, after, before = shown.numbers(
        rf"Each window of {NUMBER} × {NUMBER} values {keeps}\. The window moves by a stride of "
        rf"(\d+)\. That leaves {NUMBER} of {NUMBER} values"
    )
    assert (rows, columns) == tuple(shown.keras.pool_size)
    assert stride == shown.keras.strides[0]
    assert after == shown.after[..., shown.number].size
    assert before == shown.before[..., shown.number].size
    lens = component(shown.app, "lens_origin")
    np.testing.assert_allclose(
        grid_values(lens, "output"), shown.after[..., shown.number], atol=1e-6
    )


def check_recurrence(shown: Shown) -> None:
    rows, units = shown.numbers(
        rf"After each of the {NUMBER} rows, it keeps a \*\*state of {NUMBER} numbers\*\*"
    )
    assert (rows, units) == shown.after.shape


def check_dense(shown: Shown) -> None:
    weights, biases = shown.weights
    inputs, total, bias, result = shown.numbers(
        rf"Unit {shown.number} of \*\*{shown.layer.name}\*\* multiplies each of its {NUMBER} "
        rf"inputs by a weight of its own and adds up the products: {NUMBER}\. Adding the bias of "
        rf"{NUMBER} gives \*\*{NUMBER}\*\*\."
    )
    expected = float(shown.before.ravel() @ weights[:, shown.number])
    assert inputs == shown.before.size
    assert total == pytest.approx(expected, rel=ROUNDED, abs=1e-5)
    assert bias == pytest.approx(biases[shown.number], rel=ROUNDED)
    assert result == pytest.approx(expected + biases[shown.number], rel=ROUNDED, abs=1e-5)
    if shown.layer.activation:
        [value] = shown.numbers(rf"turns this into \*\*{NUMBER}\*\*")
        assert value == pytest.approx(shown.after[shown.number], rel=ROUNDED, abs=1e-5)
    else:
        assert "turns this into" not in shown.text
    assert "products" in component_keys(shown.app)


def check_softmax(shown: Shown) -> None:
    digit, logit, total = shown.numbers(rf"For (\d): e\^\({NUMBER}\) / {NUMBER} = \*\*")
    assert digit == shown.number
    assert logit == pytest.approx(shown.before[shown.number], rel=ROUNDED)
    assert total == pytest.approx(np.exp(shown.before, dtype=np.float64).sum(), rel=ROUNDED)
    assert f"= **{percent(float(shown.after[shown.number]))}**" in shown.text


CHECKS: dict[str, Callable[[Shown], None]] = {
    "InputLayer": check_input,
    "Conv2D": check_convolution,
    "DepthwiseConv2D": check_weight_per_map,
    "ReLU": check_activation,
    "Activation": check_activation,
    "MaxPooling2D": check_pooling,
    "AveragePooling2D": check_pooling,
    "BatchNormalization": check_normalization,
    "GRU": check_recurrence,
    "Dense": check_dense,
    "Softmax": check_softmax,
}


@pytest.mark.parametrize("network", NETWORKS)
def test_every_layer_says_how_it_was_made(network: str) -> None:
    app = open_page("feature_maps")
    choose_network(app, network)
    model = builder.load(network)
    taken = {layer.name: layer.input for layer in model.layers[1:]}
    given = {layer.name: layer.output for layer in model.layers[1:]}
    before, after = keras.Model(model.input, [taken, given])(EXAMPLE[None].astype("float32"))
    layers = read_card(network).layers
    for layer in visible_layers(layers):
        name = "scale" if layer.kind == "InputLayer" else layer.name
        has_maps = layer.kind not in ("InputLayer", "GRU")
        activity = np.asarray(after[name])[0]
        app.session_state["picked_layer"] = layer.name
        app.session_state["picked_map"] = (
            int(activity.max(tuple(range(activity.ndim - 1))).argmax()) if has_maps else 0
        )
        run(app)
        shown = Shown(
            app,
            text_of(app),
            layer,
            app.session_state["picked_map"],
            layer_before(layers, layer.name).name if layer != layers[0] else "",
            model.get_layer(name),
            np.asarray(before[name])[0],
            np.asarray(after[name])[0],
        )
        assert component(app, "layers")["picked"]["name"] == layer.name
        CHECKS[layer.kind](shown)
