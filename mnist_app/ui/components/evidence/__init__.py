"""What of a digit speaks for an answer: a window that hides a part of it, and maps over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_app.imaging.colormap import around_zero
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.image_files import as_base64
from mnist_app.imaging.normalize import Image
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


@dataclass(frozen=True)
class EvidenceMap:
    """One answer to "What did it look at?"."""

    title: str
    values: Array
    """In logits, shape (rows, columns): what speaks for the digit is positive."""
    sentence: str
    """What it can and cannot say."""


def evidence(image: Image, window: int, maps: Sequence[EvidenceMap], key: str) -> None:
    """Show a digit, uint8 (28, 28), over which the visitor drags a window, and maps of it.

    `window` is the window's side in pixels, odd; with 0 there are only the maps. While it is
    dragged the element "live" is told where it is and answers for the digit without that part.
    Each map has a scale of its own around zero, whose end stands below it.
    """
    _ELEMENT(
        key=key,
        data={
            "image": as_base64(image.tobytes()),
            "window": window,
            "maps": [_packed(one) for one in maps],
        },
    )


def _packed(one: EvidenceMap) -> dict[str, object]:
    scale = around_zero(one.values)
    rows, columns = one.values.shape
    return {
        "title": one.title,
        "sentence": one.sentence,
        "rows": rows,
        "columns": columns,
        "high": scale.high,
        "indices": as_base64(scale.indices(one.values).tobytes()),
    }
