"""Asking the model process: its answer, or the sentence that a page shows in its place."""

from collections.abc import Mapping, Sequence
from typing import cast

import streamlit as st

from mnist_app.explain.questions import WhyQuestion
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.inference import InferenceError, Layers, Pending, Refused
from mnist_app.networks.interventions import NOTHING_CHANGED, Interventions
from mnist_app.networks.learning import LearningQuestion
from mnist_app.networks.questions import Answer
from mnist_app.ui import layout, resources, session, why_session

WAKING_UP = "The network is waking up. Its answer will appear on its own."


def layers(
    image: Image, interventions: Interventions = NOTHING_CHANGED, network: str = ""
) -> Layers | Pending | Refused:
    """Return every layer's output for an image, uint8 (28, 28). Inside a fragment.

    The network is the chosen one unless another is named; one that cannot answer is polled for.
    """
    answer = resources.inference().layers(image, network or session.network(), interventions)
    if isinstance(answer, Pending | Refused):
        layout.wait_for_inference(answer)
    return answer


def layers_or_caption(image: Image, network: str) -> Layers | None:
    """Return every layer's output as `layers` does; None after a caption that says why not."""
    answer = layers(image, network=network)
    if isinstance(answer, Pending | Refused):
        st.caption(why_not(answer))
        return None
    return answer


def predictions(images: Image, networks: Sequence[str]) -> Mapping[str, Array] | Pending | Refused:
    """Return each network's probabilities, float32 (n, 10), of images, uint8 (n, 28, 28).

    All are asked in one message; a process that cannot answer is polled for. Inside a fragment.
    """
    answer = resources.inference().predictions(images, networks)
    if isinstance(answer, Pending | Refused):
        layout.wait_for_inference(answer)
    return answer


def learning(question: LearningQuestion[Answer]) -> Answer | Refused:
    """Return the answer to a question about learning; nobody's stroke waits for it."""
    try:
        return resources.inference().background().ask(question)
    except InferenceError as error:
        return Refused(str(error))


def why(question: WhyQuestion[Answer]) -> Answer | Refused:
    """Return the answer to a question about why; nobody's stroke waits for it."""
    try:
        return resources.inference().background().ask(question)
    except InferenceError as error:
        return Refused(str(error))


def why_once(name: str, question: WhyQuestion[Answer], token: object) -> Answer | Refused:
    """Return the answer to a question about why, kept under `name` until `token` is another."""
    kept = why_session.answered(name, token)
    if kept is not None:
        return cast("Answer", kept)
    answer = why(question)
    if not isinstance(answer, Refused):
        why_session.keep_answer(name, token, answer)
    return answer


def why_not(answer: Pending | Refused) -> str:
    """Return the sentence that stands where an answer would."""
    return WAKING_UP if isinstance(answer, Pending) else answer.reason
