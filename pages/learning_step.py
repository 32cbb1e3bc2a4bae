"""How a network learns: one step of gradient descent on the visitor's own digit."""

import numpy as np
import streamlit as st

from mnist_app.imaging import colormap
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Pending, Refused
from mnist_app.networks.card import Card
from mnist_app.networks.layers import folded_layers
from mnist_app.networks.learning import (
    MOST_STEPS,
    AskAttempts,
    AskOverfitting,
    AskPasses,
    AskWeight,
    Attempts,
    Learner,
    Passes,
    SteepestOf,
    WeightAt,
    WeightGradient,
)
from mnist_app.ui import canvas, layout, learning_session, link_settings, session
from mnist_app.ui.components.learning_step import (
    WeightView,
    learning_step,
    scene_of,
)
from mnist_app.ui.markup.numbers import short_number
from mnist_app.ui.parts import asking, inside, learning

KEY = "learning_step"
FRESH, TRAINED = "random", "trained"
AS_ANSWERED = -1

AXES = (
    (-1, "Map or unit", learning_session.LEARNING_NUMBER),
    (2, "Input map", learning_session.LEARNING_CHANNEL),
)
"""The axes of an array along which another weight can be picked by its number."""

layout.begin(
    "How it learns", "One step of gradient descent, on your own digit.", link_settings.LEARNING_STEP
)
canvas.controls()


@st.fragment
def learn_one_step() -> None:
    """Each stroke, choice and click reruns this and nothing else."""
    with layout.beside_canvas():
        with st.container(key="learning_side"):
            drawing = canvas.show()
            subject = inside.subject(drawing)
            start = choose_start(subject.image)
            st.caption(subject.note)
            if start is not None:
                learner = learning_session.learner(start)
                offer_many_steps(start, learner)
        with st.container(key="learning"):
            if start is None:
                return
            with st.container():  # always there: what stands below keeps its place
                if overfitting := learning_session.overfitting(learner):
                    learning.show_overfitting(overfitting)
            passes = asking.learning(AskPasses(learner))
            if isinstance(passes, Refused):
                st.info(passes.reason, icon=":material/hourglass:")
                return
            show_step(start, learner, passes)


def choose_start(image: Image) -> Learner | None:
    """Let the visitor say what the digit is and with which weights the network starts.

    Return None where it is not known yet what the network answers.
    """
    network = session.network()
    answers = asking.predictions(image[None], [network])
    if isinstance(answers, Pending | Refused):
        st.info(asking.why_not(answers), icon=":material/hourglass:")
        return None
    answer = int(answers[network][0].argmax())
    names = {AS_ANSWERED: f"{answer}, as the network says"} | {
        digit: str(digit) for digit in range(10)
    }
    label: int = st.selectbox(
        "What it is",
        [*names],
        format_func=lambda one: names[one],
        key=learning_session.LEARNING_LABEL,
    )
    begins = st.segmented_control(
        "Its weights are",
        [FRESH, TRAINED],
        default=FRESH,
        required=True,
        key=learning_session.LEARNING_START,
    )
    said = answer if label == AS_ANSWERED else label
    return Learner(network, image.tobytes(), said, is_fresh=begins == FRESH)


def show_step(start: Learner, learner: Learner, passes: Passes) -> None:
    """The network with all its gradients, and one weight."""
    card = inside.card()
    attempts = attempts_of(learner)
    weight = weight_of(card, learner)
    columns = learning.columns_of(card, passes)
    activations = colormap.around_zero(*(one.activations for one in columns), stretched=True)
    errors = colormap.around_zero(*(one.errors for one in columns), stretched=True)
    learning_step(
        learner.network,
        columns,
        (activations, errors),
        passes,
        learner.label,
        learning.scenes_in_words(learner, passes),
        attempts,
        [learning.attempt_in_words(attempts, at, passes.loss) for at in range(len(attempts.losses))]
        if attempts
        else [],
        weight_view(card, weight) if weight else None,
        KEY,
        on_pick=lambda layer, number: pick(SteepestOf(layer, 0, number)),
        on_neighbor=lambda number: pick(beside(weight, number)) if weight else None,
        on_step=lambda rate: learning_session.set_rates(start, (*learner.rates, rate)),
    )
    if weight:
        choose_weight(card, weight)


def attempts_of(learner: Learner) -> Attempts | None:
    """Return what steps of several sizes would do, once the visitor looks at the update."""
    if scene_of(KEY) != "update" or len(learner.rates) >= MOST_STEPS:
        return None
    found = asking.learning(AskAttempts(learner))
    return None if isinstance(found, Refused) else found


def weight_of(card: Card, learner: Learner) -> WeightGradient | None:
    """Return the picked weight, or the steepest one of the first layer that learns."""
    first = next(layer for layer in card.layers if layer.kind in learning.ARRAYS)
    asked = learning_session.learning_weight(card.name) or SteepestOf(first.name, 0, 0)
    found = asking.learning(AskWeight(learner, asked))
    return None if isinstance(found, Refused) else found


