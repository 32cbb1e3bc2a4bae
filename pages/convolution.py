"""A kernel slides over the image: well-known ones, one's own, and those the network learned."""

from dataclasses import replace

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import Scale, pixels
from mnist_app.imaging.convolution import PRESETS, Array, ConvolutionError, Padding
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.interventions import Interventions
from mnist_app.networks.layers import (
    Layer,
    activate,
    activation_after,
    layer_before,
    layers_of_kind,
    window_of,
)
from mnist_app.ui import canvas, layout, session
from mnist_app.ui.components.lens import ConvolutionStep, LayerMap, PixelGrid, lens
from mnist_app.ui.components.matrix import matrix
from mnist_app.ui.components.tile_grids import TileGrid, tile_grids
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import legends, predictions
from mnist_app.ui.markup.network_words import activation_in_words, as_maps, shape_in_words
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, inside, live_network

KERNEL_WIDTH = 216
"""Of the kernel that is edited, in pixels."""

layout.begin("Convolution", "A kernel slides over your digit: multiply, add up, next pixel.")
canvas.controls()


@st.fragment
def convolve() -> None:
    """Each stroke, and each thing that is chosen here, reruns this and nothing else."""
    with layout.beside_canvas():
        drawing = canvas.show()
        subject = inside.subject(drawing)
        with st.container():
            shown = try_kernels(subject)
            shown += show_learned_kernels(drawing, subject.image)
            if shown:
                inside.save_button("convolution", "Convolution", lambda: shown)


