"""The networks: how good each is, what breaks it, where it fails."""

import streamlit as st

from mnist_app.analysis.scores import Scores
from mnist_app.codegen import snippets
from mnist_app.data import strokes
from mnist_app.data.datasets import MNIST, DatasetError
from mnist_app.imaging.corruptions import CORRUPTIONS, Corruption
from mnist_app.networks import layers as anatomy
from mnist_app.networks.card import Card
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui import canvas, layout, resources, session
from mnist_app.ui.components import chart, visitor
from mnist_app.ui.markup import charts, figures, panels
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.figures import duration, percent
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import failures, inside, scoreboard

REFRESH_SECONDS = 0.5

layout.begin(
    "Models",
    "How good the networks are, what breaks them, and where the one fails that is chosen in the "
    "sidebar.",
)


@st.fragment
def break_it(cards: list[Card]) -> None:
    """Each stroke and each move of the slider reruns this and nothing else."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        canvas.canvas()
        subject = inside.subject()
        st.caption(subject.words)
    with right:
        name = st.radio(
            "How",
            list(CORRUPTIONS),
            format_func=lambda name: CORRUPTIONS[name].title,
            horizontal=True,
            key=session.WAY,
            persist_state="session",
        )
        way = CORRUPTIONS[name]
        strength = choose_strength(name, way)
        spoiled = way.apply(subject.image, strength)
        shown = [Panel("Your digit", subject.image), Panel(way.title, spoiled)]
        st.html(panels.row(shown, between="→"))
    answers = [
        inside.prediction_view(c.name, inside.layers(spoiled, network=c.name), network=c)
        for c in cards
    ]
    st.html(f'<div class="lab-compact">{figures.predictions(answers, charts=False)}</div>')
    show_curves(name, way, strength, cards)
    inside.show_code(snippets.spoiled(subject.image, name, strength, [c.name for c in cards]))
    inside.save_button("spoiled", f"{way.title}: {strength:g} {way.unit}", lambda: shown)


def choose_strength(name: str, way: Corruption) -> float:
    """Let the visitor choose how strong it is."""
    return st.slider(
        way.unit.capitalize(),
        float(way.strengths[0]),
        float(way.strengths[-1]),
        float(way.none),
        float(way.step),
        format="%g",
        key=session.STRENGTH + name,
        persist_state="session",
    )


def show_curves(name: str, way: Corruption, strength: float, cards: list[Card]) -> None:
    """The accuracy of networks on test images that were spoiled in the same way."""
    lines = []
    for card, color in zip(cards, charts.COLORS, strict=False):
        measured = resources.scores_of(card)
        if measured is not None and name in measured.curves:
            title = card.name
            if card.tested_on != MNIST.name:
                title += f" ({card.tested_on_title})"
            lines.append(Line(title, way.strengths, measured.curves[name], color))
    across = Axis(way.strengths[0], way.strengths[-1], way.unit)
    chart.show(
        [
            charts.lines(
                "Right on test images that are spoiled like this",
                lines,
                across,
                Axis(0, 1, is_percent=True),
                at=strength,
            )
        ],
        key="curves",
    )
    st.caption(
        "Every fifth test image, 2,000 of MNIST’s, measured at the points; the dotted "
        "line is where the slider stands. Nothing is centered again after it was spoiled: on the "
        "other pages your drawing is, and a shift does no harm there."
    )


def compared(cards: list[Card]) -> list[Card]:
    """Return the networks that ship, and the chosen one."""
    return [card for card in cards if card.name in {*NETWORKS, session.network()}]


@st.fragment
def fail(card: Card, measured: Scores) -> None:
    """Each click on a cell reruns this and nothing else."""
    split = resources.split(card.tested_on, "test")
    failures.show_confusion(measured, split, card.tested_on_title)


def wait_for_measuring(name: str) -> None:
    """Show how far the network's measuring is, and the whole page anew when it is done."""
    share = resources.measurer().share(name)
    if share is None:
        st.rerun()
    st.progress(share, f"Measuring “{name}” on all test images, and on spoiled ones …")


def show_people(card: Card) -> None:
    """How it reads people whom no network has met."""
    grid = card.evaluation["strokes"]
    st.subheader("People whom it has never met", anchor=False)
    st.markdown(
        f"{grid['digits']:,} digits that 30 people wrote on a tablet, drawn as on the canvas with "
        "thin and thick pens, small and large, in the middle and in the corners. Right on:"
    )
    st.table(
        [
            {"Pen": f"{pen} px"}
            | {
                f"Size {size}%": percent(sum(positions) / len(positions))
                for size, positions in zip(strokes.SIZES, row, strict=True)
            }
            for pen, row in zip(strokes.PENS, grid["accuracy"], strict=True)
        ]
    )
    people = grid["usual"]
    st.caption(
        f"Size is the digit's larger side in percent of the canvas. The mean of all "
        f"{strokes.WAYS} ways to draw them is {percent(grid['mean'])}, the worst "
        f"{percent(grid['worst'])}. With the usual pen and size its confidence is off by "
        f"{percent(people['calibration_error'])}. Where its two most probable digits together stay "
        f"below {percent(card.reject_below)}, it recognizes no digit: that happens to "
        f"{percent(people['rejected'])} of these digits."
    )


def show_failures(card: Card) -> None:
    """Where it fails, as soon as that is measured."""
    measured = resources.scores_of(card)
    if measured is None or not measured.is_whole:
        trouble = resources.measurer().trouble(card.name)
        if trouble:
            st.error(trouble, icon=":material/error:")
            st.button("Try again", on_click=resources.measurer().ask, args=(card.name,))
        else:
            resources.measurer().ask(card.name)
            st.fragment(wait_for_measuring, run_every=REFRESH_SECONDS)(card.name)
    if measured is None:
        return
    try:
        split = resources.split(card.tested_on, "test")
    except DatasetError as error:
        st.error(str(error), icon=":material/folder_off:")
        return
    fail(card, measured)
    left, right = st.columns(2, gap="large")
    with left:
        failures.show_digits(measured, split)
    with right:
        failures.show_reliability(measured, split, card)


def show_layers(card: Card) -> None:
    """What it is made of, and what it learned from."""
    st.subheader(f"What “{card.name}” is", anchor=False)
    with st.container(horizontal=True):
        st.metric("Parameters", f"{card.parameters:,}")
        st.metric("Time to train", duration(card.seconds_to_train))
    st.table(anatomy.rows(card.layers))
    st.markdown(
        f"**Input:** {card.input}.\n\n"
        f"**Trained on** {card.data}, {card.settings['epochs']} epochs "
        f"in batches of {card.settings['batch_size']}, seed {card.settings['seed']}; "
        f"timed on {card.machine}."
    )
    if card.tried:
        st.subheader("What was tried", anchor=False)
        st.table(list(card.tried))


cards = scoreboard.networks()
card = resources.card(session.network())

st.subheader("All networks", anchor=False)
scoreboard.show_table(cards)
st.subheader("Break it", anchor=False)
st.markdown(
    "Draw a digit, apply it, and see who still reads it. Below are the curves over the test images "
    "of the networks that ship and of the chosen one: where a network of **convolutions** bends, a "
    "**dense** one breaks."
)
canvas.controls()
break_it(compared(cards))
st.subheader(f"Where “{card.name}” fails", anchor=False)
show_failures(card)
if "strokes" in card.evaluation:
    show_people(card)
st.subheader("Since 1998", anchor=False)
scoreboard.show_board(cards)
show_layers(card)
visitor.remember()
layout.poll_for_engine()
