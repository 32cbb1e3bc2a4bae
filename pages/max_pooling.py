"""Max pooling: each window keeps only its largest value."""

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.convolution import ConvolutionError, PoolingRule
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.interventions import Interventions, Pooling, own_pooling
from mnist_app.networks.layers import POOLING, Layer, find_layer, layers_of_kind, visible_layers
from mnist_app.ui import canvas, layout, link_settings, session
from mnist_app.ui.components.pooling import Pooled, pooling
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup.network_words import shape_in_words
from mnist_app.ui.markup.numbers import exact_percent
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, inside, live_network

DIGIT = "Your digit"
NAMES: dict[PoolingRule, str] = {
    "max": "max pooling",
    "average": "average pooling",
    "subsample": "subsampling",
}
TIMES = 3

layout.begin(
    "Max pooling",
    "Each window keeps only its largest value: less to look at.",
    link_settings.MAX_POOLING,
)
canvas.controls()


@st.fragment
def pool() -> None:
    """Each stroke, and each thing that is chosen here, reruns this and nothing else."""
    card = inside.card()
    with layout.beside_canvas():
        with st.container(key="pooling_side"):
            drawing = canvas.show()
            subject = inside.subject(drawing)
            outputs = asking.layers(subject.image)
            pooled = choose_source(card, subject.image, outputs)
            change_network(card, drawing, subject.image, outputs)
            st.caption(subject.note)
        pooling(pooled, session.pooling(), "pooling", session.choose_pooling)
    chosen = fitting(session.pooling(), pooled)
    inside.offer_code(
        lambda: snippets.pooling(
            subject.image, pooled.layer, pooled.number, card.name, chosen.size, chosen.stride
        )
    )
    inside.save_button("max_pooling", "Max pooling", lambda: pictures(pooled, chosen))


def choose_source(card: Card, image: Image, outputs: Layers | Pending | Refused) -> Pooled:
    """Let the visitor choose what is pooled: the digit or a layer's map."""
    digit = Pooled(f"{DIGIT}, before", image.astype(np.float32))
    layers = [layer for layer in visible_layers(card.layers)[1:] if len(layer.shape) == 3]
    names = [DIGIT, *(layer.name for layer in layers)]
    if st.session_state.get(session.POOLED) not in names:
        session.pick(session.POOLED, DIGIT)
    with st.container(horizontal=True, gap="small", wrap=False):
        name = st.selectbox(
            "What is pooled", names, key=session.POOLED, persist_state="session", width="stretch"
        )
        number = choose_map(None if name == DIGIT else find_layer(card.layers, name))
    if name == DIGIT or isinstance(outputs, Pending | Refused):
        return digit
    return Pooled(f"{name}, map {number}", outputs[name][..., number], name, number)


def choose_map(layer: Layer | None) -> int:
    """Let the visitor choose one of a layer's maps; the digit, None, has no others."""
    last = layer.shape[-1] - 1 if layer else 0
    session.number_within(session.POOLED_MAP, last)
    return st.number_input(
        f"Map (0–{last})" if layer else "Map",
        0,
        last,
        key=session.POOLED_MAP,
        persist_state="session",
        width=104,
        disabled=layer is None,
    )


def fitting(chosen: Pooling, pooled: Pooled) -> Pooling:
    """Return what was chosen, as far as it fits the image."""
    most = min(pooled.values.shape)
    return Pooling(chosen.rule, min(chosen.size, most), min(chosen.stride, most))


def change_network(
    card: Card, drawing: Drawing, image: Image, outputs: Layers | Pending | Refused
) -> None:
    """Put the chosen pooling into the network and ask it again; both answer while one draws."""
    layers = layers_of_kind(card.layers, *POOLING)
    interventions = Interventions()
    if layers:
        where = choose_layers(card, layers)
        chosen = session.pooling()
        if chosen != own_pooling(layers[0]):
            interventions = Interventions(pooling=dict.fromkeys(where, chosen))
    asked = inside.show_both_answers(drawing, image, outputs, interventions, "With this pooling")
    st.caption(trained_with(card, layers))
    live_network.show(drawing, *asked)


def choose_layers(card: Card, layers: list[Layer]) -> list[str]:
    """Let the visitor choose which layers get the pooling; a network keeps its choice."""
    names = [layer.name for layer in layers]
    return st.pills(
        "In the network’s layers",
        names,
        selection_mode="multi",
        default=names,
        key=f"{session.NETWORK_POOL}{card.name}",
    )


def trained_with(card: Card, layers: list[Layer]) -> str:
    """Return the pooling that the network was trained with, as a sentence."""
    title = registry.title(card.name)
    if not layers:
        return f"“{title}” has no pooling layer."
    own = own_pooling(layers[0])
    return (
        f"“{title}” was trained with {NAMES[own.rule]}, {own.size}\u00a0×\u00a0{own.size}, "
        f"stride {own.stride}."
    )


def pictures(pooled: Pooled, chosen: Pooling) -> list[Panel]:
    """The three rules side by side, and the chosen one again and again."""
    values = pooled.values
    scale = colormap.fitting(values) if pooled.layer else pixels()
    shown = [Panel("Before", scale.paint(values), shape_in_words(values.shape))]
    for rule, name in NAMES.items():
        result = convolution.pool(values, chosen.size, chosen.stride, rule)
        share = convolution.share_unchanged_by_shift(values, chosen.size, chosen.stride, rule)
        note = f"{exact_percent(share)} survives a shift"
        shown.append(Panel(name.capitalize(), scale.paint(result), note))
    for time in range(1, TIMES + 1):
        try:
            values = convolution.pool(values, chosen.size, chosen.stride, chosen.rule)
        except ConvolutionError:
            break
        shown.append(Panel(f"{time} ×", scale.paint(values), shape_in_words(values.shape)))
    return shown


pool()
layout.end("feature_maps", "a whole network of them")
layout.poll_for_inference()
