"""Where a network fails: its confusion matrix, its mistakes, and how far it can be trusted."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.analysis import metrics
from mnist_app.analysis.metrics import Bin
from mnist_app.analysis.scores import Scores
from mnist_app.data.datasets import CLASSES, Split
from mnist_app.imaging.colormap import SERIES
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.ui import session
from mnist_app.ui.components import chart
from mnist_app.ui.components.confusion import Cell, confusion
from mnist_app.ui.markup import bars, charts, panels
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.numbers import percent
from mnist_app.ui.markup.panels import Panel

SHOWN = 24
SIDE = 84


def show_matrix(measured: Scores, split: Split, title: str) -> None:
    """The confusion matrix: each test image counts in one cell."""
    answers = measured.probabilities.argmax(axis=1)
    wrong = int((answers != split.labels).sum())
    st.markdown(f"**“{title}”: {wrong:,} wrong of {len(split):,}.** Click a cell to see them.")
    confusion(
        metrics.confusion_matrix(answers, split.labels),
        key="confusion",
        picked=session.picked_cell(),
        on_pick=lambda cell: session.pick(session.PICKED_CELL, cell),
    )


def show_picked(measured: Scores, split: Split) -> None:
    """The images of the cell that is picked; where none is, all mistakes."""
    picked = session.picked_cell()
    if picked is None:
        mistakes = metrics.errors(measured.probabilities, split.labels)
        show_images(mistakes, "Its most confident mistakes", measured, split)
        return
    show_cell(picked, measured.probabilities.argmax(axis=1), measured, split)
    st.button("Show all mistakes", on_click=session.pick, args=(session.PICKED_CELL, None))


def show_cell(cell: Cell, answers: NDArray[np.int64], measured: Scores, split: Split) -> None:
    """The images of a cell: of mistakes the surest first, of right answers the least sure."""
    label, answer = cell
    found = np.flatnonzero((split.labels == label) & (answers == answer))
    confidence = metrics.confidence(measured.probabilities[found])
    is_right = label == answer
    found = found[np.argsort(confidence if is_right else -confidence, kind="stable")]
    title = f"Labeled {label}, read as {answer}, most confident first"
    if is_right:
        title = f"Labeled {label}, read as {answer}, least confident first"
    show_images(found, title, measured, split)


def show_images(found: NDArray[np.int64], title: str, measured: Scores, split: Split) -> None:
    """The first of some test images, with label, answer and confidence."""
    count = f"{SHOWN} of {len(found):,}" if len(found) > SHOWN else f"{len(found):,}"
    st.markdown(f"**{title}** ({count})")
    if not len(found):
        st.markdown("There are none.")
    st.html(panels.row([panel_of(int(index), measured, split) for index in found[:SHOWN]]))


def panel_of(index: int, measured: Scores, split: Split) -> Panel:
    """Return a test image with its label, a network's answer and its confidence."""
    probabilities, label = measured.probabilities[index], int(split.labels[index])
    answer, confidence = int(probabilities.argmax()), percent(float(probabilities.max()))
    title = f"{label}" if answer == label else f"{label}, read as {answer}"
    return Panel(title, split.images[index], f"{confidence}, no. {index:,}", SIDE)


def show_digits(measured: Scores, split: Split) -> None:
    """How many images of each digit it reads wrong."""
    right = metrics.is_right(measured.probabilities, split.labels)
    images = np.bincount(split.labels, minlength=CLASSES)
    wrong = np.bincount(split.labels[~right], minlength=CLASSES)
    st.markdown("**Errors by digit**")
    st.html(bars.error_rows(wrong.tolist(), images.tolist()))


def show_reliability(measured: Scores, split: Split, card: Card) -> None:
    """Whether it is right as often as it says."""
    confidence = metrics.confidence(measured.probabilities)
    right = metrics.is_right(measured.probabilities, split.labels)
    bins = metrics.reliability_bins(confidence, right)
    error = metrics.calibration_error(confidence, right)
    st.markdown(
        "**Reliability.** Of the answers given with 70% confidence, 70% should be right: the "
        "dashed line. Above it, the network is too modest; below it, too sure. On average it is "
        f"{percent(error)} away. The last point stands for {bins[-1].images:,} of its "
        f"{len(split):,} answers; points with few say little."
    )
    chart.show([reliability_chart(registry.title(card.name), bins)], key="reliability")
    counts = ", ".join(f"{one.images:,}" for one in bins)
    st.caption(f"Answers per point, from the least to the most confident: {counts}.")


def reliability_chart(title: str, bins: list[Bin]) -> str:
    """Return a network's accuracy over its confidence as HTML."""
    curve = Line(
        title,
        [one.confidence for one in bins],
        [one.accuracy for one in bins],
        SERIES[0],
    )
    return charts.lines(
        "Share of right answers",
        [Line("perfect", [0, 1], [0, 1], SERIES[2], True), curve],
        Axis(0, 1, "confidence", is_percent=True),
        Axis(0, 1, is_percent=True),
        has_values=False,
    )
