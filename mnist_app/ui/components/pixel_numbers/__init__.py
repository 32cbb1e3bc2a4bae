"""From the canvas to 784 numbers: five pictures, the numbers in square cells, and one in detail.

It follows the pen, and a cell can be found on the canvas and the other way around.
"""

from pathlib import Path

from mnist_app.imaging.image_files import as_base64, encode_png
from mnist_app.imaging.normalize import Normalized
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def pixel_numbers(seen: Normalized, moved: tuple[int, int] | None, key: str) -> None:
    """Show every step on the way to 28x28, and its numbers.

    Args:
        seen: What is on the canvas, or an example in its place.
        moved: How far right and down the ink was moved from where it is on the canvas; None where
            it is not on the canvas.
        key: Keeps the chosen cell over reruns.
    """
    rows, columns = seen.scaled.shape
    _ELEMENT(
        key=key,
        data={
            "crop": as_base64(encode_png(seen.crop)),
            "width": seen.gray.shape[1],
            "height": seen.gray.shape[0],
            "box": dict(zip(("x", "y", "width", "height"), seen.box, strict=True)),
            "scaled": {
                "width": columns,
                "height": rows,
                "values": as_base64(seen.scaled.tobytes()),
            },
            "image": as_base64(seen.image.tobytes()),
            "moved": moved,
        },
    )
