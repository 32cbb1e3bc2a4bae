"""A kernel slides over the image: well-known ones, one's own, and those the network learned."""

from dataclasses import replace

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.convolution import Array, KernelChoice
from mnist_app.imaging.image_files import as_base64
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.interventions import Interventions
from mnist_app.networks.layers import activate, window_of
from mnist_app.ui import canvas, layout, link_settings, session
from mnist_app.ui.components.sliding_kernel import (
    LearnedKernels,
    kernels_by_name,
    preset_name,
    sliding_kernel,
)
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup.network_words import activation_in_words, shape_in_words
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, inside, kernels, live_network

layout.begin(
    "Convolution",
    "A kernel slides over your digit: multiply, add up, next pixel.",
    link_settings.CONVOLUTION,
)
canvas.controls()


@st.fragment
def convolve() -> None:
    """Each stroke, and each thing that is chosen here, reruns this and nothing else."""
    with st.container(key="convolution"), layout.beside_canvas():
        drawing = canvas.show()
        subject = inside.subject(drawing)
        outputs = asking.layers(subject.image)
        layer = kernels.first_convolution(session.network())
        learned = kernels.learned_kernels(session.network(), layer, outputs)
        sliding_kernel(
            subject.image,
            learned,
            session.kernel(),
            session.edited_kernels(),
            "sliding_kernel",
            session.choose_kernel,
            lambda edited: session.keep_edits(kernels_by_name(learned), edited),
            layer.shape[-1] if layer else 0,
        )
        with st.container(key="convolution_answers"):
            if layer is None:
                network = registry.title(session.network())
                inside.offer_default_network(f"“{network}” has no convolution layer.")
            interventions = answer(drawing, subject.image, learned, outputs)
    with st.container(key="convolution_note"):
        st.caption(subject.note)
    chosen = session.kernel()
    if learned is None or chosen.learned is None or chosen.learned >= len(learned.trained):
        chosen = replace(chosen, learned=None)
    inside.offer_code(lambda: code(subject.image, learned, chosen, interventions))
    inside.save_button(
        "convolution", "Convolution", lambda: pictures(subject.image, learned, chosen)
    )


def answer(
    drawing: Drawing,
    image: Image,
    learned: LearnedKernels | None,
    outputs: Layers | Pending | Refused,
) -> Interventions:
    """What the network says as it was trained and with the visitor's changes, which are returned.

    Both answer while one draws.
    """
    interventions = kernels.changes(learned) if learned else Interventions()
    asked = inside.show_both_answers(drawing, image, outputs, interventions, "With changes")
    example = None if drawing.has_ink else {"example": as_base64(image.tobytes())}
    live_network.show(drawing, *asked, prepare=example)
    return interventions


def preset_now(chosen: KernelChoice) -> Array:
    """Return the well-known kernel that is chosen, as the visitor has edited it."""
    name = preset_name(chosen.preset, chosen.side)
    original = convolution.preset(chosen.preset, chosen.side), 0.0
    return session.edited_kernels().get(name, original)[0]


def code(
    image: Image,
    learned: LearnedKernels | None,
    chosen: KernelChoice,
    interventions: Interventions,
) -> str:
    """Return the lines that compute what the chosen kernel makes of the digit."""
    if learned is None or chosen.learned is None:
        return snippets.convolution(image, preset_now(chosen), chosen.stride, chosen.padding)
    return snippets.learned_kernels(image, learned.network, learned.layer, interventions)


def pictures(image: Image, learned: LearnedKernels | None, chosen: KernelChoice) -> list[Panel]:
    """The digit, the chosen kernel and the result, to be saved."""
    digit = Panel("Your digit", image, "28 × 28, 0 to 255")
    if learned is None or chosen.learned is None:
        kernel = preset_now(chosen)
        result = convolution.convolve(
            image.astype(np.float32), kernel, chosen.stride, chosen.padding
        )
        is_image = result.min() >= 0 and result.max() <= 255
        scale = pixels() if is_image else colormap.around_zero(result)
        how = f"stride {chosen.stride}, padding {chosen.padding}"
        return [
            digit,
            Panel(chosen.preset, colormap.around_zero(kernel).paint(kernel), how),
            Panel("Result", scale.paint(result), shape_in_words(result.shape)),
        ]
    kernel, bias = kernels.now(learned)[chosen.learned]
    _, stride, padding = window_of(learned.layer)
    sums = convolution.convolve(learned.source, kernel, stride, padding, bias)
    result = activate(learned.activation, sums)
    return [
        digit,
        Panel(
            f"Kernel {chosen.learned}",
            colormap.around_zero(kernel).paint(kernel),
            f"bias {bias:.3f}",
        ),
        Panel(
            f"Map {chosen.learned}",
            colormap.around_zero(result).paint(result),
            activation_in_words(learned.activation),
        ),
    ]


convolve()
layout.end("max_pooling", "less to look at")
layout.poll_for_inference()
