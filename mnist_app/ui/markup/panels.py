"""Pictures in a row with a title each: as HTML for a page, and as one PNG file to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from mnist_app.imaging.colormap import Scale, colors
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.image_files import data_uri, encode_png
from mnist_app.imaging.normalize import Box, Image

SIDE = 140
"""How many pixels of the page the larger side of a panel's picture takes."""
MARK = (255, 79, 216)
"""The color, RGB, of what is drawn over a picture to point at something."""
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
    """The larger side on the page, in pixels of the page."""


def row(panels: Sequence[Panel], between: str = "") -> str:
    """Return panels as HTML, side by side, with the sign `between` from one to the next."""
    sign = f'<span class="lab-between" aria-hidden="true">{escape(between)}</span>'
    style = "lab-row lab-way" if between else "lab-row"
    return f'<div class="{style}">{(sign if between else "").join(map(_panel, panels))}</div>'


def legend(scale: Scale, of_what: str) -> str:
    """Return a scale as a bar of colors with its values, as HTML."""
    palette = colors(scale.palette)[:: 255 // 15]
    stops = ", ".join(f"rgb({red} {green} {blue})" for red, green, blue in palette)
    ticks = "".join(f"<span>{short(value)}</span>" for value in scale.ticks())
    return (
        f'<div class="lab-legend"><div>{escape(of_what)}</div>'
        f'<div class="lab-bar" style="background: linear-gradient(to right, {stops})"></div>'
        f'<div class="lab-ticks">{ticks}</div></div>'
    )


def short(value: float) -> str:
    """Return a number in three significant digits, or whole where large, with a true minus sign."""
    return f"{value:{',.0f' if abs(value) >= 999.5 else '.3g'}}".replace("-", "−")


def saved(title: str, panels: Sequence[Panel]) -> bytes:
    """Return a figure as a PNG file, dark text on white, five panels a line."""
    lines = [panels[first : first + _COLUMNS] for first in range(0, len(panels), _COLUMNS)]
    cell = _SAVED_SIDE + _MARGIN
    width = _MARGIN + cell * min(len(panels), _COLUMNS)
    height = 100 + len(lines) * (cell + _TITLE_HEIGHT)
    sheet = PillowImage.new("RGB", (max(width, 700), height), "white")
    pen = ImageDraw.Draw(sheet)
    pen.text((_MARGIN, 30), title, "black", ImageFont.load_default(40))
    for index, panel in enumerate(panels):
        left = _MARGIN + cell * (index % _COLUMNS)
        top = 100 + (index // _COLUMNS) * (cell + _TITLE_HEIGHT)
        pen.text((left, top), panel.title, "black", ImageFont.load_default(26))
        pen.text((left, top + 36), panel.note, "#444444", ImageFont.load_default(20))
        picture = enlarged(panel.picture, _SAVED_SIDE)
        sheet.paste(PillowImage.fromarray(picture), (left, top + _TITLE_HEIGHT - 8))
    return encode_png(np.asarray(sheet))


def enlarged(picture: Image, side: int) -> Image:
    """Return a picture with `side` pixels on its larger side, as RGB; its pixels stay square."""
    factor = side / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    resized = np.asarray(cv2.resize(picture, size, interpolation=method), dtype=np.uint8)
    return resized if resized.ndim == 3 else np.repeat(resized[..., np.newaxis], 3, axis=2)


def tiles(maps: Array, scale: Scale, across: int) -> Image:
    """Return maps (maps, rows, columns) as tiles on one RGB picture, a white line between them."""
    count, rows, columns = maps.shape
    down = -(-count // across)
    sheet = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1, 3), 255, np.uint8)
    for index, values in enumerate(maps):
        top, left = (index // across) * (rows + 1), (index % across) * (columns + 1)
        sheet[top : top + rows, left : left + columns] = scale.paint(values)
    return sheet


def show_box(ink: Image, box: Box) -> Image:
    """Return ink (height, width) as RGB with a frame around the box x, y, width, height."""
    shown = np.repeat(ink[..., np.newaxis], 3, axis=2)
    x, y, width, height = box
    corners = (x - 2, y - 2), (x + width + 1, y + height + 1)
    return np.asarray(cv2.rectangle(shown, *corners, MARK, thickness=3), dtype=np.uint8)


def show_center(image: Image) -> Image:
    """Return a small image (height, width), enlarged tenfold, as RGB with its center of mass."""
    shown = enlarged(image, 10 * max(image.shape))
    moments = cv2.moments(image)
    if moments["m00"] == 0:
        return shown
    # A pixel of the small image reaches from ten times its index to ten times the next.
    center = [round(10 * (moments[name] / moments["m00"] + 0.5)) for name in ("m10", "m01")]
    marked = cv2.drawMarker(shown, center, MARK, cv2.MARKER_CROSS, markerSize=40, thickness=4)
    return np.asarray(marked, dtype=np.uint8)


def _panel(panel: Panel) -> str:
    rows, columns = panel.picture.shape[:2]
    factor = panel.side / max(rows, columns)
    width, height = round(columns * factor), round(rows * factor)
    note = f"<small>{escape(panel.note)}</small>" if panel.note else ""
    return (
        f'<figure class="lab-panel"><figcaption>{escape(panel.title)}{note}</figcaption>'
        f'<img src="{data_uri(encode_png(panel.picture))}" width="{width}" height="{height}" '
        f'alt="{escape(panel.title)}: {columns} by {rows}"></figure>'
    )
