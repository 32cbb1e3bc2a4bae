"""The answer to the drawing, in large type, with all ten probabilities."""

from html import escape

import numpy as np
import streamlit as st

from mnist_app.imaging import image_files, normalize
from mnist_app.imaging.normalize import Image, Problem
from mnist_app.inference import InferenceError, InferenceStarting
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import layout, resources, session
from mnist_app.ui.markup import figures


def answer() -> None:
    """Show what the network reads in the drawing, or why it reads nothing. Inside a fragment."""
    drawing = session.drawing()
    if not drawing.png:
        _show_invitation()
        return
    try:
        seen = normalize.normalize(image_files.decode_png(drawing.png), background="black")
    except image_files.PictureError as error:
        _explain(_black(), "No answer", f"{error} Press Clear and draw again.")
        return
    if seen.problem is Problem.BLANK:
        _show_invitation()
    elif seen.problem is not None:
        _explain(seen.image, "Not one digit", seen.problem.value, drawing.caption)
    else:
        _ask(seen.image, drawing.caption)


def _show_invitation() -> None:
    sentence = "Any digit from 0 to 9, with mouse, finger or pen."
    if not layout.is_awake():
        sentence = "The network is waking up; it answers in a few seconds."
    _explain(_black(), "Draw a digit", sentence)


def _ask(image: Image, caption: str) -> None:
    try:
        network = session.network()
        probabilities = resources.engine().classify(image[np.newaxis], network, wait=False)[0]
    except InferenceStarting:
        sentence = "Keep drawing: the answer comes by itself."
        _explain(image, "The network is waking up", sentence, caption)
        layout.ask_for_polling()
        return
    except InferenceError as error:
        _explain(image, "No answer", str(error), caption)
        return
    read = Prediction(probabilities, resources.card(network).reject_below)
    _show(image, read, figures.in_words(read), caption)


def _explain(image: Image, headline: str, sentence: str, caption: str = "") -> None:
    _show(image, None, f"<strong>{escape(headline)}</strong>{escape(sentence)}", caption)


def _show(image: Image, read: Prediction | None, words: str, caption: str = "") -> None:
    """Send all that changes with a stroke as one element; its height is always the same."""
    chart = figures.probability_chart(None if read is None else read.probabilities)
    origin = f" ({escape(caption)})" if caption else ""
    st.html(
        f'<div class="lab-answer">{_reading(read)}{figures.seen_image(image)}</div>'
        f'<div class="lab-words">{words}{origin}</div>{chart}'
    )


def _black() -> Image:
    return np.zeros((normalize.IMAGE_SIDE, normalize.IMAGE_SIDE), np.uint8)


def _reading(read: Prediction | None) -> str:
    style, text = "lab-nothing", "–"
    if read is not None and read.is_digit:
        style, text = "", str(read.digit)
    return f'<div class="lab-digit {style}" role="status" aria-label="Prediction">{text}</div>'
