"""Looking through a data set: a hundred images at a time, and one of them in full."""

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.codegen import snippets
from mnist_app.data import datasets, disputed_labels
from mnist_app.data.datasets import CLASSES, MNIST, SOURCES, Source, Split
from mnist_app.data.statistics import Overview
from mnist_app.imaging.colormap import pixels
from mnist_app.ui import canvas, session
from mnist_app.ui.components.maps import TileGrid, maps
from mnist_app.ui.markup import figures, panels
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import inside

HUNDRED = 100
ACROSS = 10
ZOOM = 2
PICKED_SIDE = 224
EVERY_DIGIT = "All"
ORDERS = ("As they come", "Most unusual first")
Indices = NDArray[np.int64]


def choose_source() -> Source:
    """Let the visitor choose a data set."""
    name = st.segmented_control(
        "Data set",
        list(SOURCES),
        format_func=lambda name: SOURCES[name].title,
        default=MNIST.name,
        required=True,
        key=session.SOURCE,
        persist_state="session",
        on_change=_begin_anew,
    )
    return SOURCES[name]


def choose_part(counts: dict[str, int]) -> str:
    """Let the visitor choose the training or the test images, of which there are so many."""
    return st.segmented_control(
        "Split",
        list(counts),
        format_func=lambda part: f"{part.capitalize()}: {counts[part]:,}",
        default="test",
        required=True,
        key=session.SPLIT,
        persist_state="session",
        on_change=_begin_anew,
    )


def filter_images(source: Source, part: str, split: Split, found: Overview) -> Indices:
    """Let the visitor choose digit and order; return the indices of what is left, in order."""
    has_disputes = source == MNIST and part == "test"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        digit = st.selectbox(
            "Digit",
            [EVERY_DIGIT, *map(str, range(CLASSES))],
            key=session.DIGIT,
            persist_state="session",
            on_change=_begin_anew,
            width=110,
        )
        order = st.selectbox(
            "Order",
            ORDERS,
            key=session.ORDER,
            persist_state="session",
            on_change=_begin_anew,
            width=210,
        )
        only_disputed = st.checkbox(
            "Disputed labels only",
            key=session.DISPUTED,
            persist_state="session",
            on_change=_begin_anew,
            disabled=not has_disputes,
            help=f"Test images of MNIST whose label people do not confirm: {disputed_labels.PAPER}.",
        )
    which = np.arange(len(split))
    if digit != EVERY_DIGIT:
        which = which[split.labels == int(digit)]
    if only_disputed and has_disputes:
        which = np.intersect1d(which, list(disputed_labels.DISPUTES))
    return which if order == ORDERS[0] else found.unusual_first(which)


def show_hundred(split: Split, which: Indices) -> int | None:
    """Show a hundred of the images `which`; return the index of the one that is picked."""
    if not len(which):
        st.info("No image is both. Choose another digit, or all of them.")
        return None
    first = _choose_hundred(split, which)
    shown = which[first : first + HUNDRED]
    picked = session.picked_number(session.IMAGE)
    if picked is None or picked not in shown:
        picked = int(shown[0])
    sheet = TileGrid(
        "images",
        f"{len(which):,} images: {first + 1:,} to {first + len(shown):,}. Click on one.",
        "",
        split.images[shown],
        pixels(),
        min(ACROSS, len(shown)),
        ZOOM,
        "image",
        numbers=shown.tolist(),
    )
    maps(
        [sheet],
        "Images",
        key="images",
        picked=("images", shown.tolist().index(picked)),
        on_pick=lambda _, place: session.pick(session.IMAGE, int(shown[place])),
        wrapped=True,
    )
    return picked


def _choose_hundred(split: Split, which: Indices) -> int:
    """Let the visitor turn to a hundred or to an image; return where in `which` it begins."""
    hundreds = math.ceil(len(which) / HUNDRED)
    session.number_within(session.HUNDRED, hundreds, least=1)
    if session.is_kept(session.GO_TO):  # it may be a number of the larger split
        session.number_within(session.GO_TO, len(split) - 1)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input(
            f"Hundred, 1 to {hundreds:,}",
            1,
            max(hundreds, 2),
            key=session.HUNDRED,
            persist_state="session",
            width=180,
            disabled=hundreds == 1,
        )
        wanted = st.number_input(
            f"Go to image, 0 to {len(split) - 1:,}",
            0,
            len(split) - 1,
            value=None,
            key=session.GO_TO,
            on_change=_go_to,
            args=(which,),
            width=220,
            placeholder="its number",
        )
    if wanted is not None and wanted not in which:
        st.caption(f"Image {wanted:,} is not among these {len(which):,}.")
    return (int(number) - 1) * HUNDRED


def _begin_anew() -> None:
    """Turn back to the first hundred: the one that was open holds other images now."""
    session.pick(session.HUNDRED, 1)


def _go_to(which: Indices) -> None:
    """Turn to the hundred with the image whose number was typed, where it is among them."""
    wanted = st.session_state.get(session.GO_TO)
    places = np.flatnonzero(which == wanted)
    if len(places):
        session.pick(session.HUNDRED, int(places[0]) // HUNDRED + 1)
        session.pick(session.IMAGE, wanted)


def show_image(source: Source, part: str, split: Split, found: Overview, index: int) -> None:
    """One image, large, and what is known about it."""
    image, label = split.images[index], int(split.labels[index])
    st.markdown(f"#### {part.capitalize()} image {index:,}, labeled {label}")
    likeness = f"{found.likeness[index]:.2f} like the average {label}"
    st.html(panels.row([Panel("28 × 28 = 784 bytes", image, likeness, PICKED_SIDE)]))
    if st.button("Put it on the canvas", icon=":material/draw:"):
        canvas.put(image, f"{source.title} {part} image {index:,}, labeled {label}")
        st.toast("It is on the canvas now, here and on every page.", icon=":material/draw:")
        st.rerun()  # the canvas is no part of this fragment
    if source == MNIST and part == "test" and index in disputed_labels.DISPUTES:
        st.warning(
            f"{disputed_labels.in_words(disputed_labels.DISPUTES[index])} Source: "
            f"[{disputed_labels.PAPER}]({disputed_labels.LINK}).",
            icon=":material/balance:",
        )


def show_loss(source: Source, part: str, split: Split, index: int) -> None:
    """An image's label as one-hot, what the network answers, and the loss."""
    outputs = inside.layers(split.images[index])
    if isinstance(outputs, str):
        st.caption(outputs)
        return
    one_hot = datasets.one_hot(split.labels[index : index + 1])[0]
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(
            "#### Label, answer and loss\n\n**One-hot** is a label as ten numbers: a 1 in its "
            f"place, 0 elsewhere. The network “{session.network()}” answers with ten numbers, "
            "too: a probability for each digit.\n\nThe **loss** multiplies the two place by place "
            "and takes minus the logarithm of the sum. Only the probability of the label counts, "
            "and the surer the network is of it the smaller is the loss: 0.01 for 99%, 0.69 for "
            "50%, 4.6 for 1%. Training makes the loss smaller, batch by batch."
        )
    with right:
        st.html(figures.one_hot_table(one_hot, outputs["probabilities"]))
    inside.show_code(snippets.label_and_loss(source.name, part, index, session.network()))
