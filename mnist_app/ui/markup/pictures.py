"""Arrays become pictures: tiles side by side, marks that point at something, an image in HTML."""

import cv2
import numpy as np
from markupsafe import Markup

from mnist_app.imaging.colormap import MARK, Scale
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.image_files import data_uri, encode_png
from mnist_app.imaging.normalize import Box, Image


def img(picture: Image, alt: str, size: tuple[int, int] | None = None) -> Markup:
    """Return a picture as HTML that needs no request of its own.

    Args:
        picture: uint8, gray (rows, columns) or RGB (rows, columns, 3).
        alt: What is to be seen, in words.
        size: Width and height on the page, in CSS pixels; without it the style sheet decides.
    """
    sides = Markup(' width="{}" height="{}"').format(*size) if size else ""
    return Markup('<img src="{}"{} alt="{}">').format(data_uri(encode_png(picture)), sides, alt)


def enlarged(picture: Image, side: int) -> Image:
    """Return a picture with `side` pixels on its larger side, as RGB; its pixels stay square.

    Args:
        picture: uint8, gray (rows, columns) or RGB (rows, columns, 3).
        side: At least 1.
    """
    factor = side / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    resized = np.asarray(cv2.resize(picture, size, interpolation=method), dtype=np.uint8)
    return resized if resized.ndim == 3 else np.repeat(resized[..., np.newaxis], 3, axis=2)


def tiles(maps: Array, scale: Scale, across: int) -> Image:
    """Return maps as tiles on one picture, with a white line between them.

    Args:
        maps: Shape (maps, rows, columns).
        scale: The colors of all of them.
        across: How many tiles stand side by side, at least 1.

    Returns:
        RGB, uint8 (height, width, 3).
    """
    count, rows, columns = maps.shape
    down = -(-count // across)
    picture = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1, 3), 255, np.uint8)
    for index, values in enumerate(maps):
        top, left = (index // across) * (rows + 1), (index % across) * (columns + 1)
        picture[top : top + rows, left : left + columns] = scale.paint(values)
    return picture


def show_box(ink: Image, box: Box) -> Image:
    """Return ink, uint8 (height, width), as RGB with a frame around `box`: x, y, width, height."""
    shown = np.repeat(ink[..., np.newaxis], 3, axis=2)
    x, y, width, height = box
    corners = (x - 2, y - 2), (x + width + 1, y + height + 1)
    return np.asarray(cv2.rectangle(shown, *corners, MARK, thickness=3), dtype=np.uint8)


def show_center(image: Image) -> Image:
    """Return a small image, uint8 (height, width), tenfold and RGB, its center of mass marked."""
    shown = enlarged(image, 10 * max(image.shape))
    moments = cv2.moments(image)
    if moments["m00"] == 0:
        return shown
    # A pixel of the small image reaches from ten times its index to ten times the next.
    center = [round(10 * (moments[name] / moments["m00"] + 0.5)) for name in ("m10", "m01")]
    marked = cv2.drawMarker(shown, center, MARK, cv2.MARKER_CROSS, markerSize=40, thickness=4)
    return np.asarray(marked, dtype=np.uint8)
