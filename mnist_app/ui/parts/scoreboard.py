"""How accurate networks are: those that ship, the visitor's own, and published ones."""

from typing import Literal

import streamlit as st

from mnist_app.analysis import metrics, published_results
from mnist_app.data import strokes
from mnist_app.data.datasets import MNIST, SOURCES
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui import layout, resources, session
from mnist_app.ui.markup import tables
from mnist_app.ui.markup.numbers import duration, exact_percent, percent, percent_range
from mnist_app.ui.markup.tables import NetworkRow, Result

OWN = "Trained here"


def networks() -> list[Card]:
    """Return the cards of all networks that the visitor can choose."""
    return [resources.card(name) for name in [*NETWORKS, *layout.runs_to_choose(session.network())]]


def show_table(shown: list[Card], chosen: str) -> None:
    """One line per network; the one called `chosen` stands out."""
    st.html(tables.networks_table([_row(card, chosen) for card in shown]))
    st.caption(
        f"MNIST: 10,000 test images, with the 95% confidence interval. People: digits that 60 "
        f"people wrote on a tablet, each drawn in {strokes.DRAWINGS_PER_DIGIT} ways. Per image: "
        "from the page to the network and back."
    )


def _row(card: Card, chosen: str) -> NetworkRow:
    measured = resources.scores_of(card)
    people = card.evaluation.strokes
    accuracy, interval = _accuracy(card)
    return NetworkRow(
        title=registry.title(card.name),
        kind=_kind(card),
        accuracy=accuracy,
        interval=interval,
        people=percent(people.mean) if people else "–",
        parameters=f"{card.parameters:,}",
        time=f"{measured.milliseconds:.1f} ms" if measured else "–",
        training=duration(card.seconds_to_train),
        is_chosen=card.name == chosen,
    )


def _kind(card: Card) -> str:
    return NETWORKS[card.name].summary if card.name in NETWORKS else OWN


def _accuracy(card: Card) -> tuple[str, str]:
    """Return a network's accuracy, and its 95% interval with on what if not on MNIST."""
    measured = resources.scores_of(card)
    images = len(measured.probabilities) if measured else SOURCES[card.tested_on].test
    interval = percent_range(*metrics.wilson_interval(card.test_accuracy, images))
    where = "" if card.tested_on == MNIST.name else f" on {card.tested_on_title}"
    return exact_percent(card.test_accuracy, 2), interval + where


def show_results(shown: list[Card]) -> None:
    """All errors on MNIST in one list, the largest first: published ones and those from here."""
    results = [_own_result(card) for card in shown if card.tested_on == MNIST.name]
    results += published()
    st.html(tables.results_table(results))
    st.caption(
        "Blue: the networks here. Striped: committees, whose members vote. The bars are "
        "logarithmic: half the errors always shorten a bar by the same length. Take the best "
        "results with care. Some authors picked the best of many networks by these very test "
        "images, and 15 of the 10,000 labels (0.15%) are disputed."
    )


def published() -> list[Result]:
    """Return all published results."""
    return [_published_result(result) for result in published_results.RESULTS]


def _own_result(card: Card) -> Result:
    title = f"{registry.title(card.name)}: {_kind(card)}"
    by = f"{card.parameters:,} parameters"
    return Result(1 - card.test_accuracy, title, "here", by, "here")


def _published_result(result: published_results.Result) -> Result:
    kind: Literal["published", "committee"] = (
        "published" if result.kind == "one classifier" else "committee"
    )
    return Result(result.error, result.title, str(result.year), result.source, kind, result.link)
