"""Pooling: an image before and after, the window in between, and the same pooling again and again.

What the visitor chooses changes the pictures in the browser at once; it is reported afterwards.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from mnist_app.imaging.convolution import RULES, Array
from mnist_app.imaging.image_files import as_base64
from mnist_app.networks.interventions import LARGEST_POOL, Pooling
from mnist_app.ui.element import WINDOWS_SCRIPT, element

USES = (WINDOWS_SCRIPT,)
_ELEMENT = element(Path(__file__).parent, uses=USES)


@dataclass(frozen=True)
class Pooled:
    """What is pooled."""

    title: str
    values: Array
    """Shape (rows, columns); a digit's are 0 to 255."""
    layer: str = ""
    """The layer of the chosen network whose map it is; empty for the digit."""
    number: int = 0
    """The map's number in its layer."""


def pooling(
    pooled: Pooled,
    chosen: Pooling,
    key: str,
    on_choose: Callable[[Pooling], None],
    turn: str = "",
) -> None:
    """Show what pooling makes of an image, and let the visitor choose window, stride and rule.

    Args:
        pooled: What the window slides over.
        chosen: What is chosen at first; from then on the browser knows better, until the turn is
            another.
        key: Streamlit's key of the element.
        on_choose: Called with what the visitor chooses.
        turn: Another text begins anew, with what is chosen; a lesson has one for each step.
    """

    def report() -> None:
        found = _read(getattr(st.session_state[key], "chosen", None))
        if found is not None:
            on_choose(found)

    rows, columns = pooled.values.shape
    _ELEMENT(
        key=key,
        data={
            "title": pooled.title,
            "layer": pooled.layer,
            "number": pooled.number,
            "rows": rows,
            "columns": columns,
            "values": as_base64(pooled.values.astype("<f4" if pooled.layer else "u1").tobytes()),
            "chosen": asdict(chosen),
            "largest": LARGEST_POOL,
            "turn": turn,
        },
        on_chosen_change=report,
    )


def _read(sent: object) -> Pooling | None:
    """Return what was chosen, where it is possible: a browser can send anything."""
    if not isinstance(sent, dict):
        return None
    rule, size, stride = (sent.get(name) for name in ("rule", "size", "stride"))
    if rule not in RULES or type(size) is not int or type(stride) is not int:
        return None
    if not (1 <= size <= LARGEST_POOL and 1 <= stride <= LARGEST_POOL):
        return None
    return Pooling(rule, size, stride)
