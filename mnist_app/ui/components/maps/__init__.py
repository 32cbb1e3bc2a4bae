"""Sheets of maps side by side, of which one can be picked by a click."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from numpy.typing import NDArray

from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import Scale
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


@dataclass(frozen=True)
class TileGrid:
    """Maps of one kind, drawn as tiles on a sheet."""

    name: str
    """What a click on the sheet reports."""
    title: str
    note: str
    """Small type under the title; lines are separated by a newline."""
    maps: NDArray[Any]
    """Shape (maps, rows, columns)."""
    scale: Scale
    across: int
    """How many tiles stand side by side."""
    zoom: int
    """How many pixels of the page a value takes, each way."""
    word: str = "map"
    """What one tile is called."""
    pickable: bool = True
    names: tuple[str, ...] = ()
    """A text beside each tile, where the sheet is one tile wide."""
    numbers: Sequence[int] = ()
    """What the tiles are called, where not 0, 1, 2 and so on."""
    first: int = -1
    """Which of `names` stands out."""


def maps(
    sheets: Sequence[TileGrid],
    label: str,
    key: str,
    picked: tuple[str, int] | None = None,
    on_pick: Callable[[str, int], None] | None = None,
    wrapped: bool = False,
) -> None:
    """Show sheets from left to right; `picked` (sheet, map) is framed.

    Where they do not fit they can be scrolled. If `wrapped`, they stand below each other instead,
    belong together tile by tile, and all frame the same one.

    `on_pick` is called with a sheet's name and a map's number when the visitor clicks on it.
    """

    def report() -> None:
        pick = _read_pick(getattr(st.session_state[key], "picked", None), sheets)
        if on_pick is not None and pick is not None:
            on_pick(*pick)

    _ELEMENT(
        key=key,
        data={
            "label": label,
            "wrapped": wrapped,
            "colors": {
                palette: as_base64(colormap.colors(palette).tobytes())
                for palette in {sheet.scale.palette for sheet in sheets}
            },
            "layers": [_data(sheet) for sheet in sheets],
            "picked": picked and {"layer": picked[0], "map": picked[1]},
        },
        on_picked_change=report,
    )


def _data(sheet: TileGrid) -> dict[str, Any]:
    count, rows, columns = sheet.maps.shape
    return {
        "name": sheet.name,
        "title": sheet.title,
        "note": sheet.note,
        "label": f"{sheet.title}: {count} × {rows} × {columns}",
        "values": as_base64(sheet.scale.indices(sheet.maps).tobytes()),
        "palette": sheet.scale.palette,
        "count": count,
        "rows": rows,
        "columns": columns,
        "across": sheet.across,
        "zoom": sheet.zoom,
        "word": sheet.word,
        "pickable": sheet.pickable,
        "names": list(sheet.names) or None,
        "numbers": list(sheet.numbers) or None,
        "first": sheet.first,
    }


def _read_pick(sent: object, sheets: Sequence[TileGrid]) -> tuple[str, int] | None:
    """Return what was clicked, where it is on a sheet: a browser can send anything."""
    if not isinstance(sent, dict):
        return None
    name, number = sent.get("layer"), sent.get("map")
    counts = {sheet.name: len(sheet.maps) for sheet in sheets if sheet.pickable}
    if not isinstance(name, str) or not isinstance(number, int):
        return None
    return (name, number) if 0 <= number < counts.get(name, 0) else None
