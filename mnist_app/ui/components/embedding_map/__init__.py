"""A picture with points marked on it, of which any place can be picked by a click."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


@dataclass(frozen=True)
class Mark:
    """A point of the picture."""

    x: float
    """From the left, 0 to 1."""
    y: float
    """From the top, 0 to 1."""
    kind: str
    """"own", "near" or "picked" for a ring; "name" for text alone."""
    text: str = ""


def embedding_map(
    picture: str,
    label: str,
    marks: Sequence[Mark],
    key: str,
    on_pick: Callable[[float, float], None],
) -> None:
    """Show a square picture, a data URI, with marks on it.

    `on_pick` is called with x and y, 0 to 1, of where the visitor clicks.
    """

    def report() -> None:
        place = _read_place(getattr(st.session_state[key], "picked", None))
        if place is not None:
            on_pick(*place)

    _ELEMENT(
        key=key,
        data={
            "picture": picture,
            "label": label,
            "marks": [asdict(mark) for mark in marks],
        },
        on_picked_change=report,
    )


def _read_place(sent: object) -> tuple[float, float] | None:
    """Return where was clicked, where that is on the picture: a browser can send anything."""
    if not isinstance(sent, list) or len(sent) != 2:
        return None
    x, y = sent
    if not all(type(number) in (int, float) and 0 <= number <= 1 for number in (x, y)):
        return None
    return float(x), float(y)
