"""Was it right? A visitor says what the drawing is, and it is kept."""

import zlib

import streamlit as st

from mnist_app import limits
from mnist_app.data import canvas_strokes
from mnist_app.data.datasets import CLASSES
from mnist_app.training import labeled_drawings
from mnist_app.training.labeled_drawings import LabeledDrawingError
from mnist_app.ui import session, visitor
from mnist_app.ui.drawing import Drawing


def ask(drawing: Drawing) -> None:
    """Let the visitor say what the drawing is; inside the fragment that shows the answer.

    Each drawing has a question of its own, so that an old answer never stands beside a new one.
    """
    if limits.LABELING.is_on():
        _ask(drawing)
    else:
        st.caption(labeled_drawings.SWITCHED_OFF, width="content")
    if trouble := session.run_trouble():
        st.error(trouble, icon=":material/error:")


def _ask(drawing: Drawing) -> None:
    key = f"label_{drawing.canvas}_{zlib.crc32(drawing.png)}"
    label = st.segmented_control(
        "Was it right? I drew a",
        range(CLASSES),
        key=key,
        disabled=not drawing.has_ink,
        on_change=lambda: _keep(drawing, key),
        width="content",
    )
    if label is not None:
        st.caption(f"Kept as a {label}.", width="content")


def _keep(drawing: Drawing, key: str) -> None:
    """Keep a drawing with its label; where that fails the label is taken back, and why is said."""
    label = st.session_state[key]
    if label is None or not drawing.has_ink:
        return
    try:
        strokes = canvas_strokes.as_json(drawing.strokes)
        labeled_drawings.keep(visitor.owner(), drawing.image, label, strokes)
    except LabeledDrawingError as error:
        session.pick(key, None)
        session.set_run_trouble(str(error))
