"""What the pages that look inside share: the digit they look into, and the network's layers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from mnist_app.imaging import image_files, normalize
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image, Normalized, Problem
from mnist_app.inference import NOTHING_CHANGED, InferenceError, InferenceStarting
from mnist_app.networks.card import Card
from mnist_app.networks.interventions import InterventionError, Interventions
from mnist_app.networks.prediction import Prediction
from mnist_app.networks.registry import DEFAULT_NETWORK
from mnist_app.ui import canvas, layout, resources, session
from mnist_app.ui.markup import panels
from mnist_app.ui.markup.figures import PredictionView
from mnist_app.ui.markup.panels import Panel

EXAMPLE = 0
"""The MNIST test image that stands in where nothing is drawn, the same at every visit."""


@dataclass(frozen=True)
class Subject:
    """The digit that a page looks into."""

    picture: Image
    """The canvas, uint8 (280, 280, 4), RGBA."""
    seen: Normalized
    words: str
    """What this is, and what may be wrong with it."""
    is_drawn: bool = False
    """Whether the visitor drew it; else it is the example."""

    @property
    def image(self) -> Image:
        """What the network sees, uint8 (28, 28), 0 to 255."""
        return self.seen.image


def subject() -> Subject:
    """Return the visitor's drawing, or an example where nothing is drawn."""
    drawing = session.drawing()
    try:
        picture = image_files.decode_png(drawing.png) if drawing.png else None
    except image_files.PictureError as error:
        return _example(f"{error} Press Clear and draw again; until then, ")
    if picture is None:
        return _example("Nothing is drawn yet: ")
    if picture.shape[2:] != (4,):
        picture = _opaque(normalize.to_gray(picture))
    seen = normalize.normalize(picture, background="black")
    if seen.problem is Problem.BLANK:
        return _example("Nothing is drawn yet: ")
    return Subject(picture, seen, seen.problem.value if seen.problem else drawing.caption, True)


def layers(
    image: Image, changes: Interventions = NOTHING_CHANGED, network: str = ""
) -> dict[str, Array] | str:
    """Return every layer's output for an image, uint8 (28, 28), or a sentence why there is none.

    The network is the chosen one unless another is named; a sleeping one is polled for. Inside a
    fragment.
    """
    try:
        name = network or session.network()
        return resources.engine().inspect(image, name, changes, wait=False)
    except InferenceStarting:
        layout.ask_for_polling()
        return "The network is waking up; its answer comes by itself."
    except (InferenceError, InterventionError) as error:
        return str(error)


def prediction_view(
    title: str,
    outputs: dict[str, Array] | str,
    image: Image | None = None,
    network: Card | None = None,
) -> PredictionView:
    """Return the answer that lies in the layers' outputs, or the sentence instead of it.

    They are the chosen network's unless the card of another is given.
    """
    if isinstance(outputs, str):
        return PredictionView(title, image, None, outputs)
    reject_below = (network or card()).reject_below
    return PredictionView(title, image, Prediction(outputs["probabilities"], reject_below))


def card() -> Card:
    """Return the card of the chosen network."""
    return resources.card(session.network())


def learned(layer: str) -> list[session.Kernel]:
    """Return the kernels and biases of a convolution with one input map, in the chosen network."""
    kernels, *biases = resources.weights(session.network())[layer]
    bias = biases[0] if biases else np.zeros(kernels.shape[-1], np.float32)
    return [(kernels[:, :, 0, number], float(bias[number])) for number in range(len(bias))]


def offer_network_with_maps(what_it_lacks: str) -> None:
    """Say that the chosen network cannot show this, and offer one that can."""
    st.info(f"The network “{session.network()}” {what_it_lacks}.", icon=":material/info:")
    st.button(
        f"Look into “{DEFAULT_NETWORK}” instead",
        on_click=session.choose_network,
        args=(DEFAULT_NETWORK,),
    )


def show_code(code: str) -> None:
    """Offer the few lines that compute what is on the screen."""
    with st.expander("Show the code", icon=":material/code:"):
        st.code(code, language="python")


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


def _example(beginning: str) -> Subject:
    split = resources.test_images()
    picture = _opaque(normalize.place_on_canvas(split.images[EXAMPLE], canvas.SIDE))
    seen = normalize.normalize(picture, background="black")
    label = split.labels[EXAMPLE]
    return Subject(picture, seen, f"{beginning}this is an example from MNIST, labeled {label}.")


def _opaque(gray: Image) -> Image:
    return np.dstack([gray, gray, gray, np.full_like(gray, 255)])
