"""The answer to the drawing, in large type, with all ten probabilities."""

import numpy as np
import streamlit as st

from mnist_app.inference import Pending, Refused
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import layout, resources, session
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import predictions
from mnist_app.ui.parts import asking


def show(drawing: Drawing) -> None:
    """Show what the network reads in a drawing, or why it reads nothing. Inside a fragment."""
    if drawing.is_empty:
        _invite(drawing)
    elif drawing.problem:
        _explain(drawing, "No digit to read", drawing.problem)
    else:
        _ask(drawing)


def _invite(drawing: Drawing) -> None:
    sentence = "Any digit from 0 to 9, with a mouse, finger, or pen."
    if not layout.is_awake():
        sentence = "The network is waking up. It will answer in a few seconds."
    _explain(drawing, "Draw a digit", sentence)


def _ask(drawing: Drawing) -> None:
    network = session.network()
    match asking.predictions(drawing.image[np.newaxis], [network]):
        case Pending():
            sentence = "Keep drawing. The answer will appear on its own."
            _explain(drawing, "The network is waking up", sentence)
        case Refused(reason):
            _explain(drawing, "No answer", reason)
        case answers:
            read = Prediction(answers[network][0], resources.card(network).reject_below)
            words = predictions.in_words(read)
            st.html(predictions.answer(drawing.image, read, words, drawing.caption))


def _explain(drawing: Drawing, headline: str, sentence: str) -> None:
    words = predictions.explanation(headline, sentence)
    st.html(predictions.answer(drawing.image, None, words, drawing.caption))
