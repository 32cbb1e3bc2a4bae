"""PNG and JPEG files as arrays, and arrays as PNG files."""

import base64
import io

import cv2
import numpy as np
import PIL.Image
import PIL.ImageOps

from mnist_app.imaging.normalize import LARGEST_SIDE, Image

MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 20_000_000}
"""A JPEG is reduced while it is decoded; a PNG takes up to eight bytes a pixel."""
UNREADABLE = "This is not a PNG or JPEG picture, or the file is damaged. Try another file."
# Drawings and pixels of one color beside each other: filters make them no smaller.
_SMALL = (cv2.IMWRITE_PNG_COMPRESSION, 6, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE)


class PictureError(Exception):
    """A file that cannot be read as a picture; the message is a sentence for the person."""


def read_picture(data: bytes) -> Image:
    """Return the pixels of a PNG or JPEG file somebody brings.

    They are uint8, shape (height, width, 3) in RGB or (height, width, 4) in RGBA. A photograph is
    turned upright as its EXIF data says. A large JPEG is reduced while it is decoded, to a larger
    side of no less than 1024 pixels. Raises PictureError for other and damaged files and for more
    than MOST_PIXELS, which is found out before anything is decoded.
    """
    try:
        with PIL.Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            _refuse_too_many_pixels(image)
            image.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))
            return _pixels(PIL.ImageOps.exif_transpose(image))
    except PIL.Image.DecompressionBombError as error:
        raise PictureError(_too_many_pixels(MOST_PIXELS["JPEG"])) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise PictureError(UNREADABLE) from error


def encode_png(image: Image) -> bytes:
    """Return a picture, uint8, gray (height, width) or RGB (height, width, 3), as a PNG file."""
    _, encoded = cv2.imencode(".png", image if image.ndim == 2 else image[..., ::-1], _SMALL)
    return encoded.tobytes()


def data_uri(png: bytes) -> str:
    """Return a PNG file as a data URI, which HTML shows without a further request."""
    return "data:image/png;base64," + as_base64(png)


def as_base64(data: bytes) -> str:
    """Return bytes as Base64 text, for HTML and JSON."""
    return base64.b64encode(data).decode("ascii")


def _refuse_too_many_pixels(image: PIL.Image.Image) -> None:
    most = MOST_PIXELS[image.format or "PNG"]
    if image.width * image.height > most:
        raise PictureError(_too_many_pixels(most))


def _too_many_pixels(most: int) -> str:
    return f"This picture is too large. Use one of at most {most // 1_000_000} million pixels."


def _pixels(image: PIL.Image.Image) -> Image:
    """Return the pixels of a decoded picture; of 16-bit gray, the upper eight bits."""
    if image.mode.startswith("I"):
        return (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
    return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
