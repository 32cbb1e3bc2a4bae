"""A drawing as a short text for an address: its strokes simplified, or its picture.

The text is URL-safe base64 of bytes: a number that says which format follows, the drawing, and two
bytes of its CRC-32, because addresses get cut off. A later format gets another number.

STROKES: of each stroke the pen's width, how many points follow, and each point's step right and
down from the last point before it, in STEPS_PER_PIXEL, at first from the canvas's middle. Numbers
are variable-length, seven bits a byte, the lower ones first; steps are zigzag-coded.

PICTURE: what a network sees, 28x28 bytes, deflated: for what is on the canvas without strokes.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_app.data import canvas_strokes
from mnist_app.data.canvas_strokes import TENTHS
from mnist_app.data.strokes import CANVAS_SIDE, pencil_path
from mnist_app.imaging.normalize import IMAGE_SIDE, Image

STROKES, PICTURE = 1, 2
STEPS_PER_PIXEL = 2
"""How fine points are: `tests.benchmarks.stroke_links` says what that changes, and the next."""
TOLERANCE = 0.5
"""How far a simplified stroke may be from the one that was drawn, in pixels of the canvas."""
MOST_BYTES = 1500
"""Of a drawing in an address; strokes that need more are kept as their picture."""
MOST_POINTS = 5000
"""Points that are simplified; of more, the picture is kept."""
LONGEST = 2010
"""Characters of a text: MOST_BYTES and what stands around them, in base64."""
_FURTHEST = 32767 // TENTHS
_CHECK_BYTES = 2
_PIXELS = IMAGE_SIDE**2
_DAMAGED = "The drawing in this link is damaged. Ask for the link again, and copy all of it."


class LinkError(ValueError):
    """A text that holds no drawing; the message is a sentence for the person."""


def pack(strokes: bytes, image: Image) -> str:
    """Return a drawing as a text of at most LONGEST characters, all of them safe in an address.

    `strokes` are as `data.canvas_strokes` has them. Where they are empty or too many for an
    address, `image` stands in for them: what a network sees, uint8 (28, 28).
    """
    packed = _pack_strokes(strokes)
    content = bytes([STROKES]) + packed if packed else bytes([PICTURE]) + _deflate(image)
    return base64.urlsafe_b64encode(content + _checksum(content)).rstrip(b"=").decode("ascii")


def unpack(text: str) -> bytes | Image:
    """Return the strokes that `pack` was given, or the image, uint8 (28, 28).

    The strokes are simplified: their corners are kept, and each stands there twice, so that the
    canvas's pencil, which rounds corners, goes through it.

    Raises LinkError for any other text; no text costs more than a few milliseconds.
    """
    content = _decode(text)
    kind, packed = content[0], content[1:]
    if kind == STROKES:
        return _unpack_strokes(packed)
    if kind == PICTURE:
        return _inflate(packed)
    raise LinkError("The drawing in this link was made by a newer version of this app.")


def simplify(points: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Return some points of a path, shape (n, 2), from whose lines it is nowhere further away.

    That is Douglas and Peucker's way (1973); first and last point stay. OpenCV's `approxPolyDP`
    drops more points afterwards, the last one among them.
    """
    stays = np.zeros(len(points), np.bool_)
    stays[[0, -1]] = True
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        distances = _distances(points[first + 1 : last], points[first], points[last])
        furthest = first + 1 + int(distances.argmax())
        if distances.max() > tolerance:
            stays[furthest] = True
            parts += [(first, furthest), (furthest, last)]
    return points[stays]


