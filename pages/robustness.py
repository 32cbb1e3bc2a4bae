"""What breaks the networks: corrupt the digit, and see who still reads it."""

import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.data.datasets import MNIST
from mnist_app.imaging.colormap import SERIES
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.imaging.normalize import Image
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui import canvas, layout, link_settings, resources, session
from mnist_app.ui.components import chart
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import charts, predictions
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import corrupted_answers, corrupting, inside, scoreboard

layout.begin(
    "Robustness",
    "Spoil your digit. Who still reads it? Wrong answers turn orange.",
    link_settings.ROBUSTNESS,
)
canvas.controls()


@st.fragment
def corrupt(cards: list[Card]) -> None:
    """Each stroke, and each release of the slider, reruns this and nothing else."""
    with layout.beside_canvas():
        subject = inside.subject(canvas.show())
        with st.container(key="robustness"):
            name = corrupting.choose_name()
            strength = corrupting.choose_strength(name, subject)
            answers = corrupted_answers.ask(subject, name, strength, cards)
            shown = corrupted_answers.views(answers, cards, f"{subject.version} {name} {strength}")
            st.html(predictions.compact_predictions(shown))
            show_curves(name, strength, cards)
            explain(subject)
            show_code(subject, name, strength, cards)
    corrupted_answers.answer_live(subject, name, strength, cards, answers)


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
    up = Axis(0, 1, is_percent=True)
    title = "Accuracy on 2,000 test images corrupted like this"
    chart.show([charts.lines(title, lines, across, up, at=strength)], key="curves")


def curve_name(card: Card) -> str:
    """Return a network's title, and the data set that it was tested on where not MNIST."""
    title = registry.title(card.name)
    return title if card.tested_on == MNIST.name else f"{title} ({card.tested_on_title})"


def explain(subject: Drawing) -> None:
    """What the curves count, and where the digit comes from."""
    st.caption(f"{subject.note} Corrupted images are not centered again.")


def show_code(subject: Drawing, name: str, strength: float, cards: list[Card]) -> None:
    """The code that computes the answers, and the two digits as a picture to keep."""
    corruption = CORRUPTIONS[name]
    names = [card.name for card in cards]
    inside.offer_code(lambda: snippets.corrupted(subject.image, name, strength, names))
    title = f"{corruption.title}: {strength:g} {corruption.unit}"
    inside.save_button("corrupted", title, lambda: panels_of(subject.image, name, strength))


def panels_of(image: Image, name: str, strength: float) -> list[Panel]:
    """Return a digit as it is, and corrupted."""
    corruption = CORRUPTIONS[name]
    corrupted = corruption.apply(image, strength)
    return [Panel("Your digit", image), Panel(corruption.title, corrupted)]


def compared(cards: list[Card]) -> list[Card]:
    """Return the networks that ship, and the chosen one."""
    return [card for card in cards if card.name in {*NETWORKS, session.network()}]


corrupt(compared(scoreboard.networks()))
layout.poll_for_inference()
layout.end("report_card", "Report card")
