"""A kernel walks over the image: well-known ones, one's own, and those the network learned."""

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import Scale, pixels
from mnist_app.imaging.convolution import PRESETS, Array, ConvolutionError
from mnist_app.imaging.normalize import Image
from mnist_app.networks import layers as anatomy
from mnist_app.networks.card import Layer
from mnist_app.networks.interventions import Interventions
from mnist_app.ui import canvas, layout, session
from mnist_app.ui.components.lens import ConvolutionStep, PixelGrid, lens
from mnist_app.ui.components.maps import TileGrid, maps
from mnist_app.ui.components.matrix import matrix
from mnist_app.ui.markup import figures, panels
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import inside

layout.begin(
    "Convolution",
    "A **kernel** is a small matrix of numbers. It walks over the image; at each step it is "
    "multiplied with the pixels below it, and the sum of the products is one pixel of the result.",
)
canvas.controls()


def choose_kernel() -> Array:
    """Let the visitor choose a well-known kernel and edit it by hand."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Kernel", list(PRESETS), key=session.KERNEL_NAME, persist_state="session", width=220
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
    st.caption(PRESETS[name].sentence)
    edits = session.edits()
    preset = convolution.preset(name, side)
    kernel_name = f"{name} {side}"
    kernel, _ = edits.kernels.get(kernel_name, (preset, 0.0))
    try:
        kernel = matrix(
            kernel,
            preset,
            "Kernel",
            f"{kernel_name} {edits.round}",
            key="kernel",
            on_edit=lambda kernel: edits.keep(kernel_name, (kernel, 0.0), (preset, 0.0)),
        )
    except ConvolutionError as error:
        st.error(str(error), icon=":material/edit_off:")
    if kernel_name in edits.kernels:
        st.button(
            "Put it back", icon=":material/undo:", on_click=edits.put_back, args=[kernel_name]
        )
    else:
        st.caption("Type over any number: the result changes at once.")
    if not kernel.any():
        st.info("A kernel of zeros: every sum is 0, so nothing is left. Type a number.")
    return kernel


def choose_walk() -> tuple[int, convolution.Padding]:
    """Let the visitor choose the stride and the padding."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        stride = st.number_input(
            "Stride: pixels a step",
            1,
            99,
            1,
            key=session.KERNEL_STRIDE,
            persist_state="session",
            width=180,
        )
        padding: convolution.Padding = st.segmented_control(
            "Padding",
            convolution.PADDINGS,
            default=convolution.PADDINGS[0],
            required=True,
            key=session.KERNEL_PADDING,
            persist_state="session",
            help="“valid”: the window stays inside the image, so the result is smaller. “same”: "
            "a margin of zeros lets it start at the very edge.",
        )
    return stride, padding


def scale_of(result: Array) -> Scale:
    """Return the grays of the image where the result is an image, else a scale around zero."""
    is_image = result.min() >= 0 and result.max() <= 255
    return pixels() if is_image else colormap.around_zero(result)


def walk_over_digit(image: Image, kernel: Array) -> tuple[list[Panel], str]:
    """The lens on the digit and the chosen kernel."""
    stride, padding = choose_walk()
    digit = image.astype(np.float32)
    try:
        walk = convolution.walk(
            convolution.shape(digit), convolution.shape(kernel), stride, padding
        )
        result = convolution.convolve(digit, kernel, stride, padding)
    except ConvolutionError as error:
        st.warning(str(error), icon=":material/straighten:")
        return [], ""
    rows, columns = walk.steps
    lens(
        PixelGrid("Your digit: 28 × 28 pixels, 0 to 255", digit, pixels()),
        PixelGrid(f"Result: {rows} × {columns} sums", result, scale_of(result)),
        walk,
        ConvolutionStep(kernel, colormap.around_zero(kernel)),
        key="lens_kernel",
    )
    shown = [
        Panel("Your digit", image, "28 × 28, 0 to 255"),
        Panel("Kernel", colormap.around_zero(kernel).paint(kernel), f"stride {stride}, {padding}"),
        Panel("Result", scale_of(result).paint(result), f"{rows} × {columns}"),
    ]
    return shown, snippets.convolution(image, kernel, stride, padding)


def look_at_learned_kernels(image: Image) -> tuple[list[Panel], str]:
    """The first convolution of the chosen network: all kernels, and one under the lens."""
    st.subheader("Kernels that the network learned", anchor=False)
    card = inside.card()
    convolutions = anatomy.layers_of(card, "Conv2D")
    if not convolutions:
        inside.offer_network_with_maps("has no convolution")
        return [], ""
    layer = convolutions[0]
    outputs = inside.layers(image)
    if isinstance(outputs, str):
        st.info(outputs)
        return [], ""
    trained = inside.learned(layer.name)
    st.markdown(
        f"Nobody wrote the {len(trained)} kernels of **{layer.name}**: training found them. Each "
        "makes one map of the digit. Orange counts for, blue against; black is zero. "
        "Click on one."
    )
    gallery = st.container()
    number = session.number_within(session.LEARNED_KERNEL, len(trained) - 1)
    st.markdown("Change it, and see whether the network still reads your digit:")
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=340):
            kernel, bias = change_kernel(layer, trained, number)
        changes = changed(layer, trained)
        changed_outputs = inside.layers(image, changes) if changes else "Nothing is changed yet."
        with st.container():
            show_answers(outputs, changed_outputs)
    now = outputs if isinstance(changed_outputs, str) else changed_outputs
    source = now[anatomy.before(card, layer.name).name][..., 0]
    activation = anatomy.activation_after(card, layer.name)
    after = now[activation.name if activation else layer.name]
    with gallery:
        show_gallery(kernels_now(layer, trained), after, number)
    walk = convolution.walk(convolution.shape(source), convolution.shape(kernel), 1, "valid")
    result = anatomy.activate(activation, convolution.convolve(source, kernel, bias=bias))
    activation_name = anatomy.activation_name(activation)
    has_bias = layer.parameters > kernel.size * len(trained)
    lens(
        PixelGrid(f"Your digit: {anatomy.size_of(source)}, 0 to 1", source, pixels(1.0)),
        PixelGrid(f"Map {number}: {anatomy.size_of(result)}", result, colormap.around_zero(after)),
        walk,
        ConvolutionStep(
            kernel, colormap.around_zero(kernel), bias if has_bias else None, activation_name
        ),
        key="lens_learned",
    )
    shown = [
        Panel(f"Kernel {number}", colormap.around_zero(kernel).paint(kernel), f"bias {bias:.3f}"),
        Panel(f"Map {number}", colormap.around_zero(after).paint(result), activation_name),
    ]
    return shown, snippets.learned_kernels(image, card.name, layer.name, changes)


