"""The report card: how accurate each network is, and where the chosen one fails."""

import streamlit as st

from mnist_app.analysis.scores import Scores
from mnist_app.data import strokes
from mnist_app.data.datasets import DatasetError, Split
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.evaluation import StrokeGrid
from mnist_app.ui import layout, link_settings, resources, session
from mnist_app.ui.markup import setting_words
from mnist_app.ui.markup.network_words import table_rows
from mnist_app.ui.markup.numbers import duration, percent
from mnist_app.ui.parts import failures, scoreboard

REFRESH_SECONDS = 0.5

layout.begin(
    "Report card",
    "How accurate the networks are, and where the chosen one fails.",
    link_settings.REPORT_CARD,
)


def show_card(card: Card, cards: list[Card]) -> None:
    """All networks, and where the chosen one fails, as soon as that is measured."""
    measured = resources.scores_of(card)
    if measured is None or not measured.is_complete:
        measure(card.name)
    split = None if measured is None else split_of(card)
    if measured is None or split is None:
        scoreboard.show_table(cards, card.name)
        return
    show_failures(card, cards, measured, split)
    left, right = st.columns(2, gap="large")
    with left:
        failures.show_digits(measured, split)
    with right:
        failures.show_reliability(measured, split, card)


@st.fragment
def show_failures(card: Card, cards: list[Card], measured: Scores, split: Split) -> None:
    """Each click on a cell reruns this and nothing else."""
    with st.container(horizontal=True, wrap=False, key="report_card"):
        with st.container(key="networks"):
            scoreboard.show_table(cards, card.name)
        with st.container(key="matrix"):
            failures.show_matrix(measured, split, registry.title(card.name))
    failures.show_picked(measured, split)


def split_of(card: Card) -> Split | None:
    """Return the test images that a network was measured on, or say that they are missing."""
    try:
        return resources.split(card.tested_on, "test")
    except DatasetError as error:
        st.error(str(error), icon=":material/folder_off:")
        return None


def measure(name: str) -> None:
    """Have a network measured, and show how far that is or why it failed."""
    failure = resources.scoring_queue().failure(name)
    if failure:
        st.error(failure, icon=":material/error:")
        st.button("Try again", on_click=resources.scoring_queue().submit, args=(name,))
    else:
        resources.scoring_queue().submit(name)
        st.fragment(wait_for_measuring, run_every=REFRESH_SECONDS)(name)


def wait_for_measuring(name: str) -> None:
    """Show how far the measuring is; rerun the whole page when it is done."""
    progress = resources.scoring_queue().progress(name)
    if progress is None:
        st.rerun()
    title = registry.title(name)
    st.progress(progress, f"Measuring “{title}” on all test images, and on corrupted ones …")


def show_strokes(card: Card, grid: StrokeGrid) -> None:
    """How it reads people whose handwriting no network has learned from."""
    st.subheader("Handwriting it has never seen", anchor=False)
    st.markdown(
        f"{grid.digits:,} digits that 60 people wrote on a tablet, drawn as on the canvas: with "
        "thin and thick pens, small and large, in the middle and in the corners. Accuracy:"
    )
    st.table(
        [
            {"Pen": f"{pen} px"}
            | {
                f"Size {size}%": percent(sum(positions) / len(positions))
                for size, positions in zip(strokes.SIZES, row, strict=True)
            }
            for pen, row in zip(strokes.PENS, grid.accuracy, strict=True)
        ]
    )
    st.caption(
        "Size is the digit’s larger side in percent of the canvas. The mean accuracy over all "
        f"{strokes.DRAWINGS_PER_DIGIT} ways to draw them is {percent(grid.mean)}, and the worst is "
        f"{percent(grid.worst)}. With the usual pen and size, its confidence is off by "
        f"{percent(grid.usual.calibration_error)} on average. If its two most probable digits add "
        f"up to less than {percent(card.reject_below)}, it recognizes no digit. That happens with "
        f"{percent(grid.usual.rejected)} of these digits."
    )


def show_layers(card: Card) -> None:
    """What it is made of, and what it learned from."""
    st.subheader(f"What “{registry.title(card.name)}” is made of", anchor=False)
    with st.container(horizontal=True):
        st.metric("Parameters", f"{card.parameters:,}")
        st.metric("Training time", duration(card.seconds_to_train))
    st.table(table_rows(card.layers))
    st.markdown(
        f"**Input:** {card.input}.\n\n"
        f"**Trained on** {card.data}, for {card.settings.epochs} epochs with "
        f"{setting_words.optimizer_in_words(card.settings)}, and seed {card.settings.seed}. Timed "
        f"on {card.machine}."
    )
    if card.tried:
        st.subheader("What was tried", anchor=False)
        st.table(list(card.tried))


cards = scoreboard.networks()
card = resources.card(session.network())

show_card(card, cards)
st.subheader("Published results since 1998", anchor=False)
scoreboard.show_results(cards)
if card.evaluation.strokes is not None:
    show_strokes(card, card.evaluation.strokes)
show_layers(card)
layout.poll_for_inference()
layout.end("training", "Train one of your own")
