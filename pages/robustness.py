"""The networks: how accurate each is, what breaks it, where it fails."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from mnist_app.analysis.scores import Scores
from mnist_app.codegen import snippets
from mnist_app.data import strokes
from mnist_app.data.datasets import MNIST, DatasetError
from mnist_app.imaging.colormap import SERIES
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.corruptions import CORRUPTIONS, Corruption
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.evaluation import StrokeGrid
from mnist_app.networks.prediction import Prediction
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui import canvas, layout, resources, session
from mnist_app.ui.components import chart
from mnist_app.ui.markup import charts, panels, predictions
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.network_words import table_rows
from mnist_app.ui.markup.numbers import duration, percent
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.markup.predictions import PredictionView
from mnist_app.ui.parts import asking, failures, inside, scoreboard

REFRESH_SECONDS = 0.5

layout.begin(
    "Models",
    "How accurate the networks are, what breaks them, and where the one chosen in the sidebar "
    "fails.",
)


@st.fragment
def corrupt(cards: list[Card]) -> None:
    """Each stroke and each move of the slider reruns this and nothing else."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        subject = inside.subject(canvas.show())
        st.caption(subject.note)
    with right:
        name, strength = choose_corruption()
        corruption = CORRUPTIONS[name]
        corrupted = corruption.apply(subject.image, strength)
        shown = [Panel("Your digit", subject.image), Panel(corruption.title, corrupted)]
        st.html(panels.row(shown, between="→"))
    show_answers(corrupted, cards)
    show_curves(name, strength, cards)
    inside.show_code(
        snippets.corrupted(subject.image, name, strength, [card.name for card in cards])
    )
    title = f"{corruption.title}: {strength:g} {corruption.unit}"
    inside.save_button("corrupted", title, lambda: shown)


def choose_corruption() -> tuple[str, float]:
    """Let the visitor choose how the digit is corrupted; return the name and the strength."""
    name = st.radio(
        "Corruption",
        list(CORRUPTIONS),
        format_func=lambda name: CORRUPTIONS[name].title,
        horizontal=True,
        key=session.CORRUPTION,
        persist_state="session",
    )
    return name, choose_strength(name, CORRUPTIONS[name])


def choose_strength(name: str, corruption: Corruption) -> float:
    """Let the visitor choose how strong it is; each corruption keeps its own strength."""
    return st.slider(
        corruption.unit.capitalize(),
        float(corruption.strengths[0]),
        float(corruption.strengths[-1]),
        float(corruption.neutral),
        float(corruption.step),
        format="%g",
        key=session.STRENGTH + name,
        persist_state="session",
    )


def show_answers(image: Image, cards: list[Card]) -> None:
    """What all networks read in one image, uint8 (28, 28)."""
    answers = asking.predictions(image[np.newaxis], [card.name for card in cards])
    st.html(predictions.compact_predictions([answer_of(card, answers) for card in cards]))


def answer_of(card: Card, answers: Mapping[str, Array] | Pending | Refused) -> PredictionView:
    """Return a network's answer, or the sentence that stands in its place."""
    title = registry.title(card.name)
    if isinstance(answers, Pending | Refused):
        return PredictionView(title, None, None, asking.why_not(answers))
    return PredictionView(title, None, Prediction(answers[card.name][0], card.reject_below))


def show_curves(name: str, strength: float, cards: list[Card]) -> None:
    """The accuracy of networks on test images that were corrupted in the same way."""
    corruption = CORRUPTIONS[name]
    lines = []
    for card, color in zip(cards, SERIES, strict=False):
        measured = resources.scores_of(card)
        if measured is not None and name in measured.curves:
            line = Line(curve_name(card), corruption.strengths, measured.curves[name], color)
            lines.append(line)
    across = Axis(corruption.strengths[0], corruption.strengths[-1], corruption.unit)
    chart.show(
        [
            charts.lines(
                "Accuracy on test images corrupted like this",
                lines,
                across,
                Axis(0, 1, is_percent=True),
                at=strength,
            )
        ],
        key="curves",
    )
    st.caption(
        "Measured on every fifth test image of MNIST, 2,000 in all, at the strengths that are "
        "marked. The dotted line shows the slider’s strength. Images are not centered again after "
        "they were corrupted. On the other pages your drawing is, so a shift does no harm there."
    )


def curve_name(card: Card) -> str:
    """Return a network's title, and the data set that it was tested on where not MNIST."""
    title = registry.title(card.name)
    return title if card.tested_on == MNIST.name else f"{title} ({card.tested_on_title})"


def compared(cards: list[Card]) -> list[Card]:
    """Return the networks that ship, and the chosen one."""
    return [card for card in cards if card.name in {*NETWORKS, session.network()}]


def show_failures(card: Card) -> None:
    """Where it fails, as soon as that is measured."""
    measured = resources.scores_of(card)
    if measured is None or not measured.is_complete:
        measure(card.name)
    if measured is None:
        return
    try:
        split = resources.split(card.tested_on, "test")
    except DatasetError as error:
        st.error(str(error), icon=":material/folder_off:")
        return
    show_confusion(card, measured)
    left, right = st.columns(2, gap="large")
    with left:
        failures.show_digits(measured, split)
    with right:
        failures.show_reliability(measured, split, card)


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


@st.fragment
def show_confusion(card: Card, measured: Scores) -> None:
    """Each click on a cell reruns this and nothing else."""
    split = resources.split(card.tested_on, "test")
    failures.show_confusion(measured, split, card.tested_on_title)


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
        f"**Trained on** {card.data}, for {card.settings.epochs} epochs in batches of "
        f"{card.settings.batch_size}, with seed {card.settings.seed}. Timed on "
        f"{card.machine}."
    )
    if card.tried:
        st.subheader("What was tried", anchor=False)
        st.table(list(card.tried))


cards = scoreboard.networks()
card = resources.card(session.network())

st.subheader("All networks", anchor=False)
scoreboard.show_table(cards)
st.subheader("Robustness", anchor=False)
st.markdown(
    "Draw a digit, corrupt it, and see which networks still read it. The curves show how accurate "
    "the networks are on test images that are corrupted the same way. Where a network of "
    "**convolutions** bends, a **dense** one breaks."
)
canvas.controls()
corrupt(compared(cards))
st.subheader(f"Where “{registry.title(card.name)}” fails", anchor=False)
show_failures(card)
if card.evaluation.strokes is not None:
    show_strokes(card, card.evaluation.strokes)
st.subheader("Published results since 1998", anchor=False)
scoreboard.show_results(cards)
show_layers(card)
layout.poll_for_inference()