def try_kernels(subject: Drawing) -> list[Panel]:
    """A kernel that is chosen and edited, beside the lens on the digit under it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name, side = choose_kernel()
        stride, padding = choose_steps()
    with st.container(horizontal=True, wrap=False, key="kernel_and_lens"):
        with st.container(width=KERNEL_WIDTH):
            kernel = edit_preset(f"{name} {side}", convolution.preset(name, side))
            st.caption(PRESETS[name].sentence)
            st.caption(subject.note)
        with st.container():
            if not kernel.any():
                st.info("This kernel is all zeros, so every sum is 0. Type in another number.")
            return slide_over_digit(subject.image, kernel, stride, padding)


def choose_kernel() -> tuple[str, int]:
    """Let the visitor choose a well-known kernel; return its name and its side."""
    name = st.selectbox(
        "Kernel", list(PRESETS), key=session.KERNEL_NAME, persist_state="session", width=180
    )
    side = st.segmented_control(
        "Size",
        [3, 5],
        format_func=lambda side: f"{side} × {side}",
        default=3,
        required=True,
        key=session.KERNEL_SIDE,
        persist_state="session",
    )
    return name, side


def edit_preset(name: str, preset: Array) -> Array:
    """Let the visitor edit a well-known kernel and reset it; return what it is now."""
    edits = session.edits()
    kernel, _ = edits.kernels.get(name, (preset, 0.0))
    try:
        kernel = matrix(
            kernel,
            preset,
            "Kernel",
            session.version("kernel", f"{name} {edits.revision}"),
            key="kernel",
            on_edit=lambda kernel: edits.keep(name, (kernel, 0.0), (preset, 0.0)),
        )
    except ConvolutionError as error:
        st.error(str(error), icon=":material/edit_off:")
    if name in edits.kernels:
        st.button("Reset kernel", icon=":material/undo:", on_click=edits.reset, args=[name])
    else:
        st.caption("Type over any number. The result updates at once.")
    return kernel


def slide_over_digit(image: Image, kernel: Array, stride: int, padding: Padding) -> list[Panel]:
    """The lens on the digit and the chosen kernel."""
    digit = image.astype(np.float32)
    try:
        window = convolution.sliding_window(
            convolution.shape(digit), convolution.shape(kernel), stride, padding
        )
        result = convolution.convolve(digit, kernel, stride, padding)
    except ConvolutionError as error:
        st.warning(str(error), icon=":material/straighten:")
        return []
    scale, kernel_scale = scale_of(result), colormap.around_zero(kernel)
    size = shape_in_words(result.shape)
    lens(
        PixelGrid("Your digit: 28 × 28", digit, pixels(), live="image"),
        PixelGrid(f"Result: {size} sums", result, scale, "pixels"),
        window,
        ConvolutionStep(kernel, kernel_scale),
        key="lens_kernel",
    )
    inside.show_code(snippets.convolution(image, kernel, stride, padding))
    return [
        Panel("Your digit", image, "28 × 28, 0 to 255"),
        Panel("Kernel", kernel_scale.paint(kernel), f"stride {stride}, padding {padding}"),
        Panel("Result", scale.paint(result), size),
    ]


def choose_steps() -> tuple[int, Padding]:
    """Let the visitor choose the stride and the padding."""
    stride = st.number_input(
        "Stride",
        1,
        99,
        1,
        key=session.KERNEL_STRIDE,
        persist_state="session",
        width=120,
        help="How many pixels the kernel moves at each step.",
    )
    padding: Padding = st.segmented_control(
        "Padding",
        convolution.PADDINGS,
        default=convolution.PADDINGS[0],
        required=True,
        key=session.KERNEL_PADDING,
        persist_state="session",
        help="“valid” keeps the kernel inside the image, so the result is smaller. “same” "
        "adds a border of zeros, so that with a stride of 1 the result is as large as the "
        "image.",
    )
    return stride, padding


def scale_of(result: Array) -> Scale:
    """Return the grays of the image where the result is an image, else a scale around zero."""
    is_image = result.min() >= 0 and result.max() <= 255
    return pixels() if is_image else colormap.around_zero(result)


def show_learned_kernels(drawing: Drawing, image: Image) -> list[Panel]:
    """The first convolution of the chosen network: all kernels, and one under the lens."""
    st.subheader("Kernels the network learned", anchor=False)
    card = inside.card()
    convolutions = layers_of_kind(card.layers, "Conv2D")
    if not convolutions:
        inside.offer_default_network(f"“{registry.title(card.name)}” has no convolution layer.")
        live_network.show(drawing, live_network.Asked(live_network.TRAINED))
        return []
    outputs = asking.layers(image)
    if isinstance(outputs, Pending | Refused):
        st.info(asking.why_not(outputs))
        live_network.show(drawing, live_network.Asked(live_network.TRAINED))
        return []
    return edit_learned_kernels(drawing, image, card, convolutions[0], outputs)


def edit_learned_kernels(
    drawing: Drawing, image: Image, card: Card, layer: Layer, outputs: Layers
) -> list[Panel]:
    """All kernels of a layer, one of which can be edited, and what the network answers then."""
    trained = inside.learned(layer.name)
    st.markdown(
        f"Nobody designed the {len(trained)} kernels of **{layer.name}**: the network learned "
        "them. Each makes one feature map. Orange is positive, blue negative. Click a kernel."
    )
    gallery = st.container()
    number = session.number_within(session.LEARNED_KERNEL, len(trained) - 1)
    st.markdown("Change the kernel and see whether the network still reads your digit.")
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=340):
            kernel = edit_kernel(layer, trained, number)
        interventions = edited_kernels(layer, trained)
        changed = asking.layers(image, interventions) if interventions else None
        with st.container():
            show_answers(drawing, outputs, changed)
    now = outputs if changed is None or isinstance(changed, Pending | Refused) else changed
    activation = activation_after(card.layers, layer.name)
    after = now[activation.name if activation else layer.name]
    with gallery:
        show_gallery(kernels_now(layer, trained), after, number)
    source = now[layer_before(card.layers, layer.name).name][..., 0]
    function = activation.activation if activation else ""
    before = layer_before(card.layers, layer.name).name
    last = activation.name if activation else layer.name
    shown = slide_over_input(layer, function, (before, last), source, after, kernel, number)
    asked = [live_network.answered(live_network.TRAINED, outputs)]
    if interventions:
        key = live_network.CHANGED
        asked.append(live_network.answered(key, changed, interventions=interventions))
    live_network.show(drawing, *asked)
    inside.show_code(snippets.learned_kernels(image, card.name, layer, interventions))
    return shown


def slide_over_input(
    layer: Layer,
    activation: str,
    between: tuple[str, str],
    source: Array,
    after: Array,
    kernel: session.Kernel,
    number: int,
) -> list[Panel]:
    """The lens on the network's input and a learned kernel, between two layers that are shown."""
    weights, bias = kernel
    before, shown = between
    size, stride, padding = window_of(layer)
    window = convolution.sliding_window(convolution.shape(source), size, stride, padding)
    sums = convolution.convolve(source, weights, stride, padding, bias)
    result = activate(activation, sums)
    scale, kernel_scale = colormap.around_zero(after), colormap.around_zero(weights)
    lens(
        PixelGrid(
            f"Your digit: {shape_in_words(source.shape)}, 0 to 1",
            source,
            pixels(1.0),
            live=LayerMap(before),
        ),
        PixelGrid(
            f"Map {number}: {shape_in_words(result.shape)}",
            result,
            scale,
            "around_zero",
            scaled_by=shown,
        ),
        window,
        ConvolutionStep(weights, kernel_scale, bias if layer.has_bias else None, activation),
        key="lens_learned",
    )
    return [
        Panel(f"Kernel {number}", kernel_scale.paint(weights), f"bias {bias:.3f}"),
        Panel(f"Map {number}", scale.paint(result), activation_in_words(activation)),
    ]


