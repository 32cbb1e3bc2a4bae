"""How one map or unit of a network was made, with the numbers: a part of Feature maps."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.convolution import Array
from mnist_app.networks import layers as anatomy
from mnist_app.networks.card import Card, Layer
from mnist_app.ui import resources, session
from mnist_app.ui.components.lens import ConvolutionStep, PixelGrid, lens
from mnist_app.ui.components.maps import TileGrid, maps
from mnist_app.ui.markup import panels
from mnist_app.ui.markup.figures import percent
from mnist_app.ui.markup.panels import Panel, short

Outputs = dict[str, Array]
LARGE = 260
# What the values of an activation lie between, by its name for people.
_BOUNDS = {"tanh": "−1 and 1", "sigmoid": "0 and 1", "1.7159 · tanh(⅔ x)": "−1.72 and 1.72"}


def show(card: Card, outputs: Outputs, layer: Layer, number: int) -> None:
    """Show the map or unit `number` of `layer` large, and how it was made."""
    explain = _EXPLANATIONS.get(layer.kind)
    if explain is not None:
        explain(card, outputs, layer, number)


def _input(_card: Card, outputs: Outputs, _layer: Layer, _number: int) -> None:
    st.markdown("The input: 28 × 28 pixels. The layer `scale` divides them by 255.")
    picture = pixels(1.0).paint(outputs["scale"])
    st.html(panels.row([Panel("Input", picture, "0 to 1", LARGE)]))


def _convolution(card: Card, outputs: Outputs, layer: Layer, number: int) -> None:
    source = outputs[anatomy.before(card, layer.name).name]
    kernels, *biases = resources.weights(card.name)[layer.name]
    kernel = kernels[..., number]
    bias = float(biases[0][number]) if biases else 0.0
    parts = convolution.partial_maps(source, kernel)
    channel = 0
    if source.shape[-1] > 1:
        st.markdown(
            f"Each map of {layer.name} looks at all {source.shape[-1]} maps before it, with a "
            f"kernel for each. That gives {source.shape[-1]} partial maps; their sum"
            f"{f' plus the bias {short(bias)}' if biases else ''} is map {number}. Click on one."
        )
        channel = _pick_channel(source, kernel, parts)
    is_whole = source.shape[-1] == 1
    sums = parts[..., channel] + (bias if is_whole else 0)
    title = f"Map {number}" if is_whole else f"Partial map of input map {channel}"
    lens(
        PixelGrid(
            f"Input map {channel}: {anatomy.size_of(source[..., channel])}",
            source[..., channel],
            pixels(1.0) if is_whole and source.min() >= 0 else colormap.fitting(source),
        ),
        PixelGrid(f"{title}: {anatomy.size_of(sums)}", sums, colormap.around_zero(parts)),
        convolution.walk(
            convolution.shape(source[..., channel]),
            convolution.shape(kernel[..., channel]),
            1,
            "valid",
        ),
        ConvolutionStep(
            kernel[..., channel],
            colormap.around_zero(kernel),
            bias if is_whole and biases else None,
        ),
        key="lens_origin",
    )
    if not is_whole:
        _sum_of_parts(parts, outputs[layer.name][..., number], bias, number)


def _pick_channel(source: Array, kernel: Array, parts: Array) -> int:
    last = source.shape[-1] - 1
    channel = session.number_within(session.PICKED_CHANNEL, last)
    across = min(16, last + 1)
    sheets = [
        TileGrid(
            "input",
            "Input maps",
            "",
            anatomy.as_maps(source),
            colormap.fitting(source),
            across,
            _zoom(source),
        ),
        TileGrid(
            "kernel",
            "Kernels",
            "",
            anatomy.as_maps(kernel),
            colormap.around_zero(kernel),
            across,
            8,
        ),
        TileGrid(
            "part",
            "Partial maps",
            "",
            anatomy.as_maps(parts),
            colormap.around_zero(parts),
            across,
            _zoom(parts),
        ),
    ]
    maps(
        sheets,
        "Input maps, kernels and partial maps",
        key="channels",
        picked=("part", channel),
        on_pick=lambda _, picked: session.pick(session.PICKED_CHANNEL, picked),
        wrapped=True,
    )
    st.number_input(f"Input map, 0 to {last}", 0, last, key=session.PICKED_CHANNEL, width=180)
    return channel


def _zoom(maps_last: Array) -> int:
    return max(1, 40 // int(maps_last.shape[0]))


def _sum_of_parts(parts: Array, whole: Array, bias: float, number: int) -> None:
    positive = int((parts.sum(axis=(0, 1)) > 0).sum())
    scale = colormap.around_zero(whole)
    st.html(
        panels.row(
            [
                Panel(
                    f"Map {number}: the sum of all {parts.shape[-1]} partial maps",
                    scale.paint(whole),
                    f"{positive} of them add, the others subtract; bias {short(bias)}",
                    LARGE,
                )
            ]
        )
        + panels.legend(scale, "Value")
    )


def _before_and_after(
    card: Card, outputs: Outputs, layer: Layer, number: int, sentence: str
) -> tuple[Array, Array]:
    """Show a map and the same map one layer earlier, in the same colors."""
    earlier = anatomy.before(card, layer.name)
    before, after = outputs[earlier.name][..., number], outputs[layer.name][..., number]
    scale = colormap.around_zero(before, after)
    st.markdown(sentence)
    st.html(
        panels.row(
            [
                Panel(f"{earlier.name}, map {number}", scale.paint(before), "before", LARGE),
                Panel(f"{layer.name}, map {number}", scale.paint(after), "after", LARGE),
            ],
            between="→",
        )
        + panels.legend(scale, "Value")
    )
    return before, after


def _activation(card: Card, outputs: Outputs, layer: Layer, number: int) -> None:
    before = outputs[anatomy.before(card, layer.name).name][..., number]
    name = anatomy.activation_name(layer)
    if name == "ReLU":
        negative = int((before < 0).sum())
        sentence = (
            f"**ReLU** keeps what is positive and makes the rest 0: here {negative} of "
            f"{before.size} values."
        )
    else:
        sentence = f"**{name}** bends every value to between {_BOUNDS[name]}."
    _before_and_after(card, outputs, layer, number, sentence)


def _normalization(card: Card, outputs: Outputs, layer: Layer, number: int) -> None:
    gamma, beta, mean, variance = (
        values[number] for values in resources.weights(card.name)[layer.name]
    )
    spread = float(np.sqrt(variance + 1e-3))
    _before_and_after(
        card,
        outputs,
        layer,
        number,
        "**Batch normalization** brings each map to about the same size: "
        f"{short(gamma)} · (x − {short(mean)}) / {short(spread)} + {short(beta)}, where "
        f"{short(mean)} is the map's mean over the training images and {short(spread)} its "
        "standard deviation; the other two numbers were learned.",
    )


def _weight_a_map(card: Card, outputs: Outputs, layer: Layer, number: int) -> None:
    weights, biases = resources.weights(card.name)[layer.name]
    _before_and_after(
        card,
        outputs,
        layer,
        number,
        f"Each value times {short(weights[0, 0, number, 0])} plus {short(biases[number])}: a "
        "weight and a bias for the whole map, both learned.",
    )


def _pooling(card: Card, outputs: Outputs, layer: Layer, number: int) -> None:
    earlier = anatomy.before(card, layer.name)
    source, result = outputs[earlier.name][..., number], outputs[layer.name][..., number]
    scale = colormap.fitting(source)
    is_max = layer.kind == "MaxPooling2D"
    own = anatomy.own_pooling(card)
    st.markdown(
        f"Of each window of {own.size} × {own.size} values only the "
        f"{'largest' if is_max else 'average'} goes on, and the window moves on by {own.stride}: "
        f"{result.size} of {source.size} values are left, less dependent on where exactly a "
        "stroke lies."
    )
    lens(
        PixelGrid(f"{earlier.name}, map {number}: {anatomy.size_of(source)}", source, scale),
        PixelGrid(f"{layer.name}, map {number}: {anatomy.size_of(result)}", result, scale),
        convolution.walk(convolution.shape(source), (own.size, own.size), own.stride, "valid"),
        "max" if is_max else "average",
        key="lens_origin",
    )


def _recurrent(card: Card, outputs: Outputs, layer: Layer, _number: int) -> None:
    state = outputs[layer.name]
    kernel, bias = resources.weights(card.name)["logits"]
    answers = softmax(state @ kernel + bias)
    st.markdown(
        f"The network reads the image row by row, from the top. After each of the 28 rows it "
        f"keeps **{state.shape[1]} numbers**, its state. The right picture asks after each row: "
        "which digit, if the image ended here?"
    )
    scale = colormap.around_zero(state)
    certain = colormap.from_zero(np.ones(1))
    st.html(
        panels.row(
            [
                Panel("Rows of the input", pixels(1.0).paint(outputs["scale"]), "28 × 28", LARGE),
                Panel("State after each row", scale.paint(np.repeat(state, 4, 0)), "28 × 128", 300),
                Panel(
                    "Digit after each row",
                    certain.paint(np.repeat(np.repeat(answers, 14, 0), 20, 1)),
                    "columns: 0 to 9",
                    LARGE,
                ),
            ]
        )
        + panels.legend(scale, "State")
        + panels.legend(certain, "Probability")
    )


def _dense(card: Card, outputs: Outputs, layer: Layer, number: int) -> None:
    inputs, shape = _inputs_as_maps(card, outputs, layer)
    weights, biases = resources.weights(card.name)[layer.name]
    weight = anatomy.as_maps(weights[:, number].reshape(shape))
    products = inputs * weight
    total, bias = float(products.sum()), float(biases[number])
    activation = anatomy.activation_inside(card, layer)
    value = outputs[layer.name][number]
    arrow = f" → {anatomy.activation_name(activation)} → {short(value)}" if activation else ""
    st.markdown(
        f"Unit {number} of **{layer.name}** multiplies each of its {inputs.size:,} inputs with a "
        f"weight of its own and adds them up: sum {short(total)} + bias {short(bias)} = "
        f"**{short(total + bias)}**{arrow}."
    )
    across, zoom = _grid(inputs)
    scale = colormap.fitting(inputs) if len(inputs) > 1 else pixels(1.0)
    maps(
        [
            TileGrid("inputs", "Inputs", "", inputs, scale, across, zoom, pickable=False),
            TileGrid(
                "weights",
                "Weights",
                "",
                weight,
                colormap.around_zero(weight),
                across,
                zoom,
                pickable=False,
            ),
            TileGrid(
                "products",
                "Products",
                "",
                products,
                colormap.around_zero(products),
                across,
                zoom,
                pickable=False,
            ),
        ],
        f"Inputs, weights and products of unit {number}",
        key="products",
        wrapped=True,
    )
    st.html(
        panels.legend(colormap.around_zero(products), "Product: orange counts for, blue against")
    )


def _inputs_as_maps(card: Card, outputs: Outputs, layer: Layer) -> tuple[Array, tuple[int, ...]]:
    """Return a dense layer's inputs in the shape they had before they were flattened."""
    earlier = anatomy.before(card, layer.name)
    flat = outputs[earlier.name]
    while earlier.kind in {"Dropout", "Flatten", "Cropping1D"}:
        earlier = anatomy.before(card, earlier.name)
    shape = outputs[earlier.name].shape
    shape = shape if np.prod(shape) == flat.size else flat.shape
    return anatomy.as_maps(flat.reshape(shape)), shape


