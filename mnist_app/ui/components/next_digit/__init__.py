"""Enter for the button Next, which waits until the canvas has sent its last stroke."""

from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def next_digit() -> None:
    """Serve the button with the key "next_digit"."""
    _ELEMENT(key="next_digit_keys")