def show_answers(outputs: dict[str, Array], changed_outputs: dict[str, Array] | str) -> None:
    """What the network answers as it was trained, and with the visitor's changes."""
    st.html(
        figures.predictions(
            [
                inside.prediction_view("As it was trained", outputs),
                inside.prediction_view("With your changes", changed_outputs),
            ]
        )
    )


def show_gallery(kernels: list[session.Kernel], after: Array, picked: int) -> None:
    """All kernels as they are now, and what each makes of the digit."""
    weights = np.stack([kernel for kernel, _ in kernels])
    scale, effect = colormap.around_zero(weights), colormap.around_zero(after)
    maps(
        [
            TileGrid("kernels", "Kernels", "", weights, scale, 8, 14, "kernel"),
            TileGrid(
                "maps", "What each makes of your digit", "", anatomy.as_maps(after), effect, 8, 3
            ),
        ],
        "Learned kernels and their maps",
        key="learned",
        picked=("kernels", picked),
        on_pick=lambda _, number: session.pick(session.LEARNED_KERNEL, number),
        wrapped=True,
    )
    st.html(panels.legend(scale, "Weight in a kernel"))
    last = len(kernels) - 1
    st.number_input(
        f"Kernel, 0 to {last}",
        0,
        last,
        key=session.LEARNED_KERNEL,
        persist_state="session",
        width=180,
    )


def change_kernel(layer: Layer, trained: list[session.Kernel], number: int) -> session.Kernel:
    """Let the visitor edit, silence and put back a learned kernel; return what it is now."""
    edits = session.edits()
    name = kernel_name(layer, number)
    kernel, bias = edits.kernels.get(name, trained[number])
    try:
        kernel = matrix(
            kernel,
            trained[number][0],
            f"Kernel {number}",
            f"{name} {edits.round}",
            key="learned_kernel_matrix",
            on_edit=lambda kernel: edits.keep(name, (kernel, bias), trained[number]),
        )
    except ConvolutionError as error:
        st.error(str(error), icon=":material/edit_off:")
    changed_names = [n for n in range(len(trained)) if kernel_name(layer, n) in edits.kernels]
    with st.container(horizontal=True, vertical_alignment="center"):
        silence = np.zeros_like(kernel), 0.0
        st.button(
            "Silence it", icon=":material/volume_off:", on_click=edits.replace, args=(name, silence)
        )
        st.button(
            "Put it back",
            icon=":material/undo:",
            on_click=edits.put_back,
            args=(name,),
            disabled=name not in edits.kernels,
            key="put_back_learned",
        )
        st.button(
            "Put all back",
            icon=":material/restart_alt:",
            on_click=edits.put_back,
            args=[kernel_name(layer, n) for n in changed_names],
            disabled=not changed_names,
        )
    listed = ", ".join(str(number) for number in changed_names)
    st.caption(f"Changed kernels: {listed or 'none'}.")
    return kernel, bias


def kernel_name(layer: Layer, number: int) -> str:
    """Return what a learned kernel is called among the visitor's edits."""
    return f"{session.network()} {layer.name} {number}"


def kernels_now(layer: Layer, trained: list[session.Kernel]) -> list[session.Kernel]:
    """Return the layer's kernels with the visitor's edits in their places."""
    edited = session.edits().kernels
    return [edited.get(kernel_name(layer, number), kernel) for number, kernel in enumerate(trained)]


def changed(layer: Layer, trained: list[session.Kernel]) -> Interventions:
    """Return the visitor's edits as changes to the network."""
    now = kernels_now(layer, trained)
    if all(one is other for one, other in zip(now, trained, strict=True)):
        return Interventions()
    kernels = np.stack([kernel for kernel, _ in now], axis=-1)[:, :, np.newaxis]
    biases = np.array([bias for _, bias in now], np.float32)
    return Interventions(kernels={layer.name: (kernels, biases)})


@st.fragment
def convolve() -> None:
    """Each stroke, and each thing that is chosen here, reruns this and nothing else."""
    with st.container(horizontal=True, gap="large"):
        canvas.canvas()
        subject = inside.subject()
        with st.container():
            kernel = choose_kernel()
            st.caption(subject.words)
    shown, code = walk_over_digit(subject.image, kernel)
    if code:
        inside.show_code(code)
    learned, learned_code = look_at_learned_kernels(subject.image)
    if learned_code:
        inside.show_code(learned_code)
    if shown + learned:
        inside.save_button("convolution", "Convolution", lambda: shown + learned)


convolve()
layout.poll_for_engine()
