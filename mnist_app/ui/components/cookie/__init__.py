"""A cookie that is kept for a year, so that a browser can be known again."""

from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def cookie(name: str, value: str) -> None:
    """Keep `value` in the visitor's browser under `name`, where nothing is kept there yet."""
    _ELEMENT(key="cookie", data={"name": name, "value": value})
