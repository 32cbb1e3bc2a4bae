"""Learn from my hand: saying what a drawing was, and teaching a network these drawings."""

import zlib

import streamlit as st

from mnist_app import workers
from mnist_app.data.datasets import CLASSES
from mnist_app.training import labeled_drawings
from mnist_app.training.labeled_drawings import Drawing, HandError
from mnist_app.training.runs import RunError
from mnist_app.training.settings import SettingsError
from mnist_app.ui import session
from mnist_app.ui.components import visitor
from mnist_app.ui.markup import panels
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import inside

_SIDE = 84
_SHOWN = 24


def ask_what_it_was() -> None:
    """Let the visitor say what the drawing is; inside the fragment that shows the answer.

    Each drawing has a question of its own, so that an old answer never stands beside a new one.
    """
    drawing = session.drawing()
    key = f"said_{drawing.canvas}_{zlib.crc32(drawing.png)}"
    said = st.segmented_control(
        "What was it really? Say it, and a network can learn your hand.",
        range(CLASSES),
        key=key,
        disabled=not drawing.png,
        on_change=lambda: _keep(key),
    )
    if said is not None:
        st.caption(f"Kept as a {said}. Teach it to a network on the page Training.")
    elif trouble := session.run_trouble():
        st.error(trouble, icon=":material/error:")


def learn_from_my_hand() -> None:
    """The visitor's drawings, and teaching the chosen network with them."""
    st.subheader("Learn from my hand", anchor=False)
    owner = visitor.owner()
    try:
        kept = labeled_drawings.drawings(owner)
    except HandError as error:
        st.error(str(error), icon=":material/folder_off:")
        return
    if not kept:
        st.markdown(
            "On the page **Draw**, below the answer, say what a drawing really was. It is kept "
            "here, and a network can learn it in a few seconds."
        )
        return
    st.markdown(
        f"{len(kept)} of your drawings are kept. “{session.network()}” can learn them, mixed with "
        "MNIST lest it forget what others write; you see how it reads both before and after."
    )
    _show(kept)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            f"Teach “{session.network()}” my digits",
            type="primary",
            icon=":material/school:",
            on_click=_teach,
            args=(owner, session.network()),
        )
        st.download_button(
            "Export",
            lambda: labeled_drawings.exported(kept),
            file_name="my_digits.npz",
            icon=":material/download:",
            on_click="ignore",
            help="A NumPy file with images and labels.",
        )
        numbers = {f"{place}: a {one.label}": one.number for place, one in enumerate(kept, start=1)}
        chosen = st.selectbox("Drawing", list(numbers), width=140)
        st.button("Delete it", on_click=_delete, args=(owner, numbers[chosen]))
        st.button("Delete all", icon=":material/delete:", on_click=_delete, args=(owner, None))


def _show(kept: list[Drawing]) -> None:
    places = range(max(0, len(kept) - _SHOWN), len(kept))
    st.html(
        panels.row([Panel(f"{i + 1}: a {kept[i].label}", kept[i].image, "", _SIDE) for i in places])
    )
    if len(kept) > _SHOWN:
        st.caption(f"The last {_SHOWN} of {len(kept)}.")


def _keep(key: str) -> None:
    """Keep the drawing that is on the canvas, as a network sees it, with the label that was said.

    Where that fails nothing was said, and why stands below.
    """
    subject, label = inside.subject(), st.session_state[key]
    if label is None or not subject.is_drawn:
        return
    try:
        labeled_drawings.keep(visitor.owner(), subject.image, label)
    except HandError as error:
        session.pick(key, None)
        session.set_run_trouble(str(error))


def _teach(owner: str, network: str) -> None:
    try:
        run = labeled_drawings.teach(owner, network)
        workers.start()
        session.pick(session.SHOWN_RUN, run.name)
    except (HandError, RunError, SettingsError, OSError) as error:
        session.set_run_trouble(str(error))


def _delete(owner: str, number: int | None) -> None:
    try:
        labeled_drawings.delete(owner, number)
    except HandError as error:
        session.set_run_trouble(str(error))