def show_answers(
    drawing: Drawing, outputs: Layers, changed: Layers | Pending | Refused | None
) -> None:
    """What the network answers as it was trained, and with the visitor's edits."""
    views = {
        live_network.TRAINED: inside.prediction_view("As trained", outputs),
        live_network.CHANGED: inside.changed_view("With your changes", changed),
    }
    st.html(
        predictions.predictions(
            [replace(view, live=key, version=drawing.version) for key, view in views.items()]
        )
    )


def show_gallery(kernels: list[session.Kernel], after: Array, picked: int) -> None:
    """All kernels as they are now, and what each makes of the digit."""
    weights = np.stack([kernel for kernel, _ in kernels])
    scale, map_scale = colormap.around_zero(weights), colormap.around_zero(after)
    feature_maps = as_maps(after)
    tile_grids(
        [
            TileGrid("kernels", "Kernels", "", weights, scale, 8, 14, "kernel"),
            TileGrid("maps", "Their maps of your digit", "", feature_maps, map_scale, 8, 3),
        ],
        "Learned kernels and their maps",
        key="learned",
        picked=("kernels", picked),
        on_pick=lambda _, number: session.pick(session.LEARNED_KERNEL, number),
    )
    st.html(legends.legend(scale, "Weight in a kernel"))
    last = len(kernels) - 1
    st.number_input(
        f"Kernel (0–{last})",
        0,
        last,
        key=session.LEARNED_KERNEL,
        persist_state="session",
        width=180,
    )


def edit_kernel(layer: Layer, trained: list[session.Kernel], number: int) -> session.Kernel:
    """Let the visitor edit, mute and reset a learned kernel; return what it is now."""
    edits = session.edits()
    name = kernel_name(layer, number)
    kernel, bias = edits.kernels.get(name, trained[number])
    try:
        kernel = matrix(
            kernel,
            trained[number][0],
            f"Kernel {number}",
            session.version("learned_kernel_matrix", f"{name} {edits.revision}"),
            key="learned_kernel_matrix",
            on_edit=lambda kernel: edits.keep(name, (kernel, bias), trained[number]),
        )
    except ConvolutionError as error:
        st.error(str(error), icon=":material/edit_off:")
    edited = [n for n in range(len(trained)) if kernel_name(layer, n) in edits.kernels]
    with st.container(horizontal=True, vertical_alignment="center"):
        muted = np.zeros_like(kernel), 0.0
        st.button("Mute", icon=":material/volume_off:", on_click=edits.replace, args=(name, muted))
        st.button(
            "Reset",
            icon=":material/undo:",
            on_click=edits.reset,
            args=(name,),
            disabled=name not in edits.kernels,
        )
        st.button(
            "Reset all",
            icon=":material/restart_alt:",
            on_click=edits.reset,
            args=[kernel_name(layer, n) for n in edited],
            disabled=not edited,
        )
    listed = ", ".join(str(number) for number in edited) or "none"
    st.caption(f"Changed kernels: {listed}.")
    return kernel, bias


def kernel_name(layer: Layer, number: int) -> str:
    """Return what a learned kernel is called among the visitor's edits."""
    return f"{session.network()} {layer.name} {number}"


def kernels_now(layer: Layer, trained: list[session.Kernel]) -> list[session.Kernel]:
    """Return the layer's kernels with the visitor's edits in their places."""
    edited = session.edits().kernels
    return [edited.get(kernel_name(layer, number), kernel) for number, kernel in enumerate(trained)]


def edited_kernels(layer: Layer, trained: list[session.Kernel]) -> Interventions:
    """Return the visitor's edits as interventions in the network."""
    now = kernels_now(layer, trained)
    if all(one is other for one, other in zip(now, trained, strict=True)):
        return Interventions()
    kernels = np.stack([kernel for kernel, _ in now], axis=-1)[:, :, np.newaxis]
    biases = np.array([bias for _, bias in now], np.float32)
    return Interventions(kernels={layer.name: (kernels, biases if layer.has_bias else None)})


convolve()
layout.end("max_pooling", "less to look at")
layout.poll_for_inference()
