"""What a stranger does past the websocket: cookies, addresses, uploads, and taking his time.

Each is a coroutine of a random number generator and of where the server is; it returns what came
back, for the attacker to look through.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.benchmarks.hostile import pictures

Act = Callable[[random.Random, "Place"], Awaitable[bytes]]
PATIENCE = 1.5
"""Seconds that an attack holds a socket, or waits for an answer."""
ADDRESSES = (
    "/",
    "/training",
    "/nowhere",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/live/cnn/0",
    "/live/../../etc/passwd",
    "/live/..%2f..%2fetc%2fpasswd/0",
    "/map/0/-1",
    "/map/0/99999999999999999999",
    "/scripts/..%2f..%2fstreamlit_app.py",
    "/fonts/../server.py",
    "/media/../../etc/passwd",
    "/component/x/../../etc/passwd",
    "/static/%00",
    "//evil.example/",
    "/" + "a" * 20_000,
    "/?" + "a=1&" * 4_000,
)
COOKIES = (
    "",
    "mnist_lab_visitor=",
    "mnist_lab_visitor=" + "0" * 32,
    "mnist_lab_visitor=" + "g" * 32,
    "mnist_lab_visitor=" + "0" * 16_000,
    "mnist_lab_visitor=0; " * 300,
    'mnist_lab_visitor="\\000"; =; ;;;',
    "_streamlit_xsrf=2|x|y|1; _streamlit_user=" + "x" * 3_000,
    "session=eyJhIjoxfQ==.x.y",
    "mnist_lab_visitor=é\x80",
)


@dataclass(frozen=True)
class Place:
    """Where the server listens, and a session of the attacker's on it."""

    host: str
    port: int
    session: str = ""


def cookie_of(rng: random.Random) -> str:
    """Return a Cookie header's value of some visitor, or of none."""
    return rng.choice((*COOKIES, *(f"mnist_lab_visitor={rng.randbytes(16).hex()}",) * 5))


async def odd_request(rng: random.Random, place: Place) -> bytes:
    """An address, method or header that no browser sends."""
    method = rng.choice(("GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"))
    lines = [f"{method} {rng.choice(ADDRESSES)} HTTP/1.1", f"Host: {place.host}:{place.port}"]
    lines.append(f"Cookie: {cookie_of(rng)}")
    lines.append(rng.choice(("Accept: text/html", "Range: bytes=5-1", "Range: bytes=0-9999999999")))
    lines.append(
        rng.choice(("X: 1", "Content-Length: -1", "Host: evil", "Origin: null", "a" * 900))
    )
    lines.append("Connection: close")
    return await _exchange(place, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))


async def odd_upgrade(rng: random.Random, place: Place) -> bytes:
    """A websocket's handshake with something wrong, or a name that is not one's own."""
    lines = [
        f"GET {rng.choice(('/_stcore/stream', '/_stcore/stream', '/nowhere'))} HTTP/1.1",
        f"Host: {rng.choice((f'{place.host}:{place.port}', 'evil.example', ''))}",
        f"Cookie: {cookie_of(rng)}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Version: {rng.choice((13, 13, 8, 99))}",
        f"Sec-WebSocket-Key: {rng.choice(('dGhlIHNhbXBsZSBub25jZQ==', 'x', ''))}",
        f"Sec-WebSocket-Protocol: streamlit, {rng.randbytes(8).hex()}, {place.session}",
        f"Origin: {rng.choice(('http://evil.example', 'null', 'http://['))}",
    ]
    return await _exchange(place, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"), wait=0.5)


async def upload(rng: random.Random, place: Place) -> bytes:
    """A file that no widget asked for, or that is larger than it says, or no file."""
    content = rng.choice(
        (pictures.bomb(rng), pictures.mutated(rng), bytes(rng.choice((0, 1_000, 11_000_000))))
    )
    return await put_file(place, rng.randbytes(8).hex(), content, parts=rng.choice((1, 1, 0, 3)))


async def put_file(place: Place, file: str, content: bytes, parts: int = 1) -> bytes:
    """Send a file as the page does, and return the server's answer."""
    welcome = await _exchange(
        place,
        f"GET /_stcore/health HTTP/1.1\r\nHost: {place.host}\r\nConnection: close\r\n\r\n".encode(),
    )
    found = re.search(rb"_streamlit_xsrf=([^;\s]+)", welcome)
    token = found.group(1).decode() if found else ""
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.png"\r\n\r\n' + content
    body = (part + b"\r\n") * parts + b"--x--\r\n"
    head = (
        f"PUT /_stcore/upload_file/{place.session or 'x'}/{file} HTTP/1.1\r\n"
        f"Host: {place.host}:{place.port}\r\nX-Xsrftoken: {token}\r\n"
        f"Cookie: _streamlit_xsrf={token}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return await _exchange(place, head.encode() + body)


async def half_open(rng: random.Random, place: Place) -> bytes:
    """Twenty sockets that say nothing, or half a request."""
    said = rng.choice((b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x01"))
    answers = await asyncio.gather(*(_exchange(place, said) for _ in range(20)))
    return b"".join(answers)


async def slow_sender(rng: random.Random, place: Place) -> bytes:
    """A request that comes letter by letter."""
    head = f"PUT /_stcore/upload_file/{place.session}/a HTTP/1.1\r\nContent-Length: 999999\r\n\r\n"
    reader, writer = await asyncio.open_connection(place.host, place.port)
    try:
        for letter in head[: rng.randrange(5, len(head))].encode():
            writer.write(bytes([letter]))
            await asyncio.sleep(PATIENCE / len(head))
        return await _read(reader, 0.1)
    finally:
        writer.transport.abort()


ACTS: dict[str, Act] = {
    "odd request": odd_request,
    "odd upgrade": odd_upgrade,
    "unwanted upload": upload,
    "half-open sockets": half_open,
    "slow sender": slow_sender,
}


async def _exchange(place: Place, request: bytes, wait: float = PATIENCE) -> bytes:
    """Send bytes, and return what came until the server closed or `wait` seconds went by."""
    reader, writer = await asyncio.open_connection(place.host, place.port)
    try:
        writer.write(request)
        return await _read(reader, wait)
    except OSError:
        return b""
    finally:
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader, wait: float) -> bytes:
    received = b""
    try:
        async with asyncio.timeout(wait):
            while len(received) < 1_000_000:
                some = await reader.read(65_536)
                if not some:
                    break
                received += some
    except (TimeoutError, OSError):
        pass
    return received
