"""A confusion matrix whose cells can be picked: by a click, or with Tab and Enter."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.ui.element import element

Cell = tuple[int, int]
"""A label and an answer."""

_ELEMENT = element(Path(__file__).parent)


def confusion(
    counts: NDArray[np.int64], key: str, picked: Cell | None, on_pick: Callable[[Cell], None]
) -> None:
    """Show a confusion matrix.

    Args:
        counts: Shape (10, 10), a row a label and a column an answer.
        key: Streamlit's key of the element.
        picked: The cell that is framed.
        on_pick: Called with the cell that the visitor picks.
    """

    def report() -> None:
        cell = _read_cell(getattr(st.session_state[key], "picked", None))
        if cell is not None:
            on_pick(cell)

    _ELEMENT(
        key=key,
        data={
            "rows": [
                {"counts": row, "shades": shades}
                for row, shades in zip(counts.tolist(), _shades(counts).tolist(), strict=True)
            ],
            "picked": picked and {"label": picked[0], "answer": picked[1]},
        },
        on_picked_change=report,
    )


def _shades(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how opaque the color of each cell of wrong answers is, 0 to 1: the more, the more."""
    most_wrong = max(1, int((counts * (1 - np.eye(CLASSES, dtype=np.int64))).max()))
    return np.minimum(0.15 + 0.75 * counts / most_wrong, 1.0)


def _read_cell(sent: object) -> Cell | None:
    """Return what was picked, where there is such a cell: a browser can send anything."""
    if not isinstance(sent, list) or len(sent) != 2:
        return None
    label, answer = sent
    if not all(type(number) is int and 0 <= number < CLASSES for number in (label, answer)):
        return None
    return label, answer
