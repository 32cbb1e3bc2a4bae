"""The answer to the drawing, in large type, with all ten probabilities."""

import numpy as np
import streamlit as st
from markupsafe import Markup

from mnist_app.inference import Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import layout, resources, session
from mnist_app.ui.components.living_network import living_network
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import predictions
from mnist_app.ui.parts import asking, live_network


def show(drawing: Drawing, network: str = "") -> None:
    """Show what a network reads in a drawing, or why it reads nothing. Inside a fragment.

    The network is the chosen one unless another is named. While the pen moves, it answers in the
    browser, in the same place.
    """
    read = None
    if drawing.is_empty:
        _invite(drawing)
    elif drawing.problem:
        _explain(drawing, "No digit to read", drawing.problem)
    else:
        read = _ask(drawing, network or session.network())
    said = None if read is None else read.probabilities
    asked = live_network.Asked(live_network.TRAINED, said, network)
    live_network.show(drawing, asked)


def show_network(network: str = "") -> None:
    """Show a network as one picture that moves with the pen, where a browser can.

    The network is the chosen one unless another is named.
    """
    network = network or session.network()
    if resources.packed_network(network) is not None:
        living_network(registry.title(network))


def _invite(drawing: Drawing) -> None:
    sentence = "Any digit from 0 to 9, with a mouse, finger, or pen."
    if not layout.is_ready():
        sentence = asking.WAKING_UP
    _explain(drawing, "Draw a digit", sentence)


def _ask(drawing: Drawing, network: str) -> Prediction | None:
    """Show the network's answer and return it, or say why there is none."""
    match asking.predictions(drawing.image[np.newaxis], [network]):
        case Pending():
            sentence = "Keep drawing. The answer will appear on its own."
            _explain(drawing, "The network is waking up", sentence)
        case Refused(reason):
            _explain(drawing, "No answer", reason)
        case answers:
            read = Prediction(answers[network][0], resources.card(network).reject_below)
            words = predictions.in_words(read)
            _show(drawing, read, words)
            return read
    return None


def _explain(drawing: Drawing, headline: str, sentence: str) -> None:
    words = predictions.explanation(headline, sentence)
    _show(drawing, None, words)


def _show(drawing: Drawing, read: Prediction | None, words: Markup) -> None:
    html = predictions.answer(drawing.image, read, words, drawing.caption, drawing.version)
    st.html(html)
