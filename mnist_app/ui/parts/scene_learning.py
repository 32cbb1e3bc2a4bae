"""What scenes show of learning: the loss, one step, and a digit learned by heart."""

import numpy as np
import streamlit as st

from mnist_app.data import datasets
from mnist_app.imaging import colormap
from mnist_app.inference import Pending, Refused
from mnist_app.lessons.elements import LearningStep, Loss, Memorizing
from mnist_app.networks.learning import (
    MOST_STEPS,
    AskAttempts,
    AskOverfitting,
    AskPasses,
    Attempts,
    Learner,
    Overfitting,
)
from mnist_app.ui import learning_session, resources
from mnist_app.ui.components.learning_step import learning_step
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import tables
from mnist_app.ui.parts import asking, inside, learning, live_network

Shown = Loss | LearningStep | Memorizing


def show(element: Shown, drawing: Drawing, turn: str) -> None:
    """Show an element of learning; see `scene_elements.show`."""
    match element:
        case Loss():
            _show_loss(element, drawing)
        case LearningStep():
            _show_step(element, drawing, turn)
        case Memorizing():
            _show_memorizing(element, drawing)


def _show_loss(element: Loss, drawing: Drawing) -> None:
    """Show what a network answers, and as far as the element says the label and the loss."""
    subject = inside.subject(drawing)
    outputs = asking.layers_or_caption(subject.image, element.network)
    if outputs is None:
        return
    label = datasets.one_hot(np.array([outputs.probabilities.argmax()]))[0]
    is_label, is_loss = element.shows != "answer", element.shows == "loss"
    st.html(
        tables.answer_beside_label(
            outputs.probabilities, label if is_label else None, with_loss=is_loss
        )
    )
    asked = live_network.answered(live_network.TRAINED, outputs, network=element.network)
    live_network.show(drawing, asked)


def _show_step(element: LearningStep, drawing: Drawing, turn: str) -> None:
    """Show one step of learning on the drawing, from random weights."""
    learner = _learner(element.network, drawing, is_fresh=True)
    if learner is None:
        st.caption(asking.WAKING_UP)
        return
    passes = asking.learning(AskPasses(learner))
    if isinstance(passes, Refused):
        st.caption(passes.reason)
        return
    attempts = _attempts(learner) if element.scene == "update" else None
    columns = learning.columns_of(resources.card(element.network), passes)
    learning_step(
        element.network,
        columns,
        (
            colormap.around_zero(*(one.activations for one in columns), stretched=True),
            colormap.around_zero(*(one.errors for one in columns), stretched=True),
        ),
        passes,
        learner.label,
        learning.scenes_in_words(learner, passes),
        attempts,
        [learning.attempt_in_words(attempts, at, passes.loss) for at in range(len(attempts.losses))]
        if attempts
        else [],
        None,
        "scene_step",
        on_pick=lambda *_: None,
        on_neighbor=lambda _: None,
        on_step=lambda _: None,
        begins=element.scene,
        turn=turn,
    )


def _show_memorizing(element: Memorizing, drawing: Drawing) -> None:
    """Show what a hundred steps on the drawing do to it, and then to all other digits."""
    learner = _learner(element.network, drawing, is_fresh=True)
    found = _memorized(learner) if learner else None
    if found is None:
        st.caption(asking.WAKING_UP)
    else:
        learning.show_overfitting(found, with_others=element.shows == "both")


def _memorized(learner: Learner) -> Overfitting | None:
    """Return what many steps do; they take a while, so they are kept."""
    found = learning_session.overfitting(learner)
    if found is None:
        asked = asking.learning(AskOverfitting(learner, learning.RATE_OF_MANY, MOST_STEPS))
        if isinstance(asked, Refused):
            return None
        found = asked
        learning_session.keep_overfitting(learner, found)
    return found


def _learner(network: str, drawing: Drawing, *, is_fresh: bool) -> Learner | None:
    """Return a learner on the drawing, labeled as its network reads it; None until it can."""
    image = inside.subject(drawing).image
    answers = asking.predictions(image[None], [network])
    if isinstance(answers, Pending | Refused):
        return None
    return Learner(network, image.tobytes(), int(answers[network][0].argmax()), is_fresh=is_fresh)


def _attempts(learner: Learner) -> Attempts | None:
    found = asking.learning(AskAttempts(learner))
    return None if isinstance(found, Refused) else found
