"""Browsing a data set: a page of a hundred images, and one of them in full."""

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.codegen import snippets
from mnist_app.data import datasets, disputed_labels
from mnist_app.data.datasets import CLASSES, MNIST, SOURCES, Source, Split
from mnist_app.data.statistics import Statistics
from mnist_app.imaging.colormap import pixels
from mnist_app.networks import registry
from mnist_app.ui import canvas, session
from mnist_app.ui.components.tile_grids import TileGrid, tile_grids
from mnist_app.ui.markup import panels, tables
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import asking, inside

PAGE_SIZE = 100
ACROSS = 10
ZOOM = 2
PICKED_SIDE = 224
EVERY_DIGIT = "All"
ORDERS = ("Original order", "Most unusual first")
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
        on_change=_turn_to_first_page,
    )
    return SOURCES[name]


def choose_part(counts: dict[str, int]) -> str:
    """Let the visitor choose the training or the test images; `counts` says how many there are."""
    return st.segmented_control(
        "Split",
        list(counts),
        format_func=lambda part: f"{part.capitalize()}: {counts[part]:,}",
        default="test",
        required=True,
        key=session.SPLIT,
        persist_state="session",
        on_change=_turn_to_first_page,
    )


def filter_images(source: Source, part: str, split: Split, found: Statistics) -> Indices:
    """Let the visitor choose digit and order; return the indices of what is left, in order."""
    has_disputes = source == MNIST and part == "test"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        digit = st.selectbox(
            "Digit",
            [EVERY_DIGIT, *map(str, range(CLASSES))],
            key=session.DIGIT,
            persist_state="session",
            on_change=_turn_to_first_page,
            width=110,
        )
        order = st.selectbox(
            "Order",
            ORDERS,
            key=session.ORDER,
            persist_state="session",
            on_change=_turn_to_first_page,
            width=210,
        )
        only_disputed = st.checkbox(
            "Disputed labels only",
            key=session.DISPUTED,
            persist_state="session",
            on_change=_turn_to_first_page,
            disabled=not has_disputes,
            help="MNIST test images whose label most people did not confirm. Source: "
            f"{disputed_labels.PAPER}.",
        )
    which = np.arange(len(split))
    if digit != EVERY_DIGIT:
        which = which[split.labels == int(digit)]
    if only_disputed and has_disputes:
        which = np.intersect1d(which, list(disputed_labels.DISPUTES))
    return which if order == ORDERS[0] else found.least_typical_first(which)


def show_page(split: Split, which: Indices) -> int | None:
    """Show a page of the images `which`; return the index of the one that is picked."""
    if not len(which):
        st.info(f"No image matches both filters. Choose another digit or “{EVERY_DIGIT}.”")
        return None
    first = _choose_page(split, which)
    shown = which[first : first + PAGE_SIZE]
    picked = session.picked_number(session.PICKED_IMAGE)
    if picked is None or picked not in shown:
        picked = int(shown[0])
    grid = TileGrid(
        "images",
        f"{first + 1:,} to {first + len(shown):,} of {len(which):,} images. Click one.",
        "",
        split.images[shown],
        pixels(),
        min(ACROSS, len(shown)),
        ZOOM,
        "image",
        numbers=shown.tolist(),
    )
    tile_grids(
        [grid],
        "Images",
        key="images",
        picked=("images", shown.tolist().index(picked)),
        on_pick=lambda _, place: session.pick(session.PICKED_IMAGE, int(shown[place])),
    )
    return picked


def _choose_page(split: Split, which: Indices) -> int:
    """Let the visitor turn to a page or to an image; return where in `which` the page begins."""
    pages = math.ceil(len(which) / PAGE_SIZE)
    session.number_within(session.IMAGE_PAGE, pages, least=1)
    if session.is_kept(session.IMAGE_NUMBER):  # it may be a number of the larger split
        session.number_within(session.IMAGE_NUMBER, len(split) - 1)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        page = st.number_input(
            f"Page (1–{pages:,})",
            1,
            max(pages, 2),
            key=session.IMAGE_PAGE,
            persist_state="session",
            width=180,
            disabled=pages == 1,
        )
        wanted = st.number_input(
            f"Go to image (0–{len(split) - 1:,})",
            0,
            len(split) - 1,
            value=None,
            key=session.IMAGE_NUMBER,
            on_change=_go_to,
            args=(which,),
            width=220,
            placeholder="Number",
        )
    if wanted is not None and wanted not in which:
        st.caption(f"Image {wanted:,} is not one of these {len(which):,} images.")
    return (int(page) - 1) * PAGE_SIZE


def _turn_to_first_page() -> None:
    """Go back to the first page: the one that was open holds other images now."""
    session.pick(session.IMAGE_PAGE, 1)


def _go_to(which: Indices) -> None:
    """Turn to the page with the image whose number was typed, if it is among them."""
    wanted = st.session_state.get(session.IMAGE_NUMBER)
    places = np.flatnonzero(which == wanted)
    if len(places):
        session.pick(session.IMAGE_PAGE, int(places[0]) // PAGE_SIZE + 1)
        session.pick(session.PICKED_IMAGE, wanted)


def show_image(source: Source, part: str, split: Split, found: Statistics, index: int) -> None:
    """One image, large, and what is known about it."""
    image, label = split.images[index], int(split.labels[index])
    st.markdown(f"#### {part.capitalize()} image {index:,}, labeled {label}")
    note = f"similarity to the average {label}: {found.typicality[index]:.2f}"
    st.html(panels.row([Panel("28 × 28 = 784 bytes", image, note, PICKED_SIDE)]))
    if st.button("Put it on the canvas", icon=":material/draw:"):
        canvas.put(image, f"{source.title} {part} image {index:,}, labeled {label}")
        st.toast("It is now on the canvas of every page.", icon=":material/draw:")
        st.rerun()  # the canvas is no part of this fragment
    if source == MNIST and part == "test" and index in disputed_labels.DISPUTES:
        st.warning(
            f"{disputed_labels.describe(disputed_labels.DISPUTES[index])} Source: "
            f"[{disputed_labels.PAPER}]({disputed_labels.LINK}).",
            icon=":material/balance:",
        )


def show_loss(source: Source, part: str, split: Split, index: int) -> None:
    """An image's label as one-hot, what the network answers, and the loss."""
    network = session.network()
    outputs = asking.layers_or_caption(split.images[index], network)
    if outputs is None:
        return
    one_hot = datasets.one_hot(split.labels[index : index + 1])[0]
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(
            "#### Label, answer, and loss\n\n**One-hot** encoding writes a label as ten numbers: a "
            f"1 in its place and 0 everywhere else. “{registry.title(network)}” also answers with "
            "ten numbers, a probability for each digit.\n\nThe **loss** multiplies the two place "
            "by place, adds up the products, and takes the negative logarithm of the sum. Only the "
            "probability of the label counts. The surer the network is of it, the smaller the "
            "loss: 0.01 at 99%, 0.69 at 50%, 4.6 at 1%. Training makes the loss smaller, batch by "
            "batch."
        )
    with right:
        st.html(tables.one_hot_table(one_hot, outputs.probabilities))
    inside.offer_code(lambda: snippets.label_and_loss(source.name, part, index, network))
