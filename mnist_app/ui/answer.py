"""The answer to the drawing, in large type, with all ten probabilities."""

from html import escape

import numpy as np
import streamlit as st

from mnist_app import digit, figures, pictures
from mnist_app.answers import Answer
from mnist_app.digit import Image, Problem
from mnist_app.engine import EngineError, EngineStarting
from mnist_app.ui import layout, resources, session

NO_DIGIT = "I don't recognise a digit here"


def answer() -> None:
    """Show what the network reads in the drawing, or why it reads nothing. Inside a fragment."""
    drawing = session.drawing()
    if not drawing.png:
        _show_invitation()
        return
    try:
        seen = digit.normalise(pictures.decode_png(drawing.png), background="black")
    except pictures.PictureError as error:
        _show(_black(), None, "No answer", f"{error} Press Clear and draw again.")
        return
    if seen.problem is Problem.BLANK:
        _show_invitation()
    elif seen.problem is not None:
        _show(seen.image, None, "Not one digit", seen.problem.value)
    else:
        _ask(seen.image, drawing.caption)


def _show_invitation() -> None:
    sentence = "Any digit from 0 to 9, with mouse, finger or pen."
    if not layout.is_awake():
        sentence = "The network is waking up; it answers in a few seconds."
    _show(_black(), None, "Draw a digit", sentence)


def _ask(image: Image, caption: str) -> None:
    try:
        network = session.network()
        probabilities = resources.engine().classify(image[np.newaxis], network, wait=False)[0]
    except EngineStarting:
        _show(image, None, "The network is waking up", "Keep drawing: the answer comes by itself.")
        layout.ask_for_polling()
        return
    except EngineError as error:
        _show(image, None, "No answer", str(error))
        return
    read = Answer(probabilities, resources.card(network).reject_below)
    if not read.is_digit:
        nearest = f"The nearest is {read.digit}, at {figures.percent(read.confidence)}."
        _show(image, read, NO_DIGIT, nearest, caption)
        return
    headline = f"{figures.percent(read.confidence)} sure"
    if not read.is_sure:
        headline = f"Not sure: {figures.percent(read.confidence)}"
    runner_up = f"Then {read.runner_up}: {figures.percent(read.runner_up_confidence)}"
    _show(image, read, headline, runner_up, caption)


def _show(
    image: Image, read: Answer | None, headline: str, sentence: str, caption: str = ""
) -> None:
    """Send all that changes with a stroke as one element; its height is always the same."""
    chart = figures.probability_chart(None if read is None else read.probabilities)
    origin = f" ({caption})" if caption else ""
    words = f"<strong>{escape(headline)}</strong>{escape(sentence + origin)}"
    st.html(
        f'<div class="lab-answer">{_reading(read)}{figures.seen_image(image)}</div>'
        f'<div class="lab-words">{words}</div>{chart}'
    )


def _black() -> Image:
    return np.zeros((digit.IMAGE_SIDE, digit.IMAGE_SIDE), np.uint8)


def _reading(read: Answer | None) -> str:
    style, text = "lab-nothing", "–"
    if read is not None and read.is_digit:
        style, text = "", str(read.digit)
    return f'<div class="lab-digit {style}" role="status" aria-label="Prediction">{text}</div>'
