"""Phones without a browser: they hear their room, send drawings, and try again as a phone does."""

import asyncio
import json
import random
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.support.handwriting import DIGITS, canvas_strokes_of

STROKES = {digit: canvas_strokes_of(digit) for digit in DIGITS}
TIMEOUT = 8.0
PAUSES = (1, 2, 3, 5)
PASSING = {"paused", "fast", "store"}


@dataclass
class Crowd:
    """What happened to the phones of a room."""

    sent_at: dict[str, float] = field(default_factory=dict)
    """When each drawing was sent first, by the text that the phone sends with it."""
    acknowledged: dict[str, tuple[int, float]] = field(default_factory=dict)
    """The number of each drawing that was acknowledged, and when."""
    refused: list[str] = field(default_factory=list)
    """What phones do not try again."""
    retries: int = 0
    heard: list[float] = field(default_factory=list)
    """When a phone heard the state of its room."""


class Phone:
    """A phone in a room."""

    def __init__(self, url: str, key: str, crowd: Crowd) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._path = f"{place.path}/rooms/{key}"
        self._crowd = crowd
        self._token = secrets.token_hex(16)
        self._cookie = f"mnist_lab_visitor={secrets.token_hex(16)}"
        self._round = 0

    async def hear(self) -> None:
        """Hear the room until canceled; a stream that ends is opened again."""
        while True:
            try:
                async for state in self._states():
                    self._round = state["round"]
                    self._crowd.heard.append(time.time())
            except (OSError, asyncio.IncompleteReadError, ValueError):
                pass
            await asyncio.sleep(0.5 + random.random() / 2)

    async def draw(self, count: int, pause: float, delay: float) -> None:
        """Send so many drawings, one every `pause` seconds, each until it is acknowledged."""
        begun = time.monotonic() + delay
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number * pause - time.monotonic()))
            await self._send(random.choice(list(STROKES)))

    async def _send(self, digit: int) -> None:
        sending = secrets.token_hex(16)
        content = {"phone": self._token, "sending": sending, "round": self._round}
        body = json.dumps(content | {"strokes": STROKES[digit]})
        self._crowd.sent_at[sending] = time.time()
        tries = 0
        while True:
            status, said = await self._post("drawings", body)
            if status == 200:
                self._crowd.acknowledged[sending] = said["number"], time.time()
                return
            if 0 < status < 500 and said.get("reason") not in PASSING:
                self._crowd.refused.append(f"{status} {said}")
                return
            self._crowd.retries += 1
            await asyncio.sleep(PAUSES[min(tries, 3)] * (0.75 + random.random() / 2))
            tries += 1

    async def _post(self, what: str, body: str) -> tuple[int, dict[str, Any]]:
        """Return status and content; 0 where nothing came back."""
        try:
            async with asyncio.timeout(TIMEOUT):
                head = f"Content-Length: {len(body)}\r\n\r\n{body}"
                reader, writer = await self._ask("POST", what, head)
                answer = await reader.read()
                writer.close()
            status = int(answer.split(b" ", 2)[1])
            return status, json.loads(answer.split(b"\r\n\r\n", 1)[1])
        except (OSError, TimeoutError, ValueError, IndexError):
            return 0, {}

    async def _states(self) -> AsyncIterator[dict[str, Any]]:
        reader, writer = await self._ask("GET", "events", "\r\n")
        try:
            while line := await reader.readline():
                if line.startswith(b"data:") and b'"round"' in line:
                    yield json.loads(line[5:])
        finally:
            writer.close()

    async def _ask(
        self, method: str, what: str, rest: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        head = f"{method} {self._path}/{what} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
        writer.write(f"{head}Cookie: {self._cookie}\r\nConnection: close\r\n{rest}".encode())
        await writer.drain()
        return reader, writer


async def draw_together(
    url: str, key: str, people: int, count: int, pause: float, crowd: Crowd
) -> None:
    """Let `people` phones send `count` drawings each, `pause` seconds apart, spread over it."""
    phones = [Phone(url, key, crowd) for _ in range(people)]
    hearing = [asyncio.create_task(phone.hear()) for phone in phones]
    await asyncio.sleep(2.0)
    await asyncio.gather(
        *(phone.draw(count, pause, pause * index / people) for index, phone in enumerate(phones))
    )
    for task in hearing:
        task.cancel()
    await asyncio.gather(*hearing, return_exceptions=True)
