"""What scenes show of why a network answers so: evidence, strokes, noise and dreams."""

from dataclasses import replace

import numpy as np
import streamlit as st

from mnist_app.explain.questions import Explained
from mnist_app.inference import Layers
from mnist_app.lessons.elements import ChangedMind, Dreaming, FoolingNoise, LookedAt
from mnist_app.networks import registry
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui.components.evidence import evidence
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import predictions
from mnist_app.ui.parts import (
    asking,
    inside,
    live_network,
    why_dream,
    why_evidence,
    why_mind,
    why_noise,
)

Shown = LookedAt | ChangedMind | FoolingNoise | Dreaming


def show(element: Shown, drawing: Drawing) -> None:
    """Show an element of why; see `scene_elements.show`."""
    subject = inside.subject(drawing)
    outputs = asking.layers_or_caption(subject.image, element.network)
    if outputs is None:
        return
    match element:
        case LookedAt():
            _show_evidence(element, subject, outputs)
        case ChangedMind():
            _show_strokes(element, subject, outputs)
        case FoolingNoise():
            _show_noise(element, subject, outputs)
        case Dreaming():
            _show_dream(element, int(outputs.probabilities.argmax()))


def _answer_live(element: LookedAt | ChangedMind, subject: Drawing, outputs: Layers) -> None:
    asked = live_network.answered(live_network.TRAINED, outputs, network=element.network)
    live_network.show(subject, asked, prepare=inside.hiding_nothing(subject))


def _show_evidence(element: LookedAt, subject: Drawing, outputs: Layers) -> None:
    """Show a window over the digit beside the answer, or maps of what speaks for it."""
    explained = Explained(element.network, randomized=element.randomized)
    digit = int(outputs.probabilities.argmax())
    found = why_evidence.ask(explained, subject.image, digit)
    if found is None:
        return
    occlusion = why_evidence.occlusion_map(found, digit)
    if element.shows == "maps":
        last = [*found.grad_cam][-1:]
        coarse = [why_evidence.grad_cam_map(found.grad_cam, layer) for layer in last]
        maps = [occlusion, why_evidence.integrated_map(found), *coarse]
        evidence(subject.image, 0, maps, "scene_evidence")
    else:
        with st.container(horizontal=True, key="scene_hiding"):
            maps = [occlusion] if element.shows == "occlusion" else []
            evidence(subject.image, why_evidence.WINDOW, maps, "scene_evidence")
            title = registry.title(element.network)
            view = inside.prediction_view(title, outputs, network=element.network)
            shown = replace(view, live=live_network.TRAINED, version=subject.version)
            st.html(predictions.predictions([shown]))
    _answer_live(element, subject, outputs)


def _show_strokes(element: ChangedMind, subject: Drawing, outputs: Layers) -> None:
    """Show the strokes to the digit that is likely next, or those to all digits."""
    explained = Explained(element.network)
    only_next = element.shows == "one"
    strokes = why_mind.ShortestStrokes(subject, explained, outputs.probabilities, only_next)
    strokes.show()
    _answer_live(element, subject, outputs)
    strokes.search()


def _show_noise(element: FoolingNoise, subject: Drawing, outputs: Layers) -> None:
    """Show noise that makes the network say the digit that is likely next."""
    wanted = int(np.argsort(-outputs.probabilities)[1])
    others = [name for name in NETWORKS if name != element.network]
    why_noise.show_noise(
        Explained(element.network), subject, wanted, others if element.shows == "all" else []
    )


def _show_dream(element: Dreaming, read: int) -> None:
    """Show what a unit, a map or the digit that was read looks for."""
    number = read if element.number is None else element.number
    why_dream.show_dream(Explained(element.network), element.layer, number)
