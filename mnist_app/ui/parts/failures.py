"""Where a network fails: its confusion matrix, its mistakes, and how far it can be trusted."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.analysis import scores
from mnist_app.analysis.scores import Scores
from mnist_app.data.datasets import CLASSES, Split
from mnist_app.networks.card import Card
from mnist_app.ui import session
from mnist_app.ui.components import chart
from mnist_app.ui.components.confusion import Cell, confusion
from mnist_app.ui.markup import charts, figures, panels
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.figures import percent
from mnist_app.ui.markup.panels import Panel

SHOWN = 24
SIDE = 84


def show_confusion(measured: Scores, split: Split, part: str) -> None:
    """The confusion matrix, and the images of the cell that is picked."""
    answers = measured.probabilities.argmax(axis=1)
    st.markdown(
        f"Each of the {len(split):,} {part} test images is counted in one cell: its label says in "
        "which row, the network’s answer in which column. Blue is right, orange is wrong. **Click "
        "on a cell** to see its images."
    )
    picked = session.picked_cell()
    confusion(
        scores.confusion(answers, split.labels),
        key="confusion",
        picked=picked,
        on_pick=lambda cell: session.pick(session.CELL, cell),
    )
    if picked is None:
        show_images(
            scores.mistakes(measured, split.labels), "Its most confident mistakes", measured, split
        )
        return
    show_cell(picked, answers, measured, split)
    st.button("All mistakes again", on_click=session.pick, args=(session.CELL, None))


def show_cell(cell: Cell, answers: NDArray[np.int64], measured: Scores, split: Split) -> None:
    """The images of a cell: of mistakes the surest first, of right answers the least sure."""
    label, answer = cell
    found = np.flatnonzero((split.labels == label) & (answers == answer))
    confidence = measured.probabilities[found].max(axis=1)
    is_right = label == answer
    found = found[np.argsort(confidence if is_right else -confidence, kind="stable")]
    words = f"Labeled {label}, read as {answer}"
    show_images(
        found, f"{words}, {'least' if is_right else 'most'} confident first", measured, split
    )


def show_images(found: NDArray[np.int64], title: str, measured: Scores, split: Split) -> None:
    """The first of some test images, with label, answer and confidence."""
    of = f"{SHOWN} of {len(found):,}" if len(found) > SHOWN else f"{len(found):,}"
    st.markdown(f"**{title}** ({of})")
    if not len(found):
        st.markdown("There are none.")
    shown = []
    for index in found[:SHOWN]:
        answer, label = int(measured.probabilities[index].argmax()), split.labels[index]
        words = f"{label}" if answer == label else f"{label}, read as {answer}"
        sure = percent(float(measured.probabilities[index].max()))
        shown.append(Panel(words, split.images[index], f"{sure}, no. {index:,}", SIDE))
    st.html(panels.row(shown))


def show_digits(measured: Scores, split: Split) -> None:
    """The accuracy on each digit."""
    right = measured.probabilities.argmax(axis=1) == split.labels
    counts = np.bincount(split.labels, minlength=CLASSES)
    wrong = np.bincount(split.labels[~right], minlength=CLASSES)
    shares = (wrong / np.maximum(counts, 1)).tolist()
    st.markdown("**Accuracy by digit, in percent.** The bar is the share that it gets wrong.")
    st.html(
        figures.bars(
            shares,
            [f"{100 * (1 - share):.1f}" for share in shares],
            [str(digit) for digit in range(CLASSES)],
            "Accuracy by digit",
        )
    )


def show_reliability(measured: Scores, split: Split, card: Card) -> None:
    """Whether it is right as often as it says."""
    bins = scores.reliability(measured, split.labels)
    axis = Axis(0, 1, "confidence", is_percent=True)
    confidence = measured.probabilities.max(axis=1)
    right = measured.probabilities.argmax(axis=1) == split.labels
    error = scores.calibration_error(confidence, right)
    st.markdown(
        "**Reliability.** Of the answers that it gives with 70% confidence, 70% should be right: "
        "the curve should follow the dashed line. Above it the network is too modest, below it too "
        f"sure. The distance is {percent(error)} on average (expected calibration error); "
        f"{bins[-1].images:,} of its {len(split):,} answers lie in the last point, and a point of "
        "few answers says little."
    )
    chart.show(
        [
            charts.lines(
                "Share that is right",
                [
                    Line("as it says", [0, 1], [0, 1], charts.COLORS[2], True),
                    Line(
                        card.name,
                        [one.confidence for one in bins],
                        [one.accuracy for one in bins],
                        charts.COLORS[0],
                    ),
                ],
                axis,
                Axis(0, 1, is_percent=True),
                has_values=False,
            )
        ],
        key="reliability",
    )
    st.caption(
        "Answers a point, from the least confident on: "
        + ", ".join(f"{one.images:,}" for one in bins)
        + "."
    )
