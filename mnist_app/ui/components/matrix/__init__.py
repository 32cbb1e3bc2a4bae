"""A kernel to edit by hand: one colored field an entry."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.imaging import colormap, convolution
from mnist_app.imaging.convolution import Array, ConvolutionError
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui import session
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def matrix(
    now: Array,
    original: Array,
    label: str,
    name: str,
    key: str,
    on_edit: Callable[[Array], None],
) -> Array:
    """Show a kernel, float32 (rows, columns), and return it as the visitor has edited it.

    `now` is the kernel before this edit, `original` the one that "Put it back" brings back: a
    number is shown with three decimals, and stays exact while it is not changed. Another `name`
    replaces what was typed. `on_edit` is called with each kernel that is typed, also with the one
    that the visitor leaves the page with. Raises convolution.ConvolutionError for an entry that is no use.
    """
    version = session.version(key, name)

    def read(sent: object) -> Array:
        typed = _typed(sent, version, now.shape)
        if typed is None:
            return now
        kernel = np.where(np.array(typed) == _texts(now), now, convolution.read_kernel(typed))
        return np.where(np.array(typed) == _texts(original), original, kernel)

    def report() -> None:
        with contextlib.suppress(ConvolutionError):
            on_edit(read(getattr(st.session_state[key], "typed", None)))

    result = _ELEMENT(
        key=key,
        data={
            "label": label,
            "version": version,
            "rows": now.shape[0],
            "columns": now.shape[1],
            "texts": _texts(now).tolist(),
            "limit": float(abs(now).max()) or 1.0,
            "colors": as_base64(colormap.colors("diverging").tobytes()),
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
