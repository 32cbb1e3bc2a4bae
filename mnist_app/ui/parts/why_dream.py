"""What it dreams of: the image that excites a unit, a map or a digit most."""

import streamlit as st

from mnist_app.explain.questions import AskDream, Explained
from mnist_app.inference import Refused
from mnist_app.networks.layers import Layer, folded_layers
from mnist_app.ui import resources, session, why_session
from mnist_app.ui.markup import panels
from mnist_app.ui.markup.numbers import short_number
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, inside

DREAM_SIDE, LIKED_SIDE = 252, 64


def show(explained: Explained, answer: int) -> None:
    """Let the visitor choose a layer and one of its maps or units, and show what excites it.

    It begins with the digit that the network answered.
    """
    _, *groups = folded_layers(inside.card().layers)
    layers = {first.name: first for first, *_ in groups}
    if st.session_state.get(why_session.DREAM_LAYER) not in layers:
        session.pick(why_session.DREAM_LAYER, list(layers)[-1])
        session.pick(why_session.DREAM_NUMBER, answer)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Layer", [*layers], key=why_session.DREAM_LAYER, width=180)
        last = layers[name].shape[-1] - 1
        session.number_within(why_session.DREAM_NUMBER, last)
        number = st.number_input(
            f"{kind_of(layers[name])} (0–{last})", 0, last, key=why_session.DREAM_NUMBER, width=160
        )
    show_dream(explained, name, int(number))


def show_dream(explained: Explained, name: str, number: int) -> None:
    """Show what excites one of a layer's maps or units."""
    question = AskDream(explained, name, number)
    found = asking.why_once("dream", question, (explained.key, name, number))
    if isinstance(found, Refused):
        st.info(found.reason, icon=":material/info:")
        return
    split = resources.test_images()
    dream = Panel("Its dream", found.image, short_number(found.excitement), DREAM_SIDE)
    liked = [
        Panel(f"{split.labels[image]}", split.images[image], short_number(excited), LIKED_SIDE)
        for image, excited in zip(found.likes, found.excitements, strict=True)
    ]
    with st.container(horizontal=True, key="dream"):
        st.html(panels.row([dream]), width="content")
        st.html(panels.tight_row(liked), width="stretch")
    st.caption(
        "The dream starts as noise and climbs the gradient. The others are those of the first "
        f"{found.images:,} MNIST test images that excite it most. Beside each label stands how "
        "much."
    )


def kind_of(layer: Layer) -> str:
    """Return what the numbers of a layer are called."""
    if layer.name == "logits":
        return "Digit"
    return "Map" if len(layer.shape) == 3 else "Unit"
