"""Where a page begins: at its top, however far the page before it was scrolled."""

from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def scroll_to_top(arrivals: int) -> None:
    """Scroll to the top at each arrival but a session's first; Streamlit leaves this to chance.

    Args:
        arrivals: How often the visitor came to a page, from 1 on.
    """
    _ELEMENT(key="scroll_to_top", data={"arrivals": arrivals})
