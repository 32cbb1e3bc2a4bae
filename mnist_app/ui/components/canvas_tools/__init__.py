"""What the buttons and keys beside the canvas do in the browser, and how it is read aloud."""

from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def canvas_tools(canvas: str, *, begins_empty: bool) -> None:
    """Serve the canvas with the key `canvas`.

    `begins_empty` says that there was nothing on it when it was mounted: then the browser clears it
    by itself, and asks the server for nothing. The buttons are found by their keys, "undo" and
    "clear".
    """
    _ELEMENT(key="drawing_tools", data={"canvas": canvas, "beginsEmpty": begins_empty})
