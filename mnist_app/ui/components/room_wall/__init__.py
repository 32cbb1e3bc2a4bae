"""The wall of a room: what phones draw, live. It hears the room by itself, without reruns."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from mnist_app.classroom.drawings import NO_DIGIT
from mnist_app.ui.components.live import CONSTANTS
from mnist_app.ui.element import COMPONENTS, element

_LIVE = COMPONENTS / "live"
_ELEMENT = element(
    Path(__file__).parent,
    {**CONSTANTS, "NO_DIGIT": NO_DIGIT},
    [
        *(_LIVE / f"{name}.js" for name in ("normalization", "network", "answers")),
        COMPONENTS / "embedding_map" / "atlas.js",
    ],
)


def room_wall(
    url: str,
    code: str,
    qr: str,
    address: str,
    map_url: str,
    network_url: str,
    key: str,
    on_hide: Callable[[int], None] | None = None,
) -> None:
    """Show the wall.

    Args:
        url: Where the browser hears the room: `room_routes.answer_wall`.
        code: The room's code.
        qr: The QR code as SVG.
        address: What people type.
        map_url: Where the browser finds the map of MNIST, see `embedding.pack`.
        network_url: Where it finds the network that the map was made with.
        key: Streamlit's key of the element.
        on_hide: Called with the number of the drawing that the speaker hides; None where nothing
            can be hidden.
    """

    def report() -> None:
        sent = getattr(st.session_state[key], "hidden", None)
        if type(sent) is int and on_hide is not None:
            on_hide(sent)

    _ELEMENT(
        key=key,
        data={
            "url": url,
            "code": code,
            "qr": qr,
            "address": address,
            "map": {"map": map_url, "network": network_url},
            "steers": on_hide is not None,
        },
        on_hidden_change=report,
    )
