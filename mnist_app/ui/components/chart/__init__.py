"""Charts side by side, drawn as SVG by `charts`, in the colors of the theme."""

from collections.abc import Sequence
from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def show(charts: Sequence[str], key: str) -> None:
    """Show charts, each the HTML that `charts.lines` returns."""
    _ELEMENT(key=key, data={"charts": list(charts)})
