"""The presets of a training as cards, of which one is chosen: a group of radio buttons."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from mnist_app.training.presets import PRESETS
from mnist_app.ui.element import element
from mnist_app.ui.markup.preset_pictures import picture

_CARDS = [
    {"name": name, "title": one.title, "lesson": one.lesson, "picture": str(picture(name))}
    for name, one in PRESETS.items()
]
_ELEMENT = element(Path(__file__).parent, {"CARDS": _CARDS})


def show(chosen: str, is_changed: bool, key: str, on_choose: Callable[[str], None]) -> None:
    """Show the cards.

    Args:
        chosen: The preset that is marked.
        is_changed: Whether the visitor has changed its settings since; its card says so.
        key: Streamlit's key of the element.
        on_choose: Called with the preset that the visitor chooses; also with the chosen one, whose
            settings he wants back.
    """

    def report() -> None:
        name = getattr(st.session_state[key], "chosen", None)
        if isinstance(name, str) and name in PRESETS:  # a browser can send anything
            on_choose(name)

    _ELEMENT(key=key, data={"chosen": chosen, "changed": is_changed}, on_chosen_change=report)
