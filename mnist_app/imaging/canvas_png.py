"""PNG files as a browser's canvas writes them: nothing else is decoded.

A browser can send any bytes. What they cost is bounded by the size of the canvas: the header has to
claim that, the chunks have to lie within the file, and the pixels have to be as many as claimed.
Only then does OpenCV get them, and no other chunk.
"""

import zlib

import cv2
import numpy as np

from mnist_app.imaging.image_files import PictureError
from mnist_app.imaging.normalize import Image

LONGEST = 350_000
"""Bytes of a file: a canvas of noise, which no compression makes smaller, has 314,000."""
MOST_CHUNKS = 500
"""Browsers cut the pixels into chunks of some kilobytes."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ENDING = b"\0\0\0\0IEND\xaeB`\x82"
# What follows width and height: eight bits a value, the color type, and the one way each to
# compress, to filter and to interlace; and how many values a pixel has, in gray, RGB and RGBA.
_CHANNELS = {b"\x08\0\0\0\0": 1, b"\x08\x02\0\0\0": 3, b"\x08\x06\0\0\0": 4}
# Before each row stands how it was filtered.
_FILTERS = frozenset(range(5))
# Around the content of a chunk stand its length, its type and its checksum, four bytes each.
_FRAME_BYTES = 12
_COLORS = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


def decode(png: bytes, side: int) -> Image:
    """Return the pixels of a square canvas of `side` pixels.

    They are uint8, shape (side, side) in gray, (side, side, 3) in RGB or (side, side, 4) in RGBA.
    Raises PictureError for anything else.
    """
    header, *data = _header_and_data(png)
    _check_pixels(header[8:-4], b"".join(chunk[8:-4] for chunk in data), side)
    checked = b"".join([_SIGNATURE, header, *data, _ENDING])
    picture = cv2.imdecode(np.frombuffer(checked, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.dtype != np.uint8 or picture.shape[:2] != (side, side):
        raise PictureError("The pixels of this PNG file are damaged.")
    if picture.ndim == 2:
        return np.asarray(picture)
    return np.asarray(cv2.cvtColor(picture, _COLORS[picture.shape[2]]), dtype=np.uint8)


def _header_and_data(png: bytes) -> list[bytes]:
    """Return the chunks of a PNG file that its pixels need, whole. Raises PictureError.

    https://www.w3.org/TR/png-3/#5Chunk-layout
    """
    if len(png) > LONGEST or not png.startswith(_SIGNATURE):
        raise PictureError("This is no PNG file of a canvas.")
    found: list[bytes] = []
    at = len(_SIGNATURE)
    for _ in range(MOST_CHUNKS):
        length, kind = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        chunk = png[at : at + _FRAME_BYTES + length]
        at += len(chunk)
        if len(chunk) != _FRAME_BYTES + length or (kind == b"IHDR") == bool(found):
            raise PictureError("The chunks of this PNG file are damaged.")
        if kind == b"IEND":
            return found
        if kind in (b"IHDR", b"IDAT"):
            _check_sum(chunk)
            found.append(chunk)
    raise PictureError("This PNG file has too many chunks.")


def _check_sum(chunk: bytes) -> None:
    if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
        raise PictureError("A chunk of this PNG file is damaged.")


def _check_pixels(header: bytes, compressed: bytes, side: int) -> None:
    """Raise PictureError unless there are exactly the pixels of a canvas."""
    channels = _CHANNELS.get(header[8:], 0)
    if not channels or header[:8] != 2 * side.to_bytes(4):
        raise PictureError("This PNG file is no canvas.")
    row = 1 + channels * side
    stream = zlib.decompressobj()
    try:
        filtered = stream.decompress(compressed, side * row + 1)
    except zlib.error as error:
        raise PictureError("The pixels of this PNG file are damaged.") from error
    is_whole = len(filtered) == side * row and stream.eof and not stream.unused_data
    if not is_whole or not _FILTERS.issuperset(filtered[::row]):
        raise PictureError("The pixels of this PNG file are damaged.")
