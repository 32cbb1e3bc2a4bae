"""Pictures that no canvas and no camera made, each by a random number generator's seed."""

import base64
import io
import random
import struct
import zlib
from collections.abc import Callable

import PIL.Image

from tests.support.handwriting import drawn

SIDE = 280
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def canvas_png(digit: int) -> bytes:
    """Return a digit as the canvas sends it: RGBA, 280 x 280."""
    return _saved(PIL.Image.fromarray(drawn(digit)).convert("RGBA"), "PNG")


def data_uri(picture: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(picture).decode()


def mutated(rng: random.Random) -> bytes:
    """Return a canvas's picture of which something is wrong, or none at all."""
    return rng.choice(_WAYS)(rng)


def bomb(rng: random.Random) -> bytes:
    """Return a picture that costs far more than its size to whoever decodes it trustingly."""
    return rng.choice((_claims_many_pixels, _many_pixels, _huge_jpeg, _text_bomb))(rng)


def _flipped_bits(rng: random.Random) -> bytes:
    data = bytearray(_any_png(rng))
    for _ in range(rng.choice((1, 3, 30))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _cut(rng: random.Random) -> bytes:
    data = _any_png(rng)
    return data[: rng.randrange(len(data))]


def _spliced(rng: random.Random) -> bytes:
    data, other = _any_png(rng), _any_png(rng)
    start, length = rng.randrange(len(data)), rng.randrange(200)
    return data[:start] + other[start : start + length] + data[start + rng.randrange(200) :]


def _wrong_header(rng: random.Random) -> bytes:
    """Another size, depth, color or interlacing than the pixels have; the checksum is right."""
    sides = (0, 1, 28, 279, 280, 281, 1024, 1025, 65_535, 2**31 - 1, 2**32 - 1)
    header = struct.pack(
        ">IIBBBBB",
        rng.choice(sides),
        rng.choice(sides),
        rng.choice((0, 1, 2, 4, 8, 16, 255)),
        rng.choice((0, 2, 3, 4, 6, 7)),
        rng.choice((0, 0, 1)),
        rng.choice((0, 0, 1)),
        rng.choice((0, 1, 2)),
    )
    data = _any_png(rng)
    return SIGNATURE + _chunk(b"IHDR", header) + data[33:]


def _wrong_length(rng: random.Random) -> bytes:
    """A chunk that claims another length than it has."""
    data = bytearray(_any_png(rng))
    places = [index for index in range(8, len(data) - 8) if data[index : index + 4] == b"IDAT"]
    place = (places or [37])[0]
    claims = (0, 1, 2**16, 2**24, 2**31 - 1, 2**32 - 1, rng.getrandbits(32))
    data[place - 4 : place] = struct.pack(">I", rng.choice(claims))
    return bytes(data)


def _further_chunk(rng: random.Random) -> bytes:
    data = _any_png(rng)
    name = rng.choice((b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf", b"PLTE", b"tRNS", b"acTL"))
    content = rng.choice((b"", rng.randbytes(100), b"x\0\0" + zlib.compress(bytes(100_000))))
    return data[:33] + _chunk(name, content) + data[33:]


def _claims_many_pixels(rng: random.Random) -> bytes:
    """A file of some 60 bytes that claims gigabytes."""
    side = rng.choice((1024, 20_000, 65_535, 2**31 - 1))
    header = struct.pack(">IIBBBBB", side, rng.choice((1, side)), 16, 6, 0, 0, 0)
    length = rng.choice((0, 2**30, 2**31 - 1))
    return SIGNATURE + _chunk(b"IHDR", header) + struct.pack(">I", length) + b"IDAT" + bytes(16)


def _many_pixels(rng: random.Random) -> bytes:
    """A hundred megapixels of one color, written in rows so that making it costs nothing."""
    side = rng.choice((4_000, 7_000, 10_000))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(side + 1) * 50
    content = b"".join(packer.compress(row) for _ in range(side // 50)) + packer.flush()
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", content) + _chunk(b"IEND", b"")


def _huge_jpeg(rng: random.Random) -> bytes:
    """A small JPEG whose header claims another size."""
    data = bytearray(_saved(PIL.Image.new("L", (64, 64)), "JPEG", progressive=rng.random() < 0.5))
    start = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    data[start + 5 : start + 9] = struct.pack(">HH", *rng.choices((0, 64, 20_000, 65_535), k=2))
    return bytes(data)


def _text_bomb(rng: random.Random) -> bytes:
    content = b"Comment\0\0" + zlib.compress(bytes(rng.choice((1, 10, 40)) * 1_000_000), 9)
    data = _any_png(rng)
    return data[:33] + _chunk(b"zTXt", content) + data[33:]


def _other_format(rng: random.Random) -> bytes:
    picture = PIL.Image.fromarray(drawn(rng.randrange(10)))
    return _saved(picture, rng.choice(("JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")))


def _other_mode(rng: random.Random) -> bytes:
    mode = rng.choice(("1", "L", "P", "RGB", "LA", "I;16"))
    sides = rng.choice(((SIDE, SIDE), (1, 1), (28, 28), (281, 280), (1024, 3)))
    return _saved(PIL.Image.new(mode, sides), "PNG")


def _nonsense(rng: random.Random) -> bytes:
    return rng.choice((b"", SIGNATURE, rng.randbytes(rng.randrange(1, 3000))))


_WAYS: tuple[Callable[[random.Random], bytes], ...] = (
    _flipped_bits,
    _flipped_bits,
    _cut,
    _spliced,
    _wrong_header,
    _wrong_length,
    _further_chunk,
    _claims_many_pixels,
    _other_format,
    _other_mode,
    _nonsense,
)


def _any_png(rng: random.Random) -> bytes:
    return _CANVAS[rng.randrange(10)]


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def _saved(picture: PIL.Image.Image, kind: str, **options: bool) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


_CANVAS = [canvas_png(digit) for digit in range(10)]
