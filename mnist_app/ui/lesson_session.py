"""What the lessons and the stage keep for one visitor, beside what all pages keep in `session`."""

from dataclasses import dataclass

import streamlit as st

from mnist_app.ui import session

CONTENTS = "scene_contents"
LESSON = "scene_lesson"
ANSWER = "scene_answer_"
_PLACE = "scene_place"


@dataclass(frozen=True)
class KeptPlace:
    """A step of a scene of a lesson, by name."""

    lesson: str
    scene: str
    step: int
    unknown: str = ""
    """What the address calls a scene although there is none."""


def place() -> KeptPlace | None:
    """Return where in the lessons the visitor is; None before he was there."""
    kept: KeptPlace | None = st.session_state.get(_PLACE)
    return kept


def keep_place(place: KeptPlace) -> None:
    """Remember where in the lessons the visitor is."""
    st.session_state[_PLACE] = place


def answer(scene: str) -> int | None:
    """Return which answer the visitor gave to a scene's question; None for none."""
    return session.picked_number(f"{ANSWER}{scene}")
