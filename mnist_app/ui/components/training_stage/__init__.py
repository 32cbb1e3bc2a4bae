"""The stage of a training: one run as it learns, fed by one stream of events."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from mnist_app.imaging.image_files import as_base64
from mnist_app.training.moments import Moment
from mnist_app.ui.element import element

FOLDER = Path(__file__).parent
PAINTING = FOLDER / "painting.js"
"""The functions that paint one moment of a run, for other elements that show one."""
COMMANDS = ("pause", "continue", "stop", "leave", "learning_rate")
_ELEMENT = element(FOLDER)


@dataclass(frozen=True)
class Digits:
    """The watched validation images for the browser."""

    path: str
    """Of a picture with all of them, from the server's root, without a slash before it."""
    labels: str
    """A digit for each."""


def training_stage(
    run: str,
    events: str,
    digits: Digits,
    rates: tuple[float, float],
    is_own: bool,
    is_active: bool,
    key: str,
    on_command: Callable[[str, float | None], None],
) -> None:
    """Show a run on the stage. An active one reruns the script, once, when it has ended.

    Args:
        run: The run's name.
        events: The path of its stream, from the server's root, without a slash before it.
        digits: The images on its wall.
        rates: The least and the largest learning rate that may be commanded.
        is_own: Whether the visitor may steer it and is shown its drawing.
        is_active: Whether it waits or works as far as the script knows.
        key: Streamlit's key of the element.
        on_command: Called with one of COMMANDS and its value.
    """

    def report_command() -> None:
        found = _read_command(st.session_state[key].get("command"), run)
        if found is not None:
            on_command(*found)

    _ELEMENT(
        key=key,
        data={
            "run": run,
            "events": events,
            "sprite": digits.path,
            "labels": digits.labels,
            "rates": rates,
            "isOwn": is_own,
            "isActive": is_active,
        },
        on_command_change=report_command,
        on_ended_change=lambda: None,
    )


def as_moment(moment: Moment, watched: int) -> dict[str, Any]:
    """Return a moment of a run as `painting.js` paints it; `watched` images are on the wall."""
    shape = [int(length) for length in moment.kernels.shape]
    has_kernels = moment.kernels.size > 0
    indices = as_base64(np.ascontiguousarray(moment.kernels).tobytes())
    kernels = {"shape": shape, "limit": moment.limit, "indices": indices} if has_kernels else None
    answers = ["."] * watched
    for image, answer in zip(moment.wrong, moment.answers, strict=True):
        answers[image] = str(answer)
    return {"images": moment.images, "kernels": kernels, "answers": "".join(answers)}


def _read_command(sent: object, run: str) -> tuple[str, float | None] | None:
    """Return what {"run", "kind", "value"} commands; None for what is no command to this run."""
    if not isinstance(sent, dict) or sent.get("run") != run or sent.get("kind") not in COMMANDS:
        return None
    value = sent.get("value")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return sent["kind"], float(value)
    return sent["kind"], None
