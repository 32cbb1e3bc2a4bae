"""Pictures in a row with a title each: as HTML for a page, and as one PNG file to keep."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import Image
from mnist_app.ui.markup.pictures import enlarged, img

SIDE = 140
"""How many CSS pixels the larger side of a panel's picture takes."""
_SAVED_SIDE = 420
_MARGIN = 30
_TITLE_HEIGHT = 84
_COLUMNS = 5


@dataclass(frozen=True)
class Panel:
    """One picture of a figure."""

    title: str
    picture: Image
    """uint8, gray (rows, columns) or RGB (rows, columns, 3)."""
    note: str = ""
    """What else is to be said, in small type."""
    side: int = SIDE
    """The larger side on the page, in CSS pixels."""


def row(panels: Sequence[Panel], between: str = "") -> Markup:
    """Return panels as HTML, side by side, with the sign `between` from one to the next."""
    sign = Markup('<span class="lab-between" aria-hidden="true">{}</span>').format(between)
    style, joint = ("lab-row lab-sequence", sign) if between else ("lab-row", Markup(""))
    return Markup('<div class="{}">{}</div>').format(style, joint.join(map(_panel, panels)))


def tight_row(panels: Sequence[Panel]) -> Markup:
    """Return small panels as HTML, side by side with little space between them."""
    return Markup('<div class="lab-tight">{}</div>').format(row(panels))


def saved(title: str, panels: Sequence[Panel]) -> bytes:
    """Return a figure as a PNG file, dark text on white, five panels a line."""
    lines = [panels[first : first + _COLUMNS] for first in range(0, len(panels), _COLUMNS)]
    cell = _SAVED_SIDE + _MARGIN
    width = _MARGIN + cell * min(len(panels), _COLUMNS)
    height = 100 + len(lines) * (cell + _TITLE_HEIGHT)
    figure = PillowImage.new("RGB", (max(width, 700), height), "white")
    pen = ImageDraw.Draw(figure)
    pen.text((_MARGIN, 30), title, "black", ImageFont.load_default(40))
    for index, panel in enumerate(panels):
        left = _MARGIN + cell * (index % _COLUMNS)
        top = 100 + (index // _COLUMNS) * (cell + _TITLE_HEIGHT)
        pen.text((left, top), panel.title, "black", ImageFont.load_default(26))
        pen.text((left, top + 36), panel.note, "#444444", ImageFont.load_default(20))
        picture = enlarged(panel.picture, _SAVED_SIDE)
        figure.paste(PillowImage.fromarray(picture), (left, top + _TITLE_HEIGHT - 8))
    return encode_png(np.asarray(figure))


def _panel(panel: Panel) -> Markup:
    rows, columns = panel.picture.shape[:2]
    factor = panel.side / max(rows, columns)
    size = round(columns * factor), round(rows * factor)
    note = Markup("<small>{}</small>").format(panel.note) if panel.note else ""
    return Markup('<figure class="lab-panel"><figcaption>{}{}</figcaption>{}</figure>').format(
        panel.title, note, img(panel.picture, f"{panel.title}: {columns} by {rows}", size)
    )
