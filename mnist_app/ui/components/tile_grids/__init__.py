"""Grids of tiles side by side, such as all feature maps of a layer; a click picks a tile."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from numpy.typing import NDArray

from mnist_app.imaging.colormap import Scale
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import WINDOWS_SCRIPT, element, read_pick

USES = (WINDOWS_SCRIPT,)
_ELEMENT = element(Path(__file__).parent, uses=USES)


@dataclass(frozen=True)
class LiveTiles:
    """What a grid shows while the pen moves, of what a network in the browser makes of it."""

    kind: Literal["maps", "parts", "products"]
    """Maps of a layer; what each map of the layer before gives to a convolution's map; each value
    of the layer before times its weight in a dense unit."""
    layer: str
    number: int | None = None
    """The map or unit; None for all maps."""
    before: str = ""
    """The layer before."""


@dataclass(frozen=True)
class TileGrid:
    """Arrays of one kind, drawn as tiles in rows and columns."""

    name: str
    """What a click on it reports."""
    title: str
    note: str
    """Small type under the title; lines are separated by a newline."""
    maps: NDArray[Any]
    """Shape (tiles, rows, columns)."""
    scale: Scale
    across: int
    """How many tiles stand side by side."""
    zoom: int
    """How many CSS pixels a value takes, each way, where there is room."""
    word: str = "map"
    """What one tile is called."""
    pickable: bool = True
    numbers: Sequence[int] = ()
    """What the tiles are called, where not 0, 1, 2 and so on."""
    live: LiveTiles | None = None
    """What it follows while the pen moves; None leaves all as it is."""


def tile_grids(
    grids: Sequence[TileGrid],
    label: str,
    key: str,
    picked: tuple[str, int] | None = None,
    on_pick: Callable[[str, int], None] | None = None,
    *,
    one_scale: bool = False,
    network: str = "trained",
) -> None:
    """Show grids beside each other, or below where they do not fit.

    Args:
        grids: What to show.
        label: What it is as a whole, read aloud.
        key: Streamlit's key of the element.
        picked: The name of a grid and the number of its tile, which is framed in all grids: they
            belong together tile by tile.
        one_scale: Whether the grids have one scale together while the pen moves.
        network: The key of the network in the browser that they follow, see `parts.live_network`.
        on_pick: Called with a grid's name and a tile's number when the visitor clicks on it.
    """
    counts = {grid.name: len(grid.maps) for grid in grids if grid.pickable}

    def report() -> None:
        pick = read_pick(getattr(st.session_state[key], "picked", None), counts)
        if on_pick is not None and pick is not None:
            on_pick(*pick)

    _ELEMENT(
        key=key,
        data={
            "label": label,
            "grids": [_data(grid) for grid in grids],
            "live": network,
            "oneScale": one_scale,
            "picked": picked and {"name": picked[0], "tile": picked[1]},
        },
        on_picked_change=report,
    )


def _data(grid: TileGrid) -> dict[str, Any]:
    count, rows, columns = grid.maps.shape
    return {
        "name": grid.name,
        "title": grid.title,
        "note": grid.note,
        "label": f"{grid.title}: {count} × {rows} × {columns}",
        "indices": as_base64(grid.scale.indices(grid.maps).tobytes()),
        "palette": grid.scale.palette,
        "count": count,
        "rows": rows,
        "columns": columns,
        "across": grid.across,
        "zoom": grid.zoom,
        "word": grid.word,
        "pickable": grid.pickable,
        "numbers": list(grid.numbers) or None,
        "live": grid.live and asdict(grid.live),
    }