def _grid(inputs: Array) -> tuple[int, int]:
    """Return how many tiles of a sheet stand side by side, and how large a value is drawn."""
    count, rows, _ = inputs.shape
    if rows == 1:
        return 16, 14
    return (1, 8) if count == 1 else (8, max(1, 28 // rows))


def _softmax(_card: Card, outputs: Outputs, _layer: Layer, number: int) -> None:
    logits = outputs["logits"]
    parts = np.exp(logits.astype(np.float64))
    st.markdown(
        f"**Softmax** turns ten logits into probabilities: e to the power of each, divided by the "
        f"sum of all ten. For {number}: e^({short(logits[number])}) / {parts.sum():,.0f} = "
        f"**{percent(float(outputs['probabilities'][number]))}**."
    )


def softmax(logits: Array) -> Array:
    """Return probabilities, (..., 10), from logits of the same shape."""
    parts = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(parts / parts.sum(axis=-1, keepdims=True))


_EXPLANATIONS: dict[str, Callable[[Card, Outputs, Layer, int], None]] = {
    "InputLayer": _input,
    "Conv2D": _convolution,
    "DepthwiseConv2D": _weight_a_map,
    "ReLU": _activation,
    "Activation": _activation,
    "MaxPooling2D": _pooling,
    "AveragePooling2D": _pooling,
    "BatchNormalization": _normalization,
    "GRU": _recurrent,
    "Dense": _dense,
    "Softmax": _softmax,
}
