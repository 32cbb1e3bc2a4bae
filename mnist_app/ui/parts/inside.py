"""What the pages that look inside share: the digit they look into, the network, code, pictures."""

import functools
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from mnist_app.analysis import embedding
from mnist_app.imaging import image_files, normalize
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.interventions import Interventions
from mnist_app.networks.prediction import Prediction
from mnist_app.networks.registry import DEFAULT_NETWORK
from mnist_app.ui import drawing as drawings
from mnist_app.ui import resources, session
from mnist_app.ui.drawing import SIDE, Drawing
from mnist_app.ui.markup import panels, predictions
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.markup.predictions import PredictionView
from mnist_app.ui.parts import asking, live_network
from mnist_app.ui.parts.live_network import Asked

EXAMPLE = 0
"""The MNIST test image that stands in where nothing is drawn, the same at every visit."""


def subject(drawing: Drawing) -> Drawing:
    """Return what a page looks into: the drawing, or an example from MNIST where it has no ink.

    Its note says which.
    """
    if drawing.has_ink:
        return drawing
    example = _example()
    shown = f"this is an example from MNIST, labeled {resources.test_images().labels[EXAMPLE]}."
    if drawing.problem:
        return replace(example, caption=f"{drawing.problem} Until then, {shown}")
    return replace(example, caption=f"Nothing is drawn yet, so {shown}")


@functools.cache
def _example() -> Drawing:
    ink = normalize.place_on_canvas(resources.test_images().images[EXAMPLE], SIDE)
    return replace(drawings.read(b"", image_files.encode_png(ink)), is_example=True)


def card() -> Card:
    """Return the card of the chosen network."""
    return resources.card(session.network())


def place_of(outputs: Layers | Pending | Refused) -> embedding.Place | None:
    """Return where the digit lies on the map, as soon as the network has answered."""
    if isinstance(outputs, Pending | Refused):
        return None
    return embedding.read().place(outputs[embedding.LAYER])


def prediction_view(
    title: str,
    answer: Layers | Pending | Refused,
    image: Image | None = None,
    network: str = "",
) -> PredictionView:
    """Return a network's answer, or the sentence that stands in its place.

    The network is the chosen one unless another is named.
    """
    if isinstance(answer, Pending | Refused):
        return PredictionView(title, image, None, asking.why_not(answer))
    reject_below = resources.card(network or session.network()).reject_below
    return PredictionView(title, image, Prediction(answer.probabilities, reject_below))


def hiding_nothing(subject: Drawing) -> dict[str, object]:
    """Return what lets a window hide parts of a digit on the page, see `components.evidence`."""
    prepare: dict[str, object] = {"kind": "hide", "window": 0, "row": 0, "column": 0}
    if subject.is_example:
        prepare["example"] = image_files.as_base64(subject.image.tobytes())
    return prepare


def show_both_answers(
    drawing: Drawing,
    image: Image,
    outputs: Layers | Pending | Refused,
    interventions: Interventions,
    title: str,
    network: str = "",
) -> list[Asked]:
    """Show what a network says as it was trained and with the visitor's changes.

    `image` is uint8 (28, 28), `outputs` what the trained network makes of it, and `title` stands
    over the other answer. The network is the chosen one unless another is named. Returned is what
    `live_network.show` takes: both answer while one draws.
    """
    changed = asking.layers(image, interventions, network) if interventions else outputs
    views = [
        prediction_view(name, answer, network=network)
        for name, answer in (("As trained", outputs), (title, changed))
    ]
    asked = [
        live_network.answered(live_network.TRAINED, outputs, network=network),
        live_network.answered(
            live_network.CHANGED, changed, network=network, interventions=interventions
        ),
    ]
    shown = [
        replace(view, live=one.key, version=drawing.version)
        for view, one in zip(views, asked, strict=True)
    ]
    st.html(predictions.compact_predictions(shown))
    return asked


def offer_default_network(why: str) -> None:
    """Say why the chosen network cannot show this, a whole sentence, and offer one that can."""
    st.info(why, icon=":material/info:")
    st.button(
        f"Switch to {registry.title(DEFAULT_NETWORK)}",
        on_click=session.choose_network,
        args=(DEFAULT_NETWORK,),
    )


def offer_code(code: Callable[[], str]) -> None:
    """Offer the few lines that compute what is on the screen; they are made when asked for.

    Call it once a page.
    """
    with st.expander(
        "Show the code", icon=":material/code:", key=session.CODE, on_change="rerun"
    ) as expander:
        if expander.open:
            st.code(code(), language="python")


def save_button(name: str, title: str, shown: Callable[[], list[Panel]]) -> None:
    """Offer a figure as a PNG file; its panels are asked for when the button is pressed."""
    st.download_button(
        "Save as PNG",
        lambda: panels.saved(title, shown()),
        file_name=f"{name}.png",
        mime="image/png",
        icon=":material/download:",
        on_click="ignore",
        key=f"save_{name}",
    )
