"""Everything kept for one visitor: each session_state key has its accessor here."""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from mnist_app.cards import NETWORKS
from mnist_app.engine import DEFAULT_NETWORK

PEN_WIDTH = "pen_width"
NETWORK = "network"
PICTURE_SOURCE = "picture_source"
UPLOAD = "upload"
CAMERA = "camera"
_DRAWING = "drawing"
_POLLING = "polling"
_PICTURE_TROUBLE = "picture_trouble"

Strokes = dict[str, Any]
"""A drawing as the canvas's JSON (Fabric.js)."""


@dataclass
class Drawing:
    """The visitor's drawing, the same on every page."""

    strokes: Strokes = field(default_factory=lambda: {"objects": []})
    png: bytes = b""
    """The same as a PNG file of 280x280 pixels, light ink on black; empty when nothing is drawn."""
    caption: str = ""
    """Where the drawing comes from, when not from the visitor's hand."""
    canvas: int = 0
    """Goes up by one whenever the drawing is replaced; a new number makes a new canvas."""
    mounted: Strokes = field(default_factory=lambda: {"objects": []})
    """The strokes the canvas on the screen was started with."""

    def replace(self, strokes: Strokes, png: bytes, caption: str) -> None:
        """Put another drawing in the place of this one, on a new canvas."""
        self.strokes, self.png, self.caption = strokes, png, caption
        self.canvas += 1


def drawing() -> Drawing:
    """Return the visitor's drawing; changes to it are kept."""
    kept: Drawing = st.session_state.setdefault(_DRAWING, Drawing())
    return kept


def network() -> str:
    """Return the name of the network that the visitor has chosen."""
    chosen = st.session_state.get(NETWORK)
    return chosen if chosen in NETWORKS else DEFAULT_NETWORK


def is_polling() -> bool:
    """Say whether the page on the screen is asking again and again for the network."""
    return bool(st.session_state.get(_POLLING, False))


def set_polling(polling: bool) -> None:
    """Remember whether the page on the screen asks again and again for the network."""
    st.session_state[_POLLING] = polling


def picture_trouble() -> str:
    """Return the sentence that says what is wrong with the last picture, or an empty one."""
    return str(st.session_state.get(_PICTURE_TROUBLE, ""))


def set_picture_trouble(sentence: str) -> None:
    """Remember what is wrong with the last picture; an empty sentence for nothing."""
    st.session_state[_PICTURE_TROUBLE] = sentence
