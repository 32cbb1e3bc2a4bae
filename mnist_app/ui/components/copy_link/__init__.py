"""A button that puts the address of what is on the screen on the clipboard, or shares it."""

from collections.abc import Callable
from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def copy_link(query: str, asked: int, on_ask: Callable[[], None]) -> None:
    """Show the button.

    The address is made when it is asked for: the browser asks, and copies what comes then.

    Args:
        query: What follows the page's path in its address: "?..." or nothing.
        asked: How often it was asked for; the browser waits for another number.
        on_ask: Called when it is asked for.
    """
    _ELEMENT(key="copy_link", data={"query": query, "asked": asked}, on_wanted_change=on_ask)
