"""What would change its mind: the shortest stroke to each other digit."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.explain.counterfactual import Counterfactual
from mnist_app.explain.questions import AskStrokes, Explained
from mnist_app.explain.tries import MOST_INK
from mnist_app.inference import Refused
from mnist_app.ui import canvas, layout, why_session
from mnist_app.ui.components.change_of_mind import change_of_mind
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup.numbers import exact_percent
from mnist_app.ui.parts import asking

NAME = "strokes"


def show(
    subject: Drawing,
    explained: Explained,
    probabilities: NDArray[np.float32],
    *,
    only_next: bool = False,
) -> None:
    """Show the strokes that are known; those to the next digit are looked for in a rerun each.

    With `only_next` the digit that is likely next is the only one. Call it last: a rerun leaves
    what follows as it was.
    """
    token = explained.key, subject.version, subject.image.tobytes()
    found: dict[int, list[Counterfactual]] = why_session.answered(NAME, token) or {}  # type: ignore[assignment]
    last = 2 if only_next else len(probabilities)
    likely_first = [int(digit) for digit in np.argsort(-probabilities)[1:last]]
    left = [digit for digit in likely_first if digit not in found]
    if left and not found:
        answer = asking.why(AskStrokes(explained, subject.normalized.ink, (left[0],)))
        if isinstance(answer, Refused):
            st.info(answer.reason, icon=":material/info:")
            return
        found = {**found, **answer}
        why_session.keep_answer(NAME, token, found)
        left = left[1:]
    change_of_mind(
        subject.normalized.ink,
        probabilities,
        {digit: found[digit] for digit in likely_first if digit in found},
        f"No stroke of at most {exact_percent(MOST_INK, 0)} of its ink makes it a {{digit}}.",
        "change_of_mind",
        take,
    )
    if left:
        st.caption(f"Looking for the shortest stroke to {left[0]} …")
        answer = asking.why(AskStrokes(explained, subject.normalized.ink, (left[0],)))
        if not isinstance(answer, Refused):
            why_session.keep_answer(NAME, token, {**found, **answer})
            layout.show_again()


def take(found: Counterfactual) -> None:
    """Put a stroke onto the visitor's canvas."""
    canvas.put_whole(found.canvas, "Your digit with the change that makes it another one")
