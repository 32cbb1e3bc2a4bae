"""What fools it: noise that a person hardly sees, and which network stands it best."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.explain.questions import STRENGTHS, AskNoise, Explained
from mnist_app.imaging.colormap import SERIES
from mnist_app.inference import Refused
from mnist_app.networks import registry
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui import resources, session, why_session
from mnist_app.ui.components import chart
from mnist_app.ui.components.noise import noise
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import charts
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.parts import asking

MANY_STEPS = 10
WAYS = {1: "One step", MANY_STEPS: "Ten small steps"}


def show(subject: Drawing, explained: Explained, probabilities: NDArray[np.float32]) -> None:
    """Let the visitor choose a digit, and show the noise that is to make the network say it."""
    answer, runner_up = (int(digit) for digit in np.argsort(-probabilities)[:2])
    digits = [digit for digit in range(CLASSES) if digit != answer]
    if st.session_state.get(why_session.NOISE_DIGIT) not in digits:
        session.pick(why_session.NOISE_DIGIT, runner_up)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            f"Make {answer} look like", digits, required=True, key=why_session.NOISE_DIGIT
        )
        steps: int = st.segmented_control(
            "Noise in",
            [*WAYS],
            format_func=WAYS.__getitem__,
            default=MANY_STEPS,
            required=True,
            key=why_session.NOISE_STEPS,
        )
    wanted = runner_up if chosen is None else chosen
    others = [name for name in NETWORKS if name != explained.network]
    show_noise(explained, subject, wanted, others, steps)
    show_resistance(explained.network)
    if explained.interventions or explained.randomized:
        st.caption("The curves are of the networks as they were trained.")


def show_noise(
    explained: Explained,
    subject: Drawing,
    wanted: int,
    others: Sequence[str],
    steps: int = MANY_STEPS,
) -> None:
    """Show noise that is to make a network say a digit, and what other networks say to it."""
    question = AskNoise(explained, subject.image, wanted, STRENGTHS, steps, tuple(others))
    token = explained.key, subject.image.tobytes(), wanted, steps, *others
    found = asking.why_once("noise", question, token)
    if isinstance(found, Refused):
        st.info(found.reason, icon=":material/info:")
        return
    titles = {name: registry.title(name) for name in found.probabilities}
    reject_below = {name: resources.card(name).reject_below for name in found.probabilities}
    noise(found, titles, reject_below, wanted, "noise")


def show_resistance(chosen: str) -> None:
    """Which network is hardest to fool."""
    lines, images = [], 0
    names = [chosen, *(name for name in NETWORKS if name != chosen)]
    for name, color in zip(names, SERIES, strict=False):
        found = resources.resistance(name)
        if found is not None:
            images = found.images
            lines.append(Line(registry.title(name), STRENGTHS, found.accuracies, color))
    if lines:
        across = Axis(0, STRENGTHS[-1], "change of each pixel, of 255")
        title = f"Who is hardest to fool? Accuracy on {images} test images, one step against each"
        up = Axis(0, 1, is_percent=True)
        with st.container(width=640):
            chart.show([charts.lines(title, lines, across, up)], key="resistance")
