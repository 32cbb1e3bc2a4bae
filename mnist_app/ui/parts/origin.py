"""How one map or unit of a network was made, with the numbers: a part of Feature maps."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import Scale, pixels
from mnist_app.imaging.convolution import Array
from mnist_app.inference import Layers
from mnist_app.networks.card import Card
from mnist_app.networks.interventions import own_pooling
from mnist_app.networks.layers import Layer, layer_before, window_of
from mnist_app.ui import resources, session
from mnist_app.ui.components.lens import ConvolutionStep, LiveMap, PixelGrid, lens
from mnist_app.ui.components.tile_grids import LiveTiles, TileGrid, tile_grids
from mnist_app.ui.markup import legends, panels
from mnist_app.ui.markup.network_words import activation_in_words, as_maps, shape_in_words
from mnist_app.ui.markup.numbers import percent, short_number
from mnist_app.ui.markup.panels import Panel

LARGE = 150
# What the values of an activation lie between.
_BOUNDS = {"tanh": "−1 and 1", "sigmoid": "0 and 1", "scaled_tanh": "−1.72 and 1.72"}


@dataclass(frozen=True)
class Picked:
    """The map or unit that is explained."""

    card: Card
    outputs: Layers
    layer: Layer
    number: int

    @property
    def earlier(self) -> Layer:
        """The layer before; there is none before the input."""
        return layer_before(self.card.layers, self.layer.name)

    @property
    def source(self) -> Array:
        """What the layer before gives, without the batch."""
        return self.outputs[self.earlier.name]

    @property
    def result(self) -> Array:
        """What the layer makes of it, without the batch."""
        return self.outputs[self.layer.name]

    @property
    def weights(self) -> list[Array]:
        """What the layer has learned, as Keras orders it: kernel, bias, ..."""
        return resources.weights(self.card.name)[self.layer.name]


def show(card: Card, outputs: Layers, layer: Layer, number: int) -> None:
    """Show the map or unit `number` of `layer` large, and how it was made."""
    _EXPLANATIONS[layer.kind](Picked(card, outputs, layer, number))


def _explain_input(picked: Picked) -> None:
    size = shape_in_words(picked.layer.shape)
    st.markdown(f"The input has {size} pixels. The layer `scale` divides each of them by 255.")
    picture = pixels(1.0).paint(picked.outputs["scale"])
    st.html(panels.row([Panel("Input", picture, "0 to 1", LARGE)]))


def _explain_convolution(picked: Picked) -> None:
    if picked.source.shape[-1] == 1:
        _explain_single_kernel(picked)
    else:
        _explain_partial_maps(picked)


def _explain_single_kernel(picked: Picked) -> None:
    """A convolution of one input map: the sums are the map."""
    layer, number = picked.layer, picked.number
    kernel, bias = _kernel_and_bias(picked)
    source, result = picked.source[..., 0], picked.result[..., number]
    size, stride, padding = window_of(layer)
    slides = f"Its kernel of {shape_in_words(size)} weights slides over the input."
    total = "Each sum of products is one value of the map."
    if layer.has_bias:
        total = (
            f"Each sum of products plus the bias of {short_number(bias)} is one value of the map."
        )
    st.markdown(f"This is map {number} of **{layer.name}**. {slides} {total}")
    lens(
        PixelGrid(
            f"Input: {shape_in_words(source.shape)}",
            source,
            pixels(1.0) if source.min() >= 0 else colormap.fitting(source),
        ),
        PixelGrid(
            f"Map {number}: {shape_in_words(result.shape)}", result, colormap.around_zero(result)
        ),
        convolution.sliding_window(convolution.shape(source), size, stride, padding),
        ConvolutionStep(
            kernel[..., 0], colormap.around_zero(kernel), bias if layer.has_bias else None
        ),
        key="lens_origin",
        live=LiveMap(layer.name, picked.earlier.name, number, 0),
    )


def _explain_partial_maps(picked: Picked) -> None:
    """A convolution of several input maps: each has a kernel, and the map is the sum of all."""
    kernel, bias = _kernel_and_bias(picked)
    size, stride, padding = window_of(picked.layer)
    parts = convolution.partial_maps(picked.source, kernel, stride, padding)
    st.markdown(_partial_maps_in_words(picked, bias, parts))
    channel = _pick_channel(picked, parts)
    source, part = picked.source[..., channel], parts[..., channel]
    lens(
        PixelGrid(
            f"Input map {channel}: {shape_in_words(source.shape)}",
            source,
            colormap.fitting(picked.source),
        ),
        PixelGrid(
            f"Partial map {channel}: {shape_in_words(part.shape)}",
            part,
            colormap.around_zero(parts),
        ),
        convolution.sliding_window(convolution.shape(source), size, stride, padding),
        ConvolutionStep(kernel[..., channel], colormap.around_zero(kernel)),
        key="lens_origin",
        live=LiveMap(picked.layer.name, picked.earlier.name, picked.number, channel),
    )


def _kernel_and_bias(picked: Picked) -> tuple[Array, float]:
    """Return a map's kernels, (rows, columns, channels), and its bias; 0 where it has none."""
    kernels, *biases = picked.weights
    return kernels[..., picked.number], float(biases[0][picked.number]) if biases else 0.0


