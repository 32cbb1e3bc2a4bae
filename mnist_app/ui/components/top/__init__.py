"""Where a page begins: at its top, however far the page before it was scrolled."""

from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def go_to_top(arrivals: int) -> None:
    """Scroll to the top at each arrival but a session's first; Streamlit leaves this to chance."""
    _ELEMENT(key="top", data={"arrivals": arrivals})
