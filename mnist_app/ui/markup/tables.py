"""Tables: a label beside an answer, and published results."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.ui.markup.fragments import joined
from mnist_app.ui.markup.numbers import exact_percent, short_share

# The errors at which a bar of the results has no length, and its whole length.
_NO_BAR, _WHOLE_BAR = 0.0005, 0.2


@dataclass(frozen=True)
class Result:
    """A line in the table of results."""

    error: float
    """The share of the test images that is read wrong, 0 to 1."""
    title: str
    year: str
    by: str
    kind: Literal["here", "committee", "published"]
    """A network of this app, one published committee of several, or one published network."""
    link: str = ""
    """Where it was published."""


@dataclass(frozen=True)
class NetworkRow:
    """A line in the table of networks, as it is shown."""

    title: str
    kind: str
    accuracy: str
    """On MNIST's test images."""
    interval: str
    """The confidence interval of the accuracy."""
    people: str
    """The accuracy on people's handwriting."""
    parameters: str
    time: str
    """For one image."""
    training: str
    """The time that it took."""
    is_chosen: bool


@dataclass(frozen=True)
class RunRow:
    """A line in the table of runs, as it is shown."""

    name: str
    state: str
    """Where it is, and whose it is where it is somebody else's."""
    network: str
    parameters: str
    images: str
    """What it learns from."""
    optimizer: str
    epochs: str
    time: str
    """Of fitting, until now."""
    accuracy: str
    """On the test images; empty until it has ended."""


def runs_table(rows: Sequence[RunRow]) -> Markup:
    """Return runs as HTML, a line each."""
    return Markup(
        '<div class="lab-wide"><table class="lab-runs"><tr><th scope="col">Run</th>'
        '<th scope="col">Network</th><th scope="col">Learns from</th>'
        '<th scope="col" class="number">Epochs</th>'
        '<th scope="col" class="number">Test accuracy</th></tr>{}</table></div>'
    ).format(joined(map(_run_row, rows)))


def _run_row(row: RunRow) -> Markup:
    return Markup(
        '<tr><th scope="row">{}<small>{}</small></th><td>{}<small>{}</small></td>'
        '<td>{}<small>{}</small></td><td class="number">{}<small>{}</small></td>'
        '<td class="number">{}</td></tr>'
    ).format(
        *(row.name, row.state, row.network, row.parameters, row.images, row.optimizer),
        *(row.epochs, row.time, row.accuracy),
    )


def networks_table(rows: Sequence[NetworkRow]) -> Markup:
    """Return networks as HTML, a line each; the chosen one stands out."""
    heads = ("Network", "MNIST", "People", "Parameters", "Per image", "Training")
    return Markup(
        '<div class="lab-wide"><table class="lab-networks"><tr>{}</tr>{}</table></div>'
    ).format(
        joined(Markup('<th scope="col">{}</th>').format(head) for head in heads),
        joined(map(_network_row, rows)),
    )


def _network_row(row: NetworkRow) -> Markup:
    return Markup(
        '<tr{}><th scope="row">{}<small>{}</small></th><td>{}<small>{}</small></td><td>{}</td>'
        "<td>{}</td><td>{}</td><td>{}</td></tr>"
    ).format(
        Markup(' class="here" aria-current="true"') if row.is_chosen else "",
        *(row.title, row.kind, row.accuracy, row.interval),
        *(row.people, row.parameters, row.time, row.training),
    )


def one_hot_table(one_hot: NDArray[np.float32], probabilities: NDArray[np.float32]) -> Markup:
    """Return a label beside a network's answer and their loss, as HTML.

    The loss is the cross-entropy: minus the sum of one_hot * ln(probabilities).

    Args:
        one_hot: Shape (10,): 1 in the label's place, 0 elsewhere.
        probabilities: Shape (10,), summing to 1.
    """
    label = int(one_hot.argmax())
    rows = joined(
        Markup('<tr class="{}"><th>{}</th><td>{:.0f}</td><td>{}</td><td>{}</td></tr>').format(
            "first" if digit == label else "",
            digit,
            one_hot[digit],
            short_share(float(probabilities[digit])),
            short_share(float(one_hot[digit] * probabilities[digit])),
        )
        for digit in range(CLASSES)
    )
    return Markup(
        '<table class="lab-one-hot" aria-label="Label and answer"><tr><th>Digit</th><th>Label</th>'
        '<th>Answer</th><th>Product</th></tr>{}</table><p class="lab-loss">{}</p>'
    ).format(rows, _loss(float(one_hot @ probabilities)))


def answer_beside_label(
    probabilities: NDArray[np.float32], one_hot: NDArray[np.float32] | None, *, with_loss: bool
) -> Markup:
    """Return a network's answer as HTML, a column a digit, and the label below it.

    All is as large without the label or the loss as with them.

    Args:
        probabilities: Shape (10,), summing to 1.
        one_hot: Shape (10,): 1 in the label's place, 0 elsewhere; None hides it.
        with_loss: Whether the loss stands below.
    """
    digits = range(CLASSES)
    label = None if one_hot is None else int(one_hot.argmax())
    rows = (
        ("Digit", [str(digit) for digit in digits]),
        ("Answer", [short_share(float(share)) for share in probabilities]),
        ("Label", ["" if label is None else str(int(digit == label)) for digit in digits]),
    )
    is_known = with_loss and label is not None
    loss = _loss(float(probabilities[label])) if is_known else Markup("&nbsp;")
    return Markup(
        '<table class="lab-beside" aria-label="Answer and label">{}</table>'
        '<p class="lab-loss">{}</p>'
    ).format(joined(_across(name, cells, label) for name, cells in rows), loss)


def _across(name: str, cells: Sequence[str], label: int | None) -> Markup:
    """Return a row with a cell for each digit; that of the label stands out."""
    return Markup("<tr><th>{}</th>{}</tr>").format(
        name if any(cells) else Markup("&nbsp;"),
        joined(
            Markup('<td class="{}">{}</td>').format("first" if digit == label else "", cell)
            for digit, cell in enumerate(cells)
        ),
    )


def _loss(product: float) -> Markup:
    loss = -math.log(max(product, 1e-30))
    if loss < 0.0001:
        return Markup("Loss = −ln 0.9999… &lt; <strong>0.0001</strong>")
    return Markup("Loss = −ln {:.4g} = <strong>{:.4f}</strong>").format(product, loss)


def results_table(results: Sequence[Result]) -> Markup:
    """Return results as HTML, the largest error first, each with a bar on a logarithmic scale."""
    ordered = sorted(results, key=lambda result: -result.error)
    return Markup(
        '<div class="lab-wide"><table class="lab-results"><tr><th>Wrong on the test images</th>'
        "<th></th><th>Year</th><th>By</th></tr>{}</table></div>"
    ).format(joined(map(_result_row, ordered)))


def _result_row(result: Result) -> Markup:
    length = math.log(max(result.error, 1e-9) / _NO_BAR) / math.log(_WHOLE_BAR / _NO_BAR)
    by: str = result.by
    if result.link:
        by = Markup('<a href="{}">{}</a>').format(result.link, result.by)
    return Markup(
        '<tr class="{}"><td><b>{}</b><i style="--share: {:.3f}"></i></td>'
        "<td>{}</td><td>{}</td><td>{}</td></tr>"
    ).format(
        result.kind,
        exact_percent(result.error, 2),
        min(1.0, max(0.02, length)),
        result.title,
        result.year,
        by,
    )
