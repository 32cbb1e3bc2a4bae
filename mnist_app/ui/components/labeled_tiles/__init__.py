"""A visitor's labeled drawings as small tiles; each can be removed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from mnist_app.imaging.image_files import data_uri, encode_png
from mnist_app.imaging.normalize import Image
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


@dataclass(frozen=True)
class LabeledTile:
    """A drawing with what is said of it."""

    number: int
    """What its removal reports."""
    image: Image
    """uint8 (28, 28)."""
    title: str
    """What it is, and what it is read as."""
    is_wrong: bool
    """Whether it is read wrongly."""


def labeled_tiles(tiles: Sequence[LabeledTile], key: str, on_remove: Callable[[int], None]) -> None:
    """Show tiles side by side, those that are read wrongly marked.

    `on_remove` is called with the number of a tile that the visitor removes.
    """
    numbers = {tile.number for tile in tiles}

    def report() -> None:
        sent = getattr(st.session_state[key], "removed", None)
        if type(sent) is int and sent in numbers:  # a browser can send anything
            on_remove(sent)

    _ELEMENT(key=key, data={"tiles": [_data(tile) for tile in tiles]}, on_removed_change=report)


def _data(tile: LabeledTile) -> dict[str, object]:
    return {
        "number": tile.number,
        "picture": data_uri(encode_png(tile.image)),
        "title": tile.title,
        "isWrong": tile.is_wrong,
    }
