"""The page of a phone in a room: one canvas, the network's answer, one button.

It is no page of Streamlit's: a phone costs the server no session.
"""

import functools
from pathlib import Path
from string import Template

import streamlit as st

from mnist_app.classroom import codes
from mnist_app.classroom.drawings import NO_DIGIT
from mnist_app.classroom.room import CLOSED, PAUSED
from mnist_app.data import canvas_strokes
from mnist_app.data.strokes import CANVAS_SIDE
from mnist_app.imaging.normalize import Problem
from mnist_app.ui.components.live import CONSTANTS
from mnist_app.ui.element import COMPONENTS, module, publish

PEN_WIDTH = 18
"""In pixels of a canvas of CANVAS_SIDE."""
_FOLDER = Path(__file__).parent
_SCRIPTS = [
    *(COMPONENTS / "live" / f"{name}.js" for name in ("normalization", "network", "answers")),
    *(_FOLDER / f"{name}.js" for name in ("sheet", "outbox", "join")),
]
_CONSTANTS = {
    **CONSTANTS,
    "SIDE": CANVAS_SIDE,
    "PEN_WIDTH": PEN_WIDTH,
    "TENTHS": canvas_strokes.TENTHS,
    "NO_DIGIT": NO_DIGIT,
    "PROBLEMS": {problem.name.lower(): problem.value for problem in Problem},
    "SENTENCES": {"paused": PAUSED, "closed": CLOSED},
}


_SCRIPT = publish("join", module(_SCRIPTS, _CONSTANTS))


@functools.cache
def page() -> str:
    """Return the page as HTML."""
    base = st.get_option("server.baseUrlPath").strip("/")
    html = Template((_FOLDER / "join.html").read_text(encoding="utf-8"))
    return html.substitute(
        style=(_FOLDER / "join.css").read_text(encoding="utf-8"),
        script=f"/{_SCRIPT}",
        fonts=f"/{base}/fonts" if base else "/fonts",
        length=codes.LENGTH,
        digits="".join(
            f'<button type="button" value="{digit}">{digit}</button>' for digit in range(NO_DIGIT)
        ),
        none=NO_DIGIT,
        bars="".join(f"<i>{digit}</i>" for digit in range(NO_DIGIT)),
    )
