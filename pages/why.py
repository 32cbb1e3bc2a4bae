"""Why this answer: what the network looked at, what would change its mind, what fools it."""

from dataclasses import dataclass, replace

import streamlit as st

from mnist_app.data.datasets import CLASSES
from mnist_app.explain.questions import Explained
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.interventions import NOTHING_CHANGED, Interventions
from mnist_app.networks.layers import layers_of_kind
from mnist_app.ui import canvas, layout, link_settings, session, why_session
from mnist_app.ui.components.evidence import evidence
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import predictions
from mnist_app.ui.parts import (
    asking,
    inside,
    kernels,
    live_network,
    why_alike,
    why_dream,
    why_evidence,
    why_game,
    why_mind,
    why_noise,
)

AS_ANSWERED = -1
QUESTIONS = {
    "mind": "Change its mind",
    "noise": "Fool it with noise",
    "dream": "Its dreams",
    "alike": "Its likes",
    "game": "A game",
}

layout.begin(
    "Why", "What did the network look at, and what would change its mind?", link_settings.WHY
)
canvas.controls()


@dataclass(frozen=True)
class Asked:
    """What the page asks about."""

    subject: Drawing
    answer: Layers
    explained: Explained
    digit: int
    """The digit whose evidence is shown."""

    @property
    def strokes(self) -> why_mind.ShortestStrokes:
        """What would change its mind."""
        return why_mind.ShortestStrokes(self.subject, self.explained, self.answer.probabilities)


@st.fragment
def ask_why() -> None:
    """Each stroke and each choice reruns this and nothing else."""
    with layout.beside_canvas():
        with st.container(key="why_side"):
            asked = None
            drawing = canvas.show()
            subject = inside.subject(drawing)
            changes, outputs = answer_of(subject)
            show_answer(subject, outputs, changes)
            st.caption(subject.note)
        with st.container(key="why"):
            if isinstance(outputs, Pending | Refused):
                st.info(asking.why_not(outputs), icon=":material/hourglass:")
            else:
                with st.container(horizontal=True, vertical_alignment="bottom"):
                    digit = choose_digit(int(outputs.probabilities.argmax()))
                    randomized = choose_randomized()
                explained = Explained(session.network(), changes, randomized)
                asked = Asked(subject, outputs, explained, digit)
                show_evidence(asked)
                show_question(asked)
    asked_live = live_network.answered(live_network.TRAINED, outputs, interventions=changes)
    live_network.show(subject, asked_live, prepare=inside.hiding_nothing(subject))
    if asked is not None and st.session_state[why_session.QUESTION] == "mind":
        asked.strokes.search()


def answer_of(subject: Drawing) -> tuple[Interventions, Layers | Pending | Refused]:
    """Return the kernels that the visitor changed, and what the network makes of the digit then."""
    network = session.network()
    outputs = asking.layers(subject.image)
    learned = kernels.learned_kernels(network, kernels.first_convolution(network), outputs)
    changes = kernels.changes(learned) if learned else NOTHING_CHANGED
    return changes, asking.layers(subject.image, changes) if changes else outputs


def show_answer(
    subject: Drawing, outputs: Layers | Pending | Refused, changes: Interventions
) -> None:
    """What the network says, with ten bars; it answers while one draws and while one hides."""
    title = registry.title(session.network())
    view = inside.prediction_view(f"{title}, kernels changed" if changes else title, outputs)
    shown = replace(view, live=live_network.TRAINED, version=subject.version)
    st.html(predictions.predictions([shown]))


def choose_digit(answer: int) -> int:
    """Let the visitor choose the digit that the evidence is about."""
    names = {AS_ANSWERED: f"Why {answer}?"} | {digit: f"{digit}" for digit in range(CLASSES)}
    chosen: int = st.segmented_control(
        "What speaks for it? And for another one?",
        [*names],
        format_func=names.__getitem__,
        default=AS_ANSWERED,
        required=True,
        key=why_session.DIGIT,
    )
    return answer if chosen == AS_ANSWERED else chosen


def choose_randomized() -> int:
    """Let the visitor give layers random weights: an explanation that stays explains nothing."""
    learning = [layer for layer in inside.card().layers if layer.parameters]
    session.number_within(why_session.RANDOM, len(learning))
    return int(
        st.slider(
            "Random layers",
            0,
            len(learning),
            key=why_session.RANDOM,
            width=190,
            help="So many layers, from the answer back, get random weights. An explanation that "
            "stays the same when the network forgets all that it learned explains nothing "
            "(Adebayo and others, 2018).",
        )
    )


def show_evidence(asked: Asked) -> None:
    """The digit with a window to hide parts of it, and three maps of what speaks for a digit."""
    found = why_evidence.ask(asked.explained, asked.subject.image, asked.digit)
    if found is None:
        return
    maps = [why_evidence.occlusion_map(found, asked.digit), why_evidence.integrated_map(found)]
    if found.grad_cam:
        layers = [*found.grad_cam]
        if st.session_state.get(why_session.LAYER) not in layers:
            session.pick(why_session.LAYER, layers[-1])
        layer = st.session_state[why_session.LAYER]
        maps.append(why_evidence.grad_cam_map(found.grad_cam, layer))
    else:
        st.caption("This network has no convolution, so there is no Grad-CAM.")
    evidence(asked.subject.image, why_evidence.WINDOW, maps, "evidence")


def show_question(asked: Asked) -> None:
    """What else one may ask; only what is chosen is computed."""
    layers = [layer.name for layer in layers_of_kind(inside.card().layers, "Conv2D")]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        question = st.segmented_control(
            "What next?",
            [*why_session.QUESTIONS],
            format_func=QUESTIONS.__getitem__,
            default="mind",
            required=True,
            key=why_session.QUESTION,
        )
        if len(layers) > 1:
            st.selectbox("Grad-CAM at", layers, key=why_session.LAYER, width=140)
    match question:
        case "mind":
            asked.strokes.show()
            why_mind.offer_back()
        case "noise":
            why_noise.show(asked.subject, asked.explained, asked.answer.probabilities)
        case "dream":
            why_dream.show(asked.explained, int(asked.answer.probabilities.argmax()))
        case "alike":
            why_alike.show(asked.subject)
        case "game":
            why_game.show(asked.subject, asked.answer.probabilities)


ask_why()
layout.end("robustness", "What breaks the networks?")
layout.poll_for_inference()
