"""A network as columns of its maps and units; it follows the pen, and a click picks a tile."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from numpy.typing import NDArray

from mnist_app.imaging.colormap import Scale, pixels
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import element, read_pick

_ELEMENT = element(Path(__file__).parent)


@dataclass(frozen=True)
class Heading:
    """What stands above a column."""

    name: str
    """What a click on the column reports."""
    title: str
    size: str
    note: str
    about: str
    """What the layers do, for those who want to know."""


@dataclass(frozen=True)
class LayerColumn:
    """The maps or units of one layer, and of those that are folded into it."""

    heading: Heading
    shown: str
    """The layer whose output it shows."""
    maps: NDArray[Any]
    """Shape (tiles, rows, columns)."""
    is_input: bool = False
    """Whether it shows gray pixels of 0 to 1; the other columns have one scale together."""
    word: str = "map"
    """What one tile is called."""


def layer_columns(
    columns: Sequence[LayerColumn],
    digits: Heading,
    probabilities: NDArray[Any],
    scale: Callable[[], Scale],
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
        digits: The last column's heading.
        probabilities: What the network answers, shape (10,).
        scale: That of all columns but the input; asked for only where their maps are sent.
        network: Whose columns these are.
        live: The key of the network in the browser that they follow, see `components.live`.
        key: Streamlit's key of the element.
        picked: The name of a column and the number of its tile, which is marked.
        on_pick: Called with a column's name and a tile's number when the visitor opens it.
        on_close: Called when the visitor closes what is open.
        in_browser: Whether the browser has the network, and the maps need not be sent; one that
            cannot run it asks for them.
    """
    counts = {column.heading.name: len(column.maps) for column in columns}
    counts[digits.name] = len(probabilities)

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
            "inner": [column.shown for column in columns if not column.is_input],
            "columns": [_data(column) for column in columns],
            "digits": asdict(digits)
            | {"names": [str(digit) for digit in range(len(probabilities))]},
            "maps": _maps(columns, scale()) if needs_maps else None,
            "probabilities": probabilities.tolist(),
            "picked": picked and {"name": picked[0], "tile": picked[1]},
        },
        on_picked_change=report,
        on_closed_change=on_close,
        on_needs_maps_change=lambda: None,
    )


def _data(column: LayerColumn) -> dict[str, Any]:
    count, rows, columns = column.maps.shape
    return asdict(column.heading) | {
        "shown": column.shown,
        "label": f"{column.heading.title}: {count} × {rows} × {columns}",
        "palette": "gray" if column.is_input else "diverging",
        "count": count,
        "rows": rows,
        "columns": columns,
        "word": column.word,
    }


def _maps(columns: Sequence[LayerColumn], scale: Scale) -> dict[str, Any]:
    return {
        "limit": scale.high,
        "indices": {
            column.heading.name: as_base64(
                (pixels(1.0) if column.is_input else scale).indices(column.maps).tobytes()
            )
            for column in columns
        },
    }


def _needs_maps(state: object) -> bool:
    return isinstance(state, Mapping) and state.get("needs_maps") is True
