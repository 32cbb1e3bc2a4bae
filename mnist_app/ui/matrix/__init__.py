"""A kernel to edit by hand: one coloured field an entry."""

from pathlib import Path

import numpy as np

from mnist_app import colours, filters
from mnist_app.filters import Array
from mnist_app.pictures import as_base64
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def matrix(start: Array, label: str, version: str, key: str) -> Array:
    """Show a kernel, float32 (rows, columns), and return it as the visitor has edited it.

    `version` names what `start` is: another version replaces what was typed. Raises
    filters.FilterError for an entry that is no use.
    """
    rows, columns = start.shape
    texts = [[_text(value) for value in row] for row in start]
    result = _ELEMENT(
        key=key,
        data={
            "label": label,
            "version": version,
            "rows": rows,
            "columns": columns,
            "texts": texts,
            "limit": float(abs(start).max()) or 1.0,
            "colours": as_base64(colours.colours("diverging").tobytes()),
        },
        on_typed_change=lambda: None,
    )
    typed = _typed(result.typed, version, start.shape)
    if typed is None:
        return start
    untouched = np.array(typed) == np.array(texts)
    return np.where(untouched, start, filters.read_kernel(typed))


def _typed(sent: object, version: str, shape: tuple[int, ...]) -> list[list[str]] | None:
    """Return what the browser sent when it belongs to this version; it can send anything."""
    if not isinstance(sent, dict) or sent.get("version") != version:
        return None
    texts = sent.get("texts")
    if not isinstance(texts, list) or len(texts) != shape[0]:
        return None
    if any(not isinstance(row, list) or len(row) != shape[1] for row in texts):
        return None
    return [[str(text) for text in row] for row in texts]


def _text(value: np.float32) -> str:
    """Return a value with at most three decimals, as short as it can be written."""
    return f"{round(float(value), 3) + 0.0:g}"
