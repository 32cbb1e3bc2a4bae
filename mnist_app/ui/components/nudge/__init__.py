"""Buttons that shift the digit, in the browser at once and then on the server."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def nudge(down: int, right: int, most: int, key: str, on_shift: Callable[[int, int], None]) -> None:
    """Show the buttons, and how far the digit is shifted.

    Args:
        down: How many pixels it is shifted down; negative for up.
        right: The same to the right.
        most: The largest shift each way.
        key: Streamlit's key of the element.
        on_shift: Called with the new shift, down and right, from `-most` to `most`.
    """

    def report() -> None:
        sent = getattr(st.session_state[key], "shifted", None)
        if not isinstance(sent, dict):  # a browser can send anything
            return
        shift = [sent[way] for way in ("down", "right") if type(sent.get(way)) is int]
        if len(shift) == 2 and max(map(abs, shift)) <= most:
            on_shift(*shift)

    _ELEMENT(key=key, data={"down": down, "right": right, "most": most}, on_shifted_change=report)
