"""The canvas's PNG files: what browsers write is read, and nothing else costs anything."""

import resource
import time
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnist_app.imaging import canvas_png
from mnist_app.imaging.image_files import PictureError, encode_png
from tests.support.handwriting import drawn

SIDE = 280
BEGINNING = b"\x89PNG\r\n\x1a\n"
HEADER = SIDE.to_bytes(4) * 2 + b"\x08\x06\0\0\0"
PIXELS = bytes(SIDE * (1 + 4 * SIDE))


def chunk(kind: bytes, content: bytes, length: int | None = None) -> bytes:
    claimed = len(content) if length is None else length
    return claimed.to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


def file(*chunks: bytes, header: bytes = HEADER) -> bytes:
    return b"".join([BEGINNING, chunk(b"IHDR", header), *chunks, chunk(b"IEND", b"")])


def pixels(content: bytes = PIXELS) -> bytes:
    return chunk(b"IDAT", zlib.compress(content, 9))


def written(picture: NDArray[np.uint8], *options: int) -> bytes:
    """Return what OpenCV writes; its colors stand in another order."""
    return bytes(cv2.imencode(".png", picture, options)[1].tobytes())


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_every_kind_that_browsers_write_is_read(channels: int, level: int) -> None:
    noise = np.random.default_rng(level).integers(0, 256, (SIDE, SIDE, channels), np.uint8)
    for picture in (noise, np.repeat(drawn(5)[..., np.newaxis], channels, axis=2)):
        png = written(picture.squeeze(), cv2.IMWRITE_PNG_COMPRESSION, level)
        read = canvas_png.decode(png, SIDE)
        bgr = read if channels == 1 else read[..., [2, 1, 0, 3][:channels]]
        assert np.array_equal(bgr, picture.squeeze())


def test_chunks_beside_the_pixels_are_left_out() -> None:
    png = encode_png(drawn(5))
    ends = len(BEGINNING) + 25
    animated = png[:ends] + chunk(b"acTL", b"\xff" * 8) + chunk(b"tEXt", b"a\0b") + png[ends:]
    assert np.array_equal(canvas_png.decode(animated, SIDE), drawn(5))


def in_other_formats() -> list[bytes]:
    endings = (".bmp", ".tiff", ".jpg", ".webp", ".pgm")
    return [cv2.imencode(ending, drawn(5))[1].tobytes() for ending in endings]


def header(width: int = SIDE, height: int = SIDE, rest: bytes = b"\x08\x06\0\0\0") -> bytes:
    return file(pixels(), header=width.to_bytes(4) + height.to_bytes(4) + rest)


REFUSED = {
    "empty": b"",
    "text": b"no picture",
    "signature alone": BEGINNING,
    "no pixels": file(),
    "no header": BEGINNING + pixels() + chunk(b"IEND", b""),
    "two headers": file(chunk(b"IHDR", HEADER), pixels()),
    "short header": file(pixels(), header=HEADER[:8]),
    "no end": file(pixels())[:-12],
    "another size": encode_png(drawn(5, 281)),
    "wide": header(width=2**31 - 1),
    "tall": header(height=2**31 - 1),
    "nothing": header(0, 0),
    "16 bits": header(rest=b"\x10\x06\0\0\0"),
    "palette": header(rest=b"\x08\x03\0\0\0"),
    "interlaced": header(rest=b"\x08\x06\0\0\1"),
    "too few pixels": file(pixels(PIXELS[:-1])),
    "too many pixels": file(pixels(PIXELS + b"\0")),
    "no such filter": file(pixels(b"\x05" + PIXELS[1:])),
    "not compressed": file(chunk(b"IDAT", PIXELS[:1000])),
    "wrong checksum": file(pixels()[:-1] + b"\0"),
    "claims 4 GB": BEGINNING + chunk(b"IHDR", HEADER) + chunk(b"IDAT", b"", 2**32 - 1),
    "claims 2 GB of animation": file(chunk(b"fdAT", b"1234", 2**31 - 1)),
    "a bomb": file(chunk(b"IDAT", zlib.compress(bytes(300_000_000), 9))),
    "very many chunks": file(chunk(b"IDAT", b"") * 29_000),
    "too long": file(pixels(), chunk(b"tEXt", b"a" * canvas_png.LONGEST)),
}


@pytest.mark.parametrize("png", [*REFUSED.values(), *in_other_formats()])
def test_nothing_else_is_decoded_and_nothing_is_dear(png: bytes) -> None:
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(PictureError):
        canvas_png.decode(png, SIDE)
    assert time.process_time() - began < 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KB


WHOLE = encode_png(drawn(8))


@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4),
    st.integers(0, len(WHOLE)),
)
def test_a_damaged_file_is_refused_or_a_canvas(changes: list[tuple[int, int]], end: int) -> None:
    damaged = bytearray(WHOLE)
    for place, value in changes:
        damaged[place] = value
    for png in (bytes(damaged), bytes(damaged[:end])):
        try:
            assert canvas_png.decode(png, SIDE).shape[:2] == (SIDE, SIDE)
        except PictureError:
            continue
