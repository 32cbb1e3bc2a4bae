"""What the page How it learns keeps for one visitor, beside what all pages keep in `session`."""

from dataclasses import replace

import streamlit as st

from mnist_app.networks.learning import Learner, Overfitting, SteepestOf, WeightAt

LEARNING_LABEL = "learning_label"
LEARNING_START = "learning_start"
LEARNING_ARRAY = "learning_array"
LEARNING_NUMBER = "learning_number"
LEARNING_CHANNEL = "learning_channel"
_RATES = "learning_rates"
_TAKEN = "learning_steps_taken"
_WEIGHT = "learning_weight"
_OVERFITTING = "overfitting"


def learner(start: Learner) -> Learner:
    """Return the learner that begins as `start` with the steps that the visitor let it take.

    Steps that came with a link are those of the first learner after it.
    """
    kept: tuple[Learner | None, tuple[float, ...]] = st.session_state.get(_RATES, (start, ()))
    begun, rates = kept
    if begun is None:
        set_rates(start, rates)
    st.session_state[_TAKEN] = rates if begun in (None, start) else ()
    return replace(start, rates=steps_taken())


def steps_taken() -> tuple[float, ...]:
    """Return the sizes of the steps that the learner on the screen has taken."""
    taken: tuple[float, ...] = st.session_state.get(_TAKEN, ())
    return taken


def take_steps(rates: tuple[float, ...]) -> None:
    """Let the next learner take steps of these sizes, whatever it begins with."""
    st.session_state[_RATES] = None, rates
    st.session_state[_TAKEN] = rates


def set_rates(start: Learner, rates: tuple[float, ...]) -> None:
    """Remember the steps that the visitor let a learner take; another learner has taken none."""
    st.session_state[_RATES] = start, rates


def learning_weight(network: str) -> WeightAt | SteepestOf | None:
    """Return the weight of this network that the visitor picked; None where none was."""
    kept: tuple[str, WeightAt | SteepestOf] | None = st.session_state.get(_WEIGHT)
    return kept[1] if kept and kept[0] == network else None


def pick_learning_weight(network: str, weight: WeightAt | SteepestOf) -> None:
    """Remember which weight of a network the visitor picked."""
    st.session_state[_WEIGHT] = network, weight


def overfitting(learner: Learner) -> Overfitting | None:
    """Return what many steps did to this learner, where the visitor asked for it last."""
    kept: tuple[Learner, Overfitting] | None = st.session_state.get(_OVERFITTING)
    return kept[1] if kept and kept[0] == learner else None


def keep_overfitting(learner: Learner, found: Overfitting) -> None:
    """Keep what many steps did to a learner."""
    st.session_state[_OVERFITTING] = learner, found
