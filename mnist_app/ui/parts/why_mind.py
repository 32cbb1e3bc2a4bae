"""What would change its mind: the strokes with the least ink to each other digit."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.explain.counterfactual import MOST_INK, Counterfactual
from mnist_app.explain.questions import AskStrokes, Explained
from mnist_app.inference import Refused
from mnist_app.ui import canvas, layout, session, why_session
from mnist_app.ui.components.change_of_mind import change_of_mind
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup.numbers import exact_percent
from mnist_app.ui.parts import asking

NAME = "strokes"


@dataclass(frozen=True)
class ShortestStrokes:
    """What would change a network's mind about a drawing: the strokes to other digits."""

    subject: Drawing
    explained: Explained
    probabilities: NDArray[np.float32]
    only_next: bool = False
    """Whether the digit that is likely next is the only one."""

    def show(self) -> None:
        """Show the strokes that are known; `search` looks for the others."""
        found = self._found()
        change_of_mind(
            self.subject.normalized.ink,
            self.probabilities,
            {digit: found[digit] for digit in self._wanted() if digit in found},
            f"With at most {exact_percent(MOST_INK, 0)} of its ink changed, nothing was found that "
            "makes it a {digit}.",
            "change_of_mind",
            take,
        )

    def search(self) -> None:
        """Look for the strokes to the next digit and show the fragment again, until all are known.

        Call it last: nothing after it would be reached before that.
        """
        found = self._found()
        left = [digit for digit in self._wanted() if digit not in found]
        if not left:
            return
        ink = self.subject.normalized.ink
        answer = asking.why(AskStrokes(self.explained, ink, (left[0],)))
        if isinstance(answer, Refused):
            st.info(answer.reason, icon=":material/info:")
            return
        why_session.keep_answer(NAME, self._token(), {**found, **answer})
        layout.show_again()

    def _found(self) -> dict[int, list[Counterfactual]]:
        """Return the strokes to the digits that were searched for."""
        found = why_session.answered(NAME, self._token())
        return cast("dict[int, list[Counterfactual]]", found or {})

    def _token(self) -> object:
        """Return what tells the strokes of one drawing and network from those of others."""
        return self.explained.key, self.subject.version, self.subject.image.tobytes()

    def _wanted(self) -> list[int]:
        """Return the digits that are searched for, likely ones first."""
        others = [int(digit) for digit in np.argsort(-self.probabilities)[1:]]
        return others[:1] if self.only_next else others


def take(found: Counterfactual) -> None:
    """Put a stroke onto the visitor's canvas."""
    drawn = session.drawing()
    canvas.put_whole(found.canvas, "Your digit with the change that makes it another one")
    why_session.keep_before(drawn, session.drawing().canvas)


def offer_back() -> None:
    """Let the visitor take back a stroke that was put onto the canvas."""
    drawn = why_session.before(session.drawing().canvas)
    if drawn is not None:
        st.button(
            "Take it back",
            icon=":material/undo:",
            key="take_back",  # which Undo presses: components/canvas_tools
            on_click=take_back,
            args=(drawn,),
        )


def take_back(drawn: Drawing) -> None:
    """Put the drawing onto the canvas that was there before the last stroke."""
    canvas.put_back(drawn)
    why_session.forget_before(session.drawing().canvas)
