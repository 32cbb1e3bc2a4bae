"""What scenes show: the elements of the pages, each in the state that a lesson gives it.

All look into the visitor's drawing, or into an example from MNIST where nothing is drawn.
"""

import numpy as np
import streamlit as st

from mnist_app.analysis import embedding
from mnist_app.data.datasets import MNIST
from mnist_app.imaging.convolution import SIDES, KernelChoice
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.imaging.image_files import as_base64
from mnist_app.inference import Layers
from mnist_app.lessons.elements import (
    KINDS,
    ChangedMind,
    Columns,
    Corrupted,
    DigitMap,
    Dreaming,
    Element,
    Flow,
    FoolingNoise,
    LearningStep,
    LookedAt,
    Loss,
    Memorizing,
    Pixels,
    PoolingBench,
    Reading,
    SlidingKernel,
)
from mnist_app.networks.interventions import Pooling
from mnist_app.networks.layers import INPUT, Layer
from mnist_app.networks.registry import DEFAULT_NETWORK
from mnist_app.ui import resources, session
from mnist_app.ui.components import corruption as corruption_control
from mnist_app.ui.components.embedding_map import embedding_map
from mnist_app.ui.components.layer_columns import LayerColumn, layer_columns
from mnist_app.ui.components.pixel_numbers import pixel_numbers
from mnist_app.ui.components.pooling import Pooled, pooling
from mnist_app.ui.components.sliding_kernel import kernels_by_name, sliding_kernel
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import predictions
from mnist_app.ui.markup.network_words import as_maps
from mnist_app.ui.parts import (
    answer,
    asking,
    corrupted_answers,
    inside,
    kernels,
    live_network,
    network_columns,
    scene_learning,
    scene_results,
    scene_why,
)


def show(element: Element, drawing: Drawing, turn: str) -> None:
    """Show an element. Call it once in a fragment, after the canvas.

    Args:
        element: What is shown, and in which state.
        drawing: The visitor's drawing.
        turn: Another text for each step of each scene: what the visitor changed in an element is
            kept within one.
    """
    match element:
        case Reading():
            _show_reading(element, drawing)
        case Pixels():
            _show_pixels(drawing)
        case SlidingKernel():
            _show_kernel(element, drawing, turn)
        case Columns():
            _show_columns(element, drawing)
        case PoolingBench():
            _show_pooling(element, drawing, turn)
        case Flow():
            _show_flow(element, drawing)
        case Corrupted():
            _show_corrupted(element, drawing, turn)
        case DigitMap():
            _show_map(drawing)
        case _:
            _show_of_another_part(element, drawing, turn)


def _show_of_another_part(
    element: scene_learning.Shown | scene_why.Shown | scene_results.Shown,
    drawing: Drawing,
    turn: str,
) -> None:
    match element:
        case Loss() | LearningStep() | Memorizing():
            scene_learning.show(element, drawing, turn)
        case LookedAt() | ChangedMind() | FoolingNoise() | Dreaming():
            scene_why.show(element, drawing)
        case _:
            scene_results.show(element, drawing)


def kind_of(element: Element) -> str:
    """Return what the style sheet calls an element; the state counts where it needs other room."""
    kind = next(name for name, one in KINDS.items() if isinstance(element, one))
    match element:
        case SlidingKernel(learned=int()):
            return "learned"
        case Reading() | Pixels() | Loss() | LookedAt() | ChangedMind() | FoolingNoise():
            return f"{kind}-{element.shows}"
    return kind


def _example(subject: Drawing) -> dict[str, str]:
    """Return what the networks in the browser look into on an empty canvas."""
    return {"example": as_base64(subject.image.tobytes())} if subject.is_example else {}


def _show_reading(element: Reading, drawing: Drawing) -> None:
    if element.shows == "canvas":
        asked = live_network.Asked(live_network.TRAINED, network=element.network)
        live_network.show(drawing, asked)
    else:
        answer.show(drawing, element.network)


def _show_pixels(drawing: Drawing) -> None:
    subject = inside.subject(drawing)
    pixel_numbers(subject.normalized, (0, 0) if drawing.has_ink else None, key="scene_pixels")
    asked = live_network.Asked(live_network.TRAINED, network=DEFAULT_NETWORK)
    live_network.show(drawing, asked)