def _distances(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far points, shape (n, 2), are from a straight line between two."""
    along = end - start
    length = float(along @ along)
    shares = np.clip((points - start) @ along / length, 0, 1) if length else np.zeros(len(points))
    return np.asarray(np.hypot(*(points - start - shares[:, np.newaxis] * along).T))


def _decode(text: str) -> bytes:
    """Return the bytes of a text, whose checksum is right, without that."""
    if len(text) > LONGEST:
        raise LinkError("The drawing in this link is too long. The page opens without it.")
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise LinkError(_DAMAGED) from error
    content, check = content[:-_CHECK_BYTES], content[-_CHECK_BYTES:]
    if not content or _checksum(content) != check:
        raise LinkError(_DAMAGED)
    return content


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big")[:_CHECK_BYTES]


def _pack_strokes(strokes: bytes) -> bytes:
    """Return strokes in few bytes; none where there are none, or too many."""
    split = list(canvas_strokes.split(strokes))
    if sum(len(points) for _, points in split) > MOST_POINTS:
        return b""
    numbers: list[int] = []
    last = _middle()
    for width, points in split:
        corners = _corners(points)
        places = np.rint(corners.clip(-_FURTHEST, _FURTHEST) * STEPS_PER_PIXEL).astype(np.int64)
        steps = np.diff(np.concatenate([last, places]), axis=0)
        numbers += [width, len(places), *(_zigzag(int(step)) for step in steps.ravel())]
        last = places[-1:]
    packed = _as_bytes(numbers)
    return packed if len(packed) <= MOST_BYTES else b""


def _corners(points: NDArray[np.int16]) -> NDArray[np.floating]:
    """Return the corners of a stroke, in pixels; what came with a link is not simplified again."""
    path = points / TENTHS
    is_simplified = len(points) % 2 == 0 and bool((points[0::2] == points[1::2]).all())
    return path[::2] if is_simplified else simplify(pencil_path(path), TOLERANCE)


def _unpack_strokes(packed: bytes) -> bytes:
    numbers = list(_numbers(packed))
    place = _middle()
    parts: list[bytes] = []
    at = 0
    while at < len(numbers):
        width, count = numbers[at], numbers[at + 1] if at + 1 < len(numbers) else 0
        steps = numbers[at + 2 : at + 2 + 2 * count]
        if not 1 <= width <= _FURTHEST or not count or len(steps) != 2 * count:
            raise LinkError(_DAMAGED)
        moves = np.array([_unzigzag(step) for step in steps], np.int64).reshape(count, 2)
        places = place + np.cumsum(moves, axis=0)
        place = places[-1:]
        if np.abs(places).max() > _FURTHEST * STEPS_PER_PIXEL:
            raise LinkError(_DAMAGED)
        tenths = np.repeat(places * TENTHS // STEPS_PER_PIXEL, 2, axis=0)
        header = np.array([width, len(tenths)], "<i2")
        parts += [header.tobytes(), tenths.astype("<i2").tobytes()]
        at += 2 + 2 * count
    if not parts:
        raise LinkError(_DAMAGED)
    return b"".join(parts)


def _middle() -> NDArray[np.int64]:
    return np.full((1, 2), CANVAS_SIDE * STEPS_PER_PIXEL // 2, np.int64)


def _zigzag(number: int) -> int:
    """Return 0, 1, 2, 3, 4 for 0, -1, 1, -2, 2: small numbers stay small without their sign."""
    return 2 * number if number >= 0 else -2 * number - 1


def _unzigzag(number: int) -> int:
    return number // 2 if number % 2 == 0 else -(number + 1) // 2


def _as_bytes(numbers: Sequence[int]) -> bytes:
    """Return numbers of 0 and more, seven bits a byte; the eighth says that more follow."""
    packed = bytearray()
    for number in numbers:
        rest = number
        while rest > 127:
            packed.append(rest & 127 | 128)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def _numbers(packed: bytes) -> Iterator[int]:
    """Yield what `_as_bytes` packed. Raises LinkError for what is too large, or cut off."""
    number, shift = 0, 0
    for byte in packed:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield number
            number, shift = 0, 0
        elif shift > 14:
            raise LinkError(_DAMAGED)
    if shift:
        raise LinkError(_DAMAGED)


def _deflate(image: Image) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(image.tobytes()) + stream.flush()


def _inflate(packed: bytes) -> Image:
    stream = zlib.decompressobj(-15)
    try:
        pixels = stream.decompress(packed, _PIXELS + 1)
    except zlib.error as error:
        raise LinkError(_DAMAGED) from error
    if len(pixels) != _PIXELS or not stream.eof:
        raise LinkError(_DAMAGED)
    return np.frombuffer(pixels, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)
