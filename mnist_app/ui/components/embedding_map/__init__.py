"""The map of MNIST's training images, drawn in the browser: dots that become images up close."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from mnist_app.analysis.embedding import Place
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def embedding_map(
    url: str,
    live: str,
    place: Place | None,
    picked: int | None,
    images: int,
    key: str,
    on_pick: Callable[[int], None],
) -> None:
    """Show the map.

    Args:
        url: Where the browser finds it, see `embedding.pack`.
        live: The key of the network whose answers in the browser move the drawing on it.
        place: Where the drawing lies; None where that is not known.
        picked: The number of the training image that is marked.
        images: How many there are.
        key: Streamlit's key of the element.
        on_pick: Called with the number of the image that the visitor picks.
    """

    def report() -> None:
        sent = getattr(st.session_state[key], "picked", None)
        if type(sent) is int and 0 <= sent < images:
            on_pick(sent)

    _ELEMENT(
        key=key,
        data={
            "url": url,
            "live": live,
            "place": place and {"x": place.x, "y": place.y, "near": place.neighbors.tolist()},
            "picked": picked,
        },
        on_picked_change=report,
    )
