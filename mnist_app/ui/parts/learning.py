"""One step of learning, and many on one digit: what is shown of them."""

import streamlit as st

from mnist_app.imaging import colormap
from mnist_app.networks.card import Card
from mnist_app.networks.layers import INPUT, folded_layers
from mnist_app.networks.learning import Attempts, Learner, Overfitting, Passes
from mnist_app.ui.components import chart
from mnist_app.ui.components.learning_step import LearningColumn
from mnist_app.ui.markup import charts
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.network_words import as_maps, shape_in_words
from mnist_app.ui.markup.numbers import exact_percent, percent, short_number

RATE_OF_MANY = 0.005
"""The step size of many steps on one digit."""
ARRAYS = {
    "Conv2D": ("kernels", "biases"),
    "Dense": ("weights", "biases"),
    "DepthwiseConv2D": ("weights", "biases"),
    "BatchNormalization": ("scales", "offsets"),
    "GRU": ("weights of the row", "weights of the state", "biases"),
}
"""What the arrays are called that gradients change, by Keras's class, in Keras's order."""


def columns_of(card: Card, passes: Passes) -> list[LearningColumn]:
    """Return the network from left to right, without the ten digits."""
    groups = [group for group in folded_layers(card.layers)[:-1] if group[0].name != INPUT]
    return [
        LearningColumn(
            group[0].name,
            group[0].name,
            shape_in_words(group[-1].shape).replace(" ", ""),
            as_maps(passes.outputs[group[-1].name]),
            as_maps(passes.errors[group[-1].name]),
            group[0].kind in ARRAYS,
        )
        for group in groups
    ]


def scenes_in_words(learner: Learner, passes: Passes) -> dict[str, str]:
    """Return a sentence for each scene of the step."""
    probabilities = passes.outputs["probabilities"]
    answer, right = int(probabilities.argmax()), float(probabilities[learner.label])
    return {
        "forward": (
            f"Your digit runs through the network, from left to right. It answers {answer} with "
            f"{percent(float(probabilities[answer]))}."
        ),
        "loss": (
            f"It gives the {learner.label} a probability of {percent(right)}. The loss is the "
            f"negative logarithm of that: {short_number(passes.loss)}. At 100% it would be 0."
        ),
        "backward": (
            "From the answer back to the ink, each number learns its gradient: how the loss grows "
            "when it grows. Orange would make the loss larger, blue smaller."
        ),
        "update": (
            "Each weight moves against its gradient. Too large a step forgets all other digits."
        ),
    }


def attempt_in_words(attempts: Attempts, at: int, before: float) -> str:
    """Say what a step of one size does, to this digit and to others."""
    right = attempts.images * float(attempts.accuracies[at])
    return (
        f"The loss goes from {short_number(before)} to {short_number(float(attempts.losses[at]))}. "
        f"Of {attempts.images} other digits, {right:.0f} are right then."
    )


def show_overfitting(found: Overfitting, *, with_others: bool = True) -> None:
    """The digit's loss, and what the network forgets meanwhile."""
    steps = len(found.losses) - 1
    across = Axis(0, steps, "steps on this one digit")
    loss = Line("Loss of this digit", range(steps + 1), found.losses.tolist(), colormap.SERIES[0])
    others = Line("MNIST", found.measured_after, found.accuracies, colormap.SERIES[1])
    up = Axis(0, max(float(found.losses.max()), 0.1))
    share = Axis(0, 1, is_percent=True)
    shown = [charts.lines("This digit is learned by heart", [loss], across, up)]
    if with_others:
        shown.append(charts.lines("And all others?", [others], across, share))
    chart.show(shown, key="overfitting")
    if with_others:
        _sum_up(found, steps)


def _sum_up(found: Overfitting, steps: int) -> None:
    first, last = found.accuracies[0], found.accuracies[-1]
    st.caption(
        f"Of {found.images:,} MNIST test images, {exact_percent(first)} were right before and "
        f"{exact_percent(last)} after {steps} steps of size {RATE_OF_MANY:g}. That is overfitting."
    )
