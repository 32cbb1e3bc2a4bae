"""The stage's keys, taps and clicks: which scene and step is shown, what covers it, and the notes.

Windows of one browser follow each other, and the drawing outlives the connection.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def stage_control(
    lesson: str,
    steps: Sequence[int],
    scene: int,
    step: int,
    on_go: Callable[[int, int], None],
    *,
    is_notes: bool = False,
    drawing: dict[str, str] | None = None,
    on_kept: Callable[[object], None] = lambda _: None,
) -> None:
    """Listen to keys, clicker and touch.

    Args:
        lesson: The lesson's name: windows with another one do not follow.
        steps: How many steps each scene has.
        scene: The scene that is shown, from 0.
        step: Its step, from 0.
        on_go: Called with another scene and step.
        is_notes: Whether this is the speaker's window.
        drawing: What the browser shall keep, as a canvas sends it; None where nothing has been
            drawn yet in this session, so that the browser may bring what it kept.
        on_kept: Called with what the browser kept, which can be anything.
    """
    key = "stage_control"

    def report_place() -> None:
        place = _sent(key, "went")
        found = read_place(place, steps)
        if found is not None:
            on_go(*found)

    def report_kept() -> None:
        on_kept(_sent(key, "kept"))

    _ELEMENT(
        key=key,
        data={
            "lesson": lesson,
            "steps": list(steps),
            "scene": scene,
            "step": step,
            "isNotes": is_notes,
            "drawing": drawing,
        },
        on_went_change=report_place,
        on_kept_change=report_kept,
    )


def _sent(key: str, name: str) -> object:
    return getattr(st.session_state[key], name, None)


def read_place(sent: object, steps: Sequence[int]) -> tuple[int, int] | None:
    """Return the scene and step that were sent, where there are such: a browser sends anything."""
    if not isinstance(sent, dict):
        return None
    scene, step = sent.get("scene"), sent.get("step")
    if type(scene) is not int or type(step) is not int or not 0 <= scene < len(steps):
        return None
    return (scene, step) if 0 <= step < steps[scene] else None