def _partial_maps_in_words(picked: Picked, bias: float, parts: Array) -> str:
    layer, number, earlier = picked.layer, picked.number, picked.earlier
    map_name, channels = f"Map {number} of **{layer.name}**", picked.source.shape[-1]
    reads = f"{map_name} reads all {channels} maps of {earlier.name}, with a kernel for each."
    if layer.connections:
        some = len(layer.connections[number])
        reads = (
            f"{map_name} reads {some} of the {channels} maps of {earlier.name}, with a kernel for "
            "each."
        )
    total = f"The sum of these partial maps is map {number}"
    if layer.has_bias:
        total = (
            f"The sum of these partial maps plus the bias of {short_number(bias)} is map {number}"
        )
    sums = parts.sum(axis=(0, 1))
    raising, lowering = int((sums > 0).sum()), int((sums < 0).sum())
    return f"{reads} {total}: {raising} raise the total, {lowering} lower it."


def _pick_channel(picked: Picked, parts: Array) -> int:
    """Show what each input map contributes; return the input map that is picked."""
    last = parts.shape[-1] - 1
    channel = session.number_within(session.PICKED_CHANNEL, last)
    across = min(32, last + 1)
    zoom = max(1, 32 // int(parts.shape[0]))
    scale = colormap.around_zero(parts)
    title, word = "Partial maps, one for each input map: click one", "partial map"
    live = LiveTiles("parts", picked.layer.name, picked.number, picked.earlier.name)
    with st.container(horizontal=True, vertical_alignment="bottom", key="partial_maps"):
        tile_grids(
            [TileGrid("part", title, "", as_maps(parts), scale, across, zoom, word, live=live)],
            "Partial maps",
            key="channels",
            picked=("part", channel),
            on_pick=lambda _, number: session.pick(session.PICKED_CHANNEL, number),
        )
        st.number_input(f"Input map (0–{last})", 0, last, key=session.PICKED_CHANNEL, width=140)
    return channel


def _explain_activation(picked: Picked) -> None:
    before = picked.source[..., picked.number]
    name = activation_in_words(picked.layer.activation)
    if picked.layer.activation == "relu":
        negative = int((before < 0).sum())
        sentence = (
            f"**{name}** keeps positive values and sets negative ones to 0: here, {negative} of "
            f"{before.size} values."
        )
    else:
        sentence = f"**{name}** squashes every value between {_BOUNDS[picked.layer.activation]}."
    _show_before_and_after(picked, sentence)


def _explain_normalization(picked: Picked) -> None:
    gamma, beta, mean, variance = (float(values[picked.number]) for values in picked.weights)
    spread = float(np.sqrt(variance + (picked.layer.epsilon or 0.0)))
    _show_before_and_after(
        picked,
        "**Batch normalization** brings all maps to a similar scale. A value x becomes "
        f"{short_number(gamma)} · (x {_signed(-mean)}) / {short_number(spread)} {_signed(beta)}. "
        f"Over the training images, the map had a mean of {short_number(mean)} and a standard "
        f"deviation of {short_number(spread)}. The other two numbers were learned.",
    )


def _explain_weight_per_map(picked: Picked) -> None:
    weights, biases = picked.weights
    weight, bias = weights[0, 0, picked.number, 0], biases[picked.number]
    _show_before_and_after(
        picked,
        f"Each value of the map is multiplied by {short_number(weight)}, and then "
        f"{short_number(bias)} is added. The network learned this weight and this bias.",
    )


def _show_before_and_after(picked: Picked, sentence: str) -> None:
    """Show a map and the same map one layer earlier, in the same colors."""
    number = picked.number
    before, after = picked.source[..., number], picked.result[..., number]
    scale = colormap.around_zero(before, after)
    st.markdown(sentence)
    tile_grids(
        [
            _before_or_after(picked.earlier.name, number, before, scale, "before"),
            _before_or_after(picked.layer.name, number, after, scale, "after"),
        ],
        f"Map {number} before and after",
        key="before_and_after",
        one_scale=True,
    )
    st.html(legends.legend(scale, "Value"))


def _before_or_after(layer: str, number: int, values: Array, scale: Scale, note: str) -> TileGrid:
    title, zoom = f"{layer}, map {number}", LARGE // len(values)
    live = LiveTiles("maps", layer, number)
    return TileGrid(
        note, title, note, values[None], scale, 1, zoom, "value", pickable=False, live=live
    )


def _explain_pooling(picked: Picked) -> None:
    number, own = picked.number, own_pooling(picked.layer)
    source, result = picked.source[..., number], picked.result[..., number]
    scale, shape = colormap.fitting(source), convolution.shape(source)
    size, stride, padding = window_of(picked.layer)
    window = f"{own.size} × {own.size}"
    keeps = f"Each window of {window} values keeps only its largest value."
    if own.rule == "average":
        keeps = f"Each window of {window} values is replaced by its mean."
    st.markdown(
        f"{keeps} The window moves by a stride of {own.stride}. That leaves {result.size} of "
        f"{source.size} values, which depend less on the exact position of a stroke."
    )
    lens(
        PixelGrid(
            f"{picked.earlier.name}, map {number}: {shape_in_words(source.shape)}", source, scale
        ),
        PixelGrid(
            f"{picked.layer.name}, map {number}: {shape_in_words(result.shape)}", result, scale
        ),
        # A stride longer than the map is fine for Keras: the window stops at one place alone.
        convolution.sliding_window(shape, size, min(stride, *shape), padding),
        own.rule,
        key="lens_origin",
        live=LiveMap(picked.layer.name, picked.earlier.name, number, number),
    )


def _explain_recurrence(picked: Picked) -> None:
    state = picked.result
    kernel, bias = resources.weights(picked.card.name)["logits"]
    answers = _softmax(state @ kernel + bias)
    rows, units = state.shape
    st.markdown(
        "The network reads the image row by row, from top to bottom. After each of the "
        f"{rows} rows, it keeps a **state of {units} numbers**. The picture on the right shows how "
        "probable each digit would be if the image ended there."
    )
    scale, shares = colormap.around_zero(state), colormap.from_zero(np.ones(1))
    state_picture = scale.paint(np.repeat(state, 4, 0))
    answer_picture = shares.paint(np.repeat(np.repeat(answers, 14, 0), 20, 1))
    shown = [
        Panel("Rows of the input", pixels(1.0).paint(picked.outputs["scale"]), "28 × 28", LARGE),
        Panel("State after each row", state_picture, shape_in_words(state.shape), 300),
        Panel("Digit after each row", answer_picture, "columns: 0 to 9", LARGE),
    ]
    st.html(
        panels.row(shown) + legends.legend(scale, "State") + legends.legend(shares, "Probability")
    )


def _explain_dense(picked: Picked) -> None:
    inputs, shape = _inputs_as_maps(picked)
    weights, biases = picked.weights
    weight = as_maps(weights[:, picked.number].reshape(shape))
    products = inputs * weight
    total, bias = float(products.sum()), float(biases[picked.number])
    sentence = (
        f"Unit {picked.number} of **{picked.layer.name}** multiplies each of its {inputs.size:,} "
        f"inputs by a weight of its own and adds up the products: {short_number(total)}. Adding "
        f"the bias of {short_number(bias)} gives **{short_number(total + bias)}**."
    )
    if picked.layer.activation:
        name = activation_in_words(picked.layer.activation)
        value = short_number(float(picked.result[picked.number]))
        sentence = f"{sentence} {name} turns this into **{value}**."
    st.markdown(f"{sentence} Orange products raise the sum, blue ones lower it.")
    _show_products(picked, inputs, weight, products)


def _show_products(picked: Picked, inputs: Array, weight: Array, products: Array) -> None:
    number, before = picked.number, _unflattened(picked).name
    across, zoom = _grid(inputs)
    scale = colormap.fitting(inputs) if len(inputs) > 1 else pixels(1.0)
    weight_scale, product_scale = colormap.around_zero(weight), colormap.around_zero(products)
    shown = [
        ("inputs", "Inputs", inputs, scale, LiveTiles("maps", before)),
        ("weights", "Weights", weight, weight_scale, None),
        (
            "products",
            "Products",
            products,
            product_scale,
            LiveTiles("products", picked.layer.name, number, before),
        ),
    ]
    tile_grids(
        [
            TileGrid(name, title, "", values, colors, across, zoom, pickable=False, live=live)
            for name, title, values, colors, live in shown
        ],
        f"Inputs, weights, and products of unit {number}",
        key="products",
    )


def _inputs_as_maps(picked: Picked) -> tuple[Array, tuple[int, ...]]:
    """Return a dense layer's inputs in the shape they had before they were flattened."""
    flat = picked.source
    shape = picked.outputs[_unflattened(picked).name].shape
    shape = shape if np.prod(shape) == flat.size else flat.shape
    return as_maps(flat.reshape(shape)), shape


def _unflattened(picked: Picked) -> Layer:
    """Return the layer before a dense one whose output has rows, columns and maps yet."""
    earlier = picked.earlier
    while earlier.kind in {"Dropout", "Flatten", "Cropping1D"}:
        earlier = layer_before(picked.card.layers, earlier.name)
    return earlier


def _grid(inputs: Array) -> tuple[int, int]:
    """Return how many tiles stand side by side, and how many pixels of the page a value takes."""
    count, rows, _ = inputs.shape
    if rows == 1:
        return 16, 14
    return (1, 8) if count == 1 else (8, max(1, 28 // rows))


def _explain_softmax(picked: Picked) -> None:
    logits, number = picked.source, picked.number
    total = float(np.exp(logits.astype(np.float64)).sum())
    st.markdown(
        "**Softmax** turns the ten logits into probabilities. It raises e to each logit and "
        f"divides by the sum of all ten. For {number}: e^({short_number(float(logits[number]))}) / "
        f"{short_number(total)} = **{percent(float(picked.result[number]))}**."
    )


def _softmax(logits: Array) -> Array:
    """Return probabilities, (..., 10), from logits of the same shape."""
    parts = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(parts / parts.sum(axis=-1, keepdims=True))


def _signed(value: float) -> str:
    """Return a number as it is added to another: "+ 0.3" or "− 0.3"."""
    return f"{'−' if value < 0 else '+'} {short_number(abs(value))}"


_EXPLANATIONS: dict[str, Callable[[Picked], None]] = {
    "InputLayer": _explain_input,
    "Conv2D": _explain_convolution,
    "DepthwiseConv2D": _explain_weight_per_map,
    "ReLU": _explain_activation,
    "Activation": _explain_activation,
    "MaxPooling2D": _explain_pooling,
    "AveragePooling2D": _explain_pooling,
    "BatchNormalization": _explain_normalization,
    "GRU": _explain_recurrence,
    "Dense": _explain_dense,
    "Softmax": _explain_softmax,
}
