"""A network as columns of its maps and units; it follows the pen, and a click picks a tile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from numpy.typing import NDArray

from mnist_app.imaging.colormap import Scale
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import element, read_pick

_ELEMENT = element(Path(__file__).parent)


@dataclass(frozen=True)
class LayerColumn:
    """The maps or units of one layer, and of those that are folded into it."""

    name: str
    """What a click on it reports."""
    shown: str
    """The layer whose output it shows."""
    title: str
    size: str
    note: str
    about: str
    """What the layers do, for those who want to know."""
    maps: NDArray[Any]
    """Shape (tiles, rows, columns)."""
    scale: Scale
    word: str = "map"
    """What one tile is called."""


@dataclass(frozen=True)
class Digits:
    """The last column: what the network answers."""

    name: str
    """What a click on it reports."""
    title: str
    size: str
    note: str
    about: str
    probabilities: NDArray[Any]
    """Shape (10,)."""


def layer_columns(
    columns: Sequence[LayerColumn],
    digits: Digits,
    inner: Sequence[str],
    network: str,
    live: str,
    key: str,
    picked: tuple[str, int] | None,
    on_pick: Callable[[str, int], None],
    on_close: Callable[[], None],
    *,
    in_browser: bool,
) -> None:
    """Show columns from left to right, as large as fit, and the digits.

    Args:
        columns: All but the last.
        digits: The last.
        inner: The layers that have one scale together.
        network: Whose columns these are.
        live: The key of the network in the browser that they follow, see `components.live`.
        key: Streamlit's key of the element.
        picked: The name of a column and the number of its tile, which is marked.
        on_pick: Called with a column's name and a tile's number when the visitor opens it.
        on_close: Called when the visitor closes what is open.
        in_browser: Whether the browser has the network, and the maps need not be sent; one that
            cannot run it asks for them.
    """
    counts = {column.name: len(column.maps) for column in columns}
    counts[digits.name] = len(digits.probabilities)

    def report() -> None:
        pick = read_pick(getattr(st.session_state[key], "picked", None), counts)
        if pick is not None:
            on_pick(*pick)

    needs_maps = not in_browser or _needs_maps(st.session_state.get(key))
    _ELEMENT(
        key=key,
        data={
            "label": "The network from left to right. The arrow keys move the mark, Enter opens.",
            "network": network,
            "version": " ".join(column.shown for column in columns),
            "live": live,
            "inner": list(inner),
            "columns": [_data(column) for column in columns],
            "digits": {
                "name": digits.name,
                "title": digits.title,
                "size": digits.size,
                "note": digits.note,
                "about": digits.about,
                "names": [str(digit) for digit in range(len(digits.probabilities))],
            },
            "maps": _maps(columns) if needs_maps else None,
            "probabilities": digits.probabilities.tolist(),
            "picked": picked and {"name": picked[0], "tile": picked[1]},
        },
        on_picked_change=report,
        on_closed_change=on_close,
        on_needs_maps_change=lambda: None,
    )


def _data(column: LayerColumn) -> dict[str, Any]:
    count, rows, columns = column.maps.shape
    return {
        "name": column.name,
        "shown": column.shown,
        "title": column.title,
        "size": column.size,
        "note": column.note,
        "about": column.about,
        "label": f"{column.title}: {count} × {rows} × {columns}",
        "palette": column.scale.palette,
        "count": count,
        "rows": rows,
        "columns": columns,
        "word": column.word,
    }


def _maps(columns: Sequence[LayerColumn]) -> dict[str, Any]:
    return {
        "limit": max(
            (column.scale.high for column in columns if column.scale.stretched), default=1
        ),
        "indices": {
            column.name: as_base64(column.scale.indices(column.maps).tobytes())
            for column in columns
        },
    }


def _needs_maps(state: object) -> bool:
    return isinstance(state, Mapping) and state.get("needs_maps") is True
