"""What would change its mind: for each digit the least ink that makes the network say it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from mnist_app.explain.counterfactual import Counterfactual
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.image_files import as_base64, encode_png
from mnist_app.imaging.normalize import Image
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def change_of_mind(
    ink: Image,
    probabilities: Array,
    found: Mapping[int, Sequence[Counterfactual]],
    least: str,
    key: str,
    on_take: Callable[[Counterfactual], None],
) -> None:
    """Show a tile a digit, with the stroke that leads there; one of them large, with its bars.

    Args:
        ink: What was drawn, uint8 (side, side).
        probabilities: What the network answers to it, float32 (10,).
        found: Digit -> strokes, the one with the least ink first. What the network says is not in
            it, nor is a digit that is still searched for.
        least: A sentence that stands where no stroke was found.
        key: Streamlit's key of the element.
        on_take: Called with the stroke that the visitor wants on the canvas.
    """

    def report() -> None:
        sent = st.session_state[key].get("taken")
        if not isinstance(sent, dict):
            return
        strokes = found.get(sent["digit"], ()) if type(sent.get("digit")) is int else ()
        number = sent.get("number")
        if type(number) is int and 0 <= number < len(strokes):
            on_take(strokes[number])

    _ELEMENT(
        key=key,
        data={
            "ink": as_base64(encode_png(ink)),
            "side": ink.shape[0],
            "before": probabilities.round(5).tolist(),
            "found": {digit: [_packed(one) for one in strokes] for digit, strokes in found.items()},
            "least": least,
        },
        on_taken_change=report,
    )


def _packed(one: Counterfactual) -> dict[str, object]:
    powers = np.exp(one.logits - one.logits.max())
    return {
        "strokes": [
            {
                "points": stroke.points.round(1).tolist(),
                "width": stroke.width,
                "erases": stroke.erases,
            }
            for stroke in one.strokes
        ],
        "ink": one.ink,
        "after": (powers / powers.sum()).round(5).tolist(),
    }