def _show_kernel(element: SlidingKernel, drawing: Drawing, turn: str) -> None:
    subject = inside.subject(drawing)
    network = DEFAULT_NETWORK
    outputs = asking.layers(subject.image, network=network)
    layer = None if element.learned is None else kernels.first_convolution(network)
    learned = kernels.learned_kernels(network, layer, outputs)
    sliding_kernel(
        subject.image,
        learned,
        KernelChoice(element.preset, SIDES[0], element.stride, element.padding, element.learned),
        session.edited_kernels(),
        "scene_kernel",
        lambda _: None,
        lambda edited: session.keep_edits(kernels_by_name(learned), edited),
        layer.shape[-1] if layer else 0,
        element.starts,
        turn,
    )
    if learned is None:
        asked = [live_network.answered(live_network.TRAINED, outputs, network=network)]
    else:
        changes = kernels.changes(learned)
        with st.container(key="scene_answers"):
            asked = inside.show_both_answers(
                drawing, subject.image, outputs, changes, "With changes", network
            )
    live_network.show(drawing, *asked, prepare=_example(subject))


def _show_columns(element: Columns, drawing: Drawing) -> None:
    subject = inside.subject(drawing)
    card = resources.card(element.network)
    outputs = asking.layers_or_caption(subject.image, card.name)
    if outputs is None:
        return
    groups, last = network_columns.groups_of(card)
    shown = [group for group in groups if not element.layers or group[0].name in element.layers]
    columns = [_column(group, outputs) for group in shown]
    layer_columns(
        columns,
        network_columns.heading(last, last[0].name),
        outputs.probabilities,
        lambda: network_columns.scale_of(columns),
        card.name,
        live_network.TRAINED,
        f"scene_columns_{card.name}_{len(columns)}",
        None,
        lambda *_: None,
        lambda: None,
        in_browser=resources.packed_network(card.name) is not None,
    )
    asked = live_network.answered(live_network.TRAINED, outputs, network=card.name)
    live_network.show(drawing, asked, prepare=_example(subject))


def _column(group: list[Layer], outputs: Layers) -> LayerColumn:
    """Return the maps or units of the layers that share a column."""
    layer = "scale" if group[0].name == INPUT else group[-1].name
    maps = outputs[layer]
    return LayerColumn(
        network_columns.heading(group, group[0].name),
        layer,
        as_maps(maps),
        is_input=layer == "scale",
        word="map" if maps.ndim > 1 else "unit",
    )


def _show_pooling(element: PoolingBench, drawing: Drawing, turn: str) -> None:
    subject = inside.subject(drawing)
    pooling(
        Pooled("Before", subject.image.astype(np.float32)),
        Pooling(element.rule, element.size, element.stride),
        "scene_pooling",
        lambda _: None,
        turn,
    )
    asked = live_network.Asked(live_network.TRAINED, network=DEFAULT_NETWORK)
    live_network.show(drawing, asked, prepare=_example(subject))


def _show_flow(element: Flow, drawing: Drawing) -> None:
    subject = inside.subject(drawing)
    outputs = asking.layers(subject.image, network=element.network)
    answer.show_network(element.network)
    asked = live_network.answered(live_network.TRAINED, outputs, network=element.network)
    live_network.show(drawing, asked, prepare=_example(subject))


def _show_corrupted(element: Corrupted, drawing: Drawing, turn: str) -> None:
    subject = inside.subject(drawing)
    name, corruption = element.name, CORRUPTIONS[element.name]
    strength = session.strength(turn, element.strength)
    corruption_control.show(
        name,
        corruption,
        strength,
        corruption.apply(subject.image, strength),
        on_change=lambda value: session.pick_strength(turn, value),
    )
    cards = [resources.card(network) for network in element.networks]
    answers = corrupted_answers.ask(subject, name, strength, cards)
    version = f"{subject.version} {name} {strength}"
    with st.container(key="robustness"):
        st.html(predictions.compact_predictions(corrupted_answers.views(answers, cards, version)))
    corrupted_answers.answer_live(subject, name, strength, cards, answers)


def _show_map(drawing: Drawing) -> None:
    subject = inside.subject(drawing)
    outputs = asking.layers(subject.image, network=embedding.NETWORK)
    place = inside.place_of(outputs)
    embedding_map(
        f"{st.get_option('server.baseUrlPath')}/{resources.packed_map().path}".lstrip("/"),
        embedding.NETWORK,
        place,
        session.picked_number(session.PICKED_DOT),
        MNIST.training,
        key="scene_map",
        on_pick=lambda number: session.pick(session.PICKED_DOT, number),
    )
    asked = live_network.answered(embedding.NETWORK, outputs, network=embedding.NETWORK)
    live_network.show(drawing, asked, prepare=_example(subject))
