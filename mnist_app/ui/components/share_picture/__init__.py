"""A button that hands a picture to another app, on phones that can."""

from pathlib import Path

from mnist_app.imaging.image_files import as_base64
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def share_picture(png: bytes, name: str, title: str) -> None:
    """Show the button where the browser can share files; elsewhere nothing.

    Args:
        png: A PNG file of at most some 100 KB.
        name: The file's name.
        title: What the other app may call it.
    """
    data = {"png": as_base64(png), "name": name, "title": title}
    _ELEMENT(key="share_picture", data=data)
