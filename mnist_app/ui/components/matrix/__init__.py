"""A kernel to edit by hand: one colored field an entry."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.imaging import convolution
from mnist_app.imaging.colormap import around_zero
from mnist_app.imaging.convolution import Array, ConvolutionError
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def matrix(
    now: Array,
    original: Array,
    label: str,
    version: str,
    key: str,
    on_edit: Callable[[Array], None],
) -> Array:
    """Show a kernel and return it, float32 (rows, columns), as the visitor has edited it.

    A number is shown with three decimals, and stays exact while it is not changed.

    Args:
        now: The kernel before this edit, float32 (rows, columns).
        original: The kernel as it was before all edits, of the same shape.
        label: What the kernel is called.
        version: Another one replaces what was typed by `now`; see `session.version`.
        key: Streamlit's key of the element.
        on_edit: Called with each kernel that is typed, also with the one that the visitor leaves
            the page with.

    Raises:
        ConvolutionError: An entry is no number, or too large.
    """

    def read(sent: object) -> Array:
        typed = _typed(sent, version, now.shape)
        if typed is None:
            return now
        kernel = np.where(np.array(typed) == _texts(now), now, convolution.read_kernel(typed))
        return np.where(np.array(typed) == _texts(original), original, kernel)

    def report() -> None:
        with contextlib.suppress(ConvolutionError):
            on_edit(read(getattr(st.session_state[key], "typed", None)))

    scale = around_zero(now)
    result = _ELEMENT(
        key=key,
        data={
            "label": label,
            "version": version,
            "rows": now.shape[0],
            "columns": now.shape[1],
            "texts": _texts(now).tolist(),
            "scale": {"low": scale.low, "high": scale.high},
            "palette": scale.palette,
        },
        on_typed_change=report,
    )
    kernel = read(result.typed)
    on_edit(kernel)
    return kernel


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


def _texts(kernel: Array) -> NDArray[np.str_]:
    """Return values with at most three decimals, as short as they can be written."""
    return np.array([[f"{round(float(value), 3) + 0.0:g}" for value in row] for row in kernel])
