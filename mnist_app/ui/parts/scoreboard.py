"""How good the networks are: those that ship, the visitor's own, and published ones."""

import math
from html import escape

import streamlit as st

from mnist_app.analysis import published_results, scores
from mnist_app.data import strokes
from mnist_app.data.datasets import MNIST, SOURCES
from mnist_app.networks.card import Card
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui import layout, resources
from mnist_app.ui.markup.figures import duration

OWN = "trained here"


def networks() -> list[Card]:
    """Return the cards of all networks that the visitor can choose."""
    return [resources.card(name) for name in [*NETWORKS, *layout.runs_to_choose()]]


def show_table(shown: list[Card]) -> None:
    """One line a network."""
    st.table([_row(card) for card in shown])
    st.caption(
        "In brackets: the 95% confidence interval (Wilson), because other test images of the same "
        "kind would give another number. People’s strokes: digits that 30 people wrote on a "
        f"tablet, drawn in {strokes.WAYS} ways, the mean of all. One image: from the page to the "
        "network and back, one at a time, on the machine that its figures were measured on."
    )


def _row(card: Card) -> dict[str, str]:
    measured = resources.scores_of(card)
    people = card.evaluation.get("strokes")
    return {
        "Network": card.name,
        "Kind": NETWORKS[card.name].summary if card.name in NETWORKS else OWN,
        "Parameters": f"{card.parameters:,}",
        f"Right on {MNIST.title}'s test images": with_interval(card),
        "People’s strokes": f"{100 * people['mean']:.1f}%" if people else "not measured",
        "One image": f"{measured.milliseconds:.1f} ms" if measured else "not measured",
        "Trained in": duration(card.seconds_to_train),
    }


def with_interval(card: Card) -> str:
    """Return a network's accuracy with its 95% interval, and on what where not on MNIST."""
    measured = resources.scores_of(card)
    images = len(measured.probabilities) if measured else SOURCES[card.tested_on].test
    low, high = scores.interval(card.test_accuracy, images)
    words = f"{100 * card.test_accuracy:.2f}% ({100 * low:.2f} to {100 * high:.2f})"
    return words if card.tested_on == MNIST.name else f"{words} of {card.tested_on_title}"


def show_board(shown: list[Card]) -> None:
    """All errors on MNIST in one list, the largest first: published ones, and those of here."""
    lines = [
        (1 - card.test_accuracy, _here(card)) for card in shown if card.tested_on == MNIST.name
    ]
    lines += [(result.error, _elsewhere(result)) for result in published_results.RESULTS]
    rows = "".join(html for _, html in sorted(lines, key=lambda line: -line[0]))
    st.html(
        '<div class="lab-wide"><table class="lab-board"><tr><th>Wrong on the test images</th>'
        f"<th></th><th>Year</th><th>By</th></tr>{rows}</table></div>"
    )
    st.caption(
        "Blue: the networks here. Striped: committees, whose members vote. The bars are "
        "logarithmic: half as many errors make every bar shorter by the same length. The last "
        "places are to be taken with care: some authors chose the best of many networks by these "
        "very test images, and 15 of the 10,000 labels are disputed (0.15%)."
    )


def _here(card: Card) -> str:
    title = f"{card.name}: {NETWORKS[card.name].summary if card.name in NETWORKS else OWN}"
    return _line(1 - card.test_accuracy, title, "here", f"{card.parameters:,} parameters", "here")


def _elsewhere(result: published_results.Result) -> str:
    link = f'<a href="{escape(result.link)}">{escape(result.source)}</a>'
    kind = "" if result.kind == "one classifier" else "committee"
    return _line(result.error, result.title, str(result.year), link, kind)


def _line(error: float, title: str, year: str, by: str, kind: str) -> str:
    """Return a row; the bar has no length at 0.05% and all of it at 20%."""
    share = min(1.0, max(0.02, math.log(max(error, 1e-9) / 0.0005) / math.log(400)))
    return (
        f'<tr class="{kind}"><td><b>{100 * error:.2f}%</b>'
        f'<i style="--share: {share:.3f}"></i></td>'
        f"<td>{escape(title)}</td><td>{year}</td><td>{by}</td></tr>"
    )
