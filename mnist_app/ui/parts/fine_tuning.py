"""Fine-tune on my handwriting: labeling one's drawings, and training a network on them."""

import zlib

import streamlit as st

from mnist_app import limits, workers
from mnist_app.data import canvas_strokes
from mnist_app.data.datasets import CLASSES
from mnist_app.networks import registry
from mnist_app.storage import StorageError
from mnist_app.training import labeled_drawings
from mnist_app.training.labeled_drawings import LabeledDrawing, LabeledDrawingError
from mnist_app.training.run import RunError
from mnist_app.training.settings import SettingsError
from mnist_app.ui import session, visitor
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import panels
from mnist_app.ui.markup.panels import Panel
from mnist_app.workers import WorkerError

_SIDE = 84
_SHOWN = 24


def ask_for_label(drawing: Drawing) -> None:
    """Let the visitor say what the drawing is; inside the fragment that shows the answer.

    Each drawing has a question of its own, so that an old answer never stands beside a new one.
    """
    if not limits.LABELING.is_on():
        st.caption(labeled_drawings.SWITCHED_OFF)
        return
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
        st.caption(
            f"Kept as a {label}. A network can learn it on the page Training.", width="content"
        )
    elif trouble := session.run_trouble():
        st.error(trouble, icon=":material/error:")


def show() -> None:
    """The visitor's labeled drawings, and fine-tuning the chosen network on them."""
    st.subheader("Fine-tune on my handwriting", anchor=False)
    owner = visitor.owner()
    try:
        kept = labeled_drawings.list_drawings(owner)
    except LabeledDrawingError as error:
        st.error(str(error), icon=":material/folder_off:")
        return
    if not kept and not limits.LABELING.is_on():
        st.markdown(labeled_drawings.SWITCHED_OFF)
        return
    if not kept:
        st.markdown(
            "Draw a digit on the page **Draw** and label it below the answer. Your labeled "
            "drawings are kept here, and a network can learn them in seconds."
        )
        return
    network = session.network()
    drawings = "one drawing" if len(kept) == 1 else f"{len(kept)} drawings"
    st.markdown(
        f"You have labeled {drawings}. {registry.title(network)} can learn from this, mixed "
        "with MNIST so that it does not forget other people’s handwriting."
    )
    _show(kept)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if limits.TRAINING.is_on():
            st.button(
                f"Fine-tune {registry.title(network)}",
                type="primary",
                icon=":material/school:",
                on_click=_fine_tune,
                args=(owner, network),
            )
        st.download_button(
            "Export",
            lambda: labeled_drawings.as_npz(kept),
            file_name="my_digits.npz",
            icon=":material/download:",
            on_click="ignore",
            help="A NumPy file with images and labels.",
        )
        numbers = {f"{place}: a {one.label}": one.number for place, one in enumerate(kept, start=1)}
        chosen = st.selectbox("Drawing", list(numbers), width=140)
        st.button("Delete it", on_click=_delete, args=(owner, numbers[chosen]))
        st.button("Delete all", icon=":material/delete:", on_click=_delete, args=(owner, None))


def _show(kept: list[LabeledDrawing]) -> None:
    first = max(0, len(kept) - _SHOWN)
    st.html(
        panels.row(
            [
                Panel(f"{place}: a {drawing.label}", drawing.image, "", _SIDE)
                for place, drawing in enumerate(kept[first:], start=first + 1)
            ]
        )
    )
    if first:
        st.caption(f"The last {_SHOWN} of {len(kept)}.")


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


def _fine_tune(owner: str, network: str) -> None:
    try:
        run = labeled_drawings.fine_tune(owner, network)
        session.pick(session.SHOWN_RUN, run.name)
        workers.start()
    except (LabeledDrawingError, RunError, SettingsError, StorageError, WorkerError) as error:
        session.set_run_trouble(str(error))


def _delete(owner: str, number: int | None) -> None:
    try:
        labeled_drawings.delete(owner, number)
    except LabeledDrawingError as error:
        session.set_run_trouble(str(error))