def weight_view(card: Card, found: WeightGradient) -> WeightView:
    """Return a weight with its sentences."""
    group = next(
        group
        for group in folded_layers(card.layers)
        if found.at.layer in [layer.name for layer in group]
    )
    places = found.inputs.size
    how = (
        f"It was used at {places:,} places. At each, its input is multiplied by the error of the "
        f"sum that it is part of. These {places:,} products add up to its gradient."
    )
    if places == 1:
        how = (
            f"It was used once: its input of {short_number(float(found.inputs))} times the error "
            f"of {short_number(float(found.errors))} is its gradient."
        )
    return WeightView(group[0].name, [name_in_words(card, found), how], found)


def name_in_words(card: Card, found: WeightGradient) -> str:
    """Return which weight it is, and its two numbers."""
    name = array_name(card, found.at)
    place = ", ".join(str(one) for one in found.at.index)
    return (
        f"{name} [{place}]: weight {short_number(found.value)}, gradient "
        f"{short_number(found.gradient)}."
    )


def arrays_of(card: Card) -> dict[str, tuple[str, int]]:
    """Return the name of each array that gradients change -> its layer and number."""
    return {
        f"{layer.name}, {name}": (layer.name, number)
        for layer in card.layers
        for number, name in enumerate(learning.ARRAYS.get(layer.kind, ()))
        if layer.has_bias or layer.kind != "Conv2D" or number == 0
    }


def array_name(card: Card, weight: WeightAt) -> str:
    """Return what the array is called in which a weight lies."""
    found = weight.layer, weight.array
    return next(name for name, array in arrays_of(card).items() if array == found)


def choose_weight(card: Card, found: WeightGradient) -> None:
    """Let the visitor pick any array, map and input map by name."""
    index, shape = found.at.index, found.shape
    session.pick(learning_session.LEARNING_ARRAY, array_name(card, found.at))
    with st.container(horizontal=True, vertical_alignment="bottom", key="choose_weight"):
        st.selectbox(
            "Weights of",
            [*arrays_of(card)],
            key=learning_session.LEARNING_ARRAY,
            on_change=pick_array,
            args=(card,),
            width=260,
        )
        for axis, name, key in AXES:
            if len(shape) > abs(axis) and shape[axis] > 1:
                session.pick(key, index[axis])
                st.number_input(
                    f"{name} (0–{shape[axis] - 1})",
                    0,
                    shape[axis] - 1,
                    key=key,
                    on_change=pick_along,
                    args=(found.at, axis, key),
                    width=150,
                )
        st.caption("Or click a map, a unit or a weight above.")


def pick(weight: WeightAt | SteepestOf) -> None:
    """Explain another weight."""
    learning_session.pick_learning_weight(session.network(), weight)


def pick_array(card: Card) -> None:
    """Explain the steepest weight of the array that was chosen."""
    layer, number = arrays_of(card)[st.session_state[learning_session.LEARNING_ARRAY]]
    pick(SteepestOf(layer, number, 0))


def pick_along(weight: WeightAt, axis: int, key: str) -> None:
    """Explain the weight at another place along one axis of the array."""
    index = list(weight.index)
    index[axis] = int(st.session_state[key])
    pick(WeightAt(weight.layer, weight.array, tuple(index)))


def beside(found: WeightGradient, number: int) -> WeightAt:
    """Return the weight with this number among those that are shown beside one."""
    place = tuple(int(one) for one in np.unravel_index(number, found.neighbors.shape))
    return WeightAt(found.at.layer, found.at.array, (*place, *found.at.index[len(place) :]))


def offer_many_steps(start: Learner, learner: Learner) -> None:
    """Let the visitor see what it means to learn a single digit by heart, or begin again."""
    with st.container(horizontal=True, vertical_alignment="center", key="many_steps"):
        left = MOST_STEPS - len(learner.rates)
        if st.button("A hundred more steps", icon=":material/fast_forward:", disabled=left < 1):
            found = asking.learning(AskOverfitting(learner, learning.RATE_OF_MANY, left))
            if isinstance(found, Refused):
                st.error(found.reason)
            else:
                learning_session.keep_overfitting(learner, found)
        st.button(
            "Start over",
            icon=":material/replay:",
            disabled=not learner.rates,
            on_click=learning_session.set_rates,
            args=(start, ()),
        )
        st.caption(steps_in_words(len(learner.rates)))


def steps_in_words(steps: int) -> str:
    """Say how many steps were taken."""
    if steps == 0:
        return "No step has been taken yet."
    return "One step has been taken." if steps == 1 else f"{steps} steps have been taken."


learn_one_step()
layout.end("mnist", "the images it learned from")
layout.poll_for_inference()
