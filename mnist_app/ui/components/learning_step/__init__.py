"""One step of learning: four scenes, and one weight with the sum that is its gradient."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from mnist_app.imaging.colormap import Scale
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.image_files import as_base64
from mnist_app.networks.learning import STEP_SIZES, Attempts, Passes, WeightGradient
from mnist_app.ui.element import element, read_pick

_ELEMENT = element(Path(__file__).parent)
SCENES = ("forward", "loss", "backward", "update")


@dataclass(frozen=True)
class LearningColumn:
    """One layer's activations, and the loss's derivatives by them."""

    name: str
    """The layer that a click on it picks."""
    title: str
    size: str
    activations: Array
    """Shape (tiles, rows, columns)."""
    errors: Array
    """The same shape."""
    learns: bool
    """Whether the layer has weights."""


@dataclass(frozen=True)
class WeightView:
    """A weight as it is shown."""

    column: str
    """The name of the column to which it belongs."""
    sentences: Sequence[str]
    gradient: WeightGradient


def learning_step(
    network: str,
    columns: Sequence[LearningColumn],
    scales: tuple[Scale, Scale],
    passes: Passes,
    label: int,
    words: Mapping[str, str],
    attempts: Attempts | None,
    outcomes: Sequence[str],
    weight: WeightView | None,
    key: str,
    on_pick: Callable[[str, int], None],
    on_neighbor: Callable[[int], None],
    on_step: Callable[[float], None],
    begins: str = SCENES[0],
    turn: str = "",
) -> None:
    """Show one step of a network, which the visitor goes through scene by scene.

    Args:
        network: Whose step it is; another one starts a new picture.
        columns: The layers from left to right, without the ten digits.
        scales: The scale of all activations, and that of all errors.
        passes: The pass forward and back.
        label: What the digit is said to be.
        words: A sentence for each of `SCENES`.
        attempts: What steps of several sizes would do; None until asked for, see `scene_of`.
        outcomes: A sentence for each attempt.
        weight: The weight that is explained; None for none.
        key: Streamlit's key of the element.
        on_pick: Called with a layer and the number of one of its maps or units.
        on_neighbor: Called with the number of a weight among those beside the explained one.
        on_step: Called with the step size when the visitor takes a step.
        begins: Which of `SCENES` is shown at first.
        turn: Another text shows that scene again; a lesson has one for each step.
    """
    counts = {column.name: len(column.activations) for column in columns if column.learns}

    def report_pick() -> None:
        found = read_pick(st.session_state[key].get("picked"), counts)
        if found is not None:
            on_pick(*found)

    def report_neighbor() -> None:
        number = st.session_state[key].get("neighbor")
        if weight and type(number) is int and 0 <= number < weight.gradient.neighbors.size:
            on_neighbor(number)

    def report_step() -> None:
        rate = st.session_state[key].get("stepped")
        if attempts and isinstance(rate, float | int) and rate in STEP_SIZES:
            on_step(float(rate))

    _ELEMENT(
        key=key,
        data={
            "network": network,
            "columns": [_about(column) for column in columns],
            "indices": _packed(columns, *scales),
            "limits": {"activations": scales[0].high, "errors": scales[1].high},
            "probabilities": passes.outputs["probabilities"].tolist(),
            "slopes": passes.errors["logits"].tolist(),
            "loss": passes.loss,
            "label": label,
            "words": dict(words),
            "rates": list(STEP_SIZES),
            "attempts": _attempts(attempts, outcomes) if attempts else None,
            "weight": _weight(weight) if weight else None,
            "begins": begins,
            "turn": turn,
        },
        on_picked_change=report_pick,
        on_neighbor_change=report_neighbor,
        on_stepped_change=report_step,
        on_scene_change=lambda: None,
    )


def scene_of(key: str) -> str:
    """Return which of `SCENES` the element with this key shows."""
    state = st.session_state.get(key) or {}
    shown = state.get("scene")
    return shown if shown in SCENES else SCENES[0]


def _about(column: LearningColumn) -> dict[str, Any]:
    count, rows, columns = column.activations.shape
    return {
        "name": column.name,
        "title": column.title,
        "size": column.size,
        "learns": column.learns,
        "count": count,
        "rows": rows,
        "columns": columns,
    }


def _packed(columns: Sequence[LearningColumn], activations: Scale, errors: Scale) -> str:
    """Return the indices of all pictures, column by column, activations first."""
    parts = [
        scale.indices(values).tobytes()
        for column in columns
        for scale, values in ((activations, column.activations), (errors, column.errors))
    ]
    return as_base64(zlib.compress(b"".join(parts)))


def _attempts(attempts: Attempts, outcomes: Sequence[str]) -> dict[str, Any]:
    return {
        "probabilities": attempts.probabilities.round(5).tolist(),
        "words": list(outcomes),
    }


def _weight(view: WeightView) -> dict[str, Any]:
    found = view.gradient
    return {
        "column": view.column,
        "sentences": list(view.sentences),
        "value": found.value,
        "gradient": found.gradient,
        "nudged": found.nudged.tolist(),
        "losses": found.losses.tolist(),
        "neighbors": _array(found.neighbors),
        "neighborGradients": _array(found.neighbor_gradients),
        "inputs": _array(found.inputs),
        "errors": _array(found.errors),
        "products": _array(found.inputs * found.errors),
    }


def _array(values: Array) -> dict[str, Any]:
    floats = np.ascontiguousarray(values, "<f4")
    return {"shape": list(values.shape), "values": as_base64(floats.tobytes())}
