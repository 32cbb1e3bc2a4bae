"""The attacker's process: `python -m tests.benchmarks.hostile.attacker ADDRESS [options]`.

It carries out attacks by number: the seed and the number say what each is, so that any can be
carried out again alone. It prints a JSON line for each, and needs no more memory than it may.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import resource
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from tests.benchmarks.hostile import pictures
from tests.benchmarks.hostile.forgery import KINDS, Known
from tests.benchmarks.hostile.requests import ACTS, PATIENCE, Place, cookie_of, put_file
from tests.benchmarks.visitors import CANVAS, FINISHED

MOST_MEMORY = 2 * 1024**3
BLOCK = 25
"""Attacks in a row on one page, as one visitor."""
PAGES = (
    "",
    "pixels",
    "convolution",
    "max_pooling",
    "feature_maps",
    "training",
    "mnist",
    "robustness",
    "report_card",
)
SPECIAL = ("uploaded picture", "slow reader", "other's session", "short session")
EVERY_KIND = (*KINDS, *ACTS, *SPECIAL)
SILENT = ("clear cache", "raw bytes", "text frame", "other message")
"""What no run of a script answers."""
SHORT_PATIENCE = 0.1
# What no browser is to receive: a traceback, or where a file lies.
LEAK = re.compile(rb'Traceback \(most|File "/[^"]*\.py|site-packages|[\w/]+\.py", line \d+')
CLOSED = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, EOFError)
NO_ANSWER = (TimeoutError, *CLOSED)


@dataclass(frozen=True)
class Plan:
    """Which attacks there are: the same plan is the same attacks."""

    seed: int
    kinds: tuple[str, ...] = EVERY_KIND

    def kind(self, number: int) -> str:
        return self.random(number, "kind").choice(self.kinds)

    def page(self, number: int) -> str:
        return self.random(number // BLOCK, "page").choice(PAGES)

    def cookie(self, number: int) -> str:
        return cookie_of(self.random(number // BLOCK, "cookie"))

    def random(self, number: int, use: str = "attack") -> random.Random:
        return random.Random(f"{self.seed} {number} {use}")


class Intruder:
    """A session on one page, whose browser is no browser."""

    def __init__(self, url: str, page: str, cookie: str) -> None:
        self._url, self._page, self._cookie = url, page, cookie
        self._socket: ClientConnection | None = None
        self.known = Known()
        self.leak = ""

    async def enter(self) -> None:
        self._socket = await connect(
            self._url.replace("http://", "ws://") + "/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            additional_headers=[("Cookie", self._cookie)] if self._cookie else None,
            max_size=None,
            compression=None,
            open_timeout=3,
            close_timeout=0.2,
            ping_interval=None,
        )
        first = BackMsg()
        first.rerun_script.page_name = self._page
        await self._socket.send(first.SerializeToString())
        await self.until_finished()

    async def attack(self, frames: list[bytes | str], patience: float = PATIENCE) -> str:
        """Send frames, and return how the server took it."""
        try:
            if self._socket is None:
                await self.enter()
            assert self._socket is not None
            for frame in frames:
                await self._socket.send(frame)
            await self.until_finished(patience)
            return "answered"
        except TimeoutError:
            return "no answer"
        except CLOSED:
            await self.leave()
            return "refused"

    async def until_finished(self, patience: float = PATIENCE) -> None:
        assert self._socket is not None
        async with asyncio.timeout(patience):
            while True:
                frame = await self._socket.recv()
                data = frame if isinstance(frame, bytes) else frame.encode()
                self.look_through(data)
                if self._note(data):
                    return

    def look_through(self, data: bytes) -> None:
        found = LEAK.search(data)
        if found:
            around = data[max(0, found.start() - 200) : found.end() + 200]
            self.leak = around.decode(errors="replace")

    def _note(self, data: bytes) -> bool:
        """Remember what there is on the page; say whether the run has ended."""
        message = ForwardMsg()
        message.ParseFromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.known.session = message.new_session.initialize.session_id or self.known.session
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            name = element.WhichOneof("type")
            content = getattr(element, name) if name else None
            widget = getattr(content, "id", "")
            if name == "exception":
                self.leak = str(element.exception.message)[:300] or "an exception"
            if widget and isinstance(widget, str) and len(self.known.widgets) < 300:
                if widget not in self.known.widgets:
                    self.known.widgets.append(widget)
                if name == "file_uploader":
                    self.known.uploader = widget
                if name == "bidi_component" and CANVAS in element.bidi_component.component_name:
                    self.known.canvas = widget
                    self.known.canvas_fragment = message.delta.fragment_id
            fragment = message.delta.fragment_id
            if fragment and fragment not in self.known.fragments:
                self.known.fragments = [*self.known.fragments[-20:], fragment]
        return kind == "script_finished" and message.script_finished in FINISHED

    async def leave(self) -> None:
        if self._socket is not None:
            socket, self._socket = self._socket, None
            with contextlib.suppress(*NO_ANSWER):
                await socket.close()

    async def send_picture(self, rng: random.Random, place: Place) -> str:
        """Choose the upload, send a picture as the page does, and let the script read it."""
        choice = BackMsg()
        for widget in self.known.widgets:
            if "picture_source" in widget:
                state = choice.rerun_script.widget_states.widgets.add()
                state.id = widget
                state.string_array_value.data.append("Upload a picture")
        outcome = await self.attack([choice.SerializeToString()])
        if not self.known.uploader:
            return outcome
        make = pictures.bomb if rng.random() < 0.5 else pictures.mutated
        file = rng.randbytes(8).hex()
        answer = await put_file(Place(place.host, place.port, self.known.session), file, make(rng))
        self.look_through(answer)
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self.known.uploader
        upload = state.file_uploader_state_value.uploaded_file_info.add()
        upload.file_id, upload.name, upload.size = file, "f.png", 1
        upload.file_urls.file_id = file
        return await self.attack([message.SerializeToString()])

    async def read_slowly(self, rng: random.Random) -> str:
        """Ask for much, and read none of it for a while."""
        if self._socket is None:
            await self.enter()
        assert self._socket is not None
        for _ in range(rng.choice((3, 10))):
            await self._socket.send(BackMsg(rerun_script={}).SerializeToString())
        await asyncio.sleep(PATIENCE / 3)
        return "answered"


class Attacker:
    """Carries out attacks, several at once."""

    def __init__(self, url: str, plan: Plan) -> None:
        address = urlsplit(url)
        self._url, self._plan = url, plan
        self._place = Place(address.hostname or "localhost", address.port or 80)

    async def carry_out(self, numbers: list[int], at_once: int) -> None:
        """Carry out attacks by number; the blocks that they lie in go to whoever is free."""
        blocks: dict[int, list[int]] = {}
        for number in numbers:
            blocks.setdefault(number // BLOCK, []).append(number)
        waiting = list(blocks.values())
        await asyncio.gather(*(self._work(waiting) for _ in range(at_once)))

    async def _work(self, blocks: list[list[int]]) -> None:
        while blocks:
            numbers = blocks.pop(0)
            page, cookie = self._plan.page(numbers[0]), self._plan.cookie(numbers[0])
            intruder = Intruder(self._url, page, cookie)
            with contextlib.suppress(*NO_ANSWER):
                await intruder.enter()
            for number in numbers:
                await self._attack(number, intruder)
            await intruder.leave()

    async def _attack(self, number: int, intruder: Intruder) -> None:
        kind, began = self._plan.kind(number), time.time()
        intruder.leak = ""
        try:
            async with asyncio.timeout(10 * PATIENCE):
                outcome = await self._by_kind(kind, self._plan.random(number), intruder)
        except NO_ANSWER as error:
            outcome = type(error).__name__
        line = {"number": number, "kind": kind, "outcome": outcome, "began": began}
        line |= {"ended": time.time(), "page": self._plan.page(number), "leak": intruder.leak}
        print(json.dumps(line), flush=True)

    async def _by_kind(self, kind: str, rng: random.Random, intruder: Intruder) -> str:
        place = Place(self._place.host, self._place.port, intruder.known.session)
        if kind in KINDS:
            patience = SHORT_PATIENCE if kind in SILENT else PATIENCE
            return await intruder.attack(KINDS[kind](rng, intruder.known), patience)
        if kind in ACTS:
            answer = await ACTS[kind](rng, place)
            intruder.look_through(answer)
            status = answer.split(b" ", 2)[1:2]
            return status[0].decode("latin-1")[:3] if status else "no answer"
        if kind == "uploaded picture":
            return await intruder.send_picture(rng, place)
        if kind == "slow reader":
            return await intruder.read_slowly(rng)
        if kind == "short session":
            return await self._come_and_go(intruder)
        return await self._take_session(intruder)

    async def _come_and_go(self, intruder: Intruder) -> str:
        await intruder.leave()
        await intruder.enter()
        return "answered"

    async def _take_session(self, intruder: Intruder) -> str:
        """Open the same session a second time."""
        socket = await connect(
            self._url.replace("http://", "ws://") + "/_stcore/stream",
            subprotocols=[
                Subprotocol(name) for name in ("streamlit", "x", intruder.known.session or "y")
            ],
            open_timeout=PATIENCE,
            close_timeout=0.2,
        )
        await socket.close()
        return "answered"


async def stay_idle(url: str, count: int) -> None:
    """Open sockets that say nothing, print how many there are, and wait for the end."""
    address, opened = url.replace("http://", "ws://") + "/_stcore/stream", []
    for _ in range(count):
        cookie = f"mnist_lab_visitor={secrets.token_hex(16)}"
        with contextlib.suppress(*NO_ANSWER):
            opened.append(
                await connect(
                    address,
                    additional_headers=[("Cookie", cookie)],
                    open_timeout=2,
                    ping_interval=None,
                )
            )
    print(len(opened), flush=True)
    await asyncio.sleep(600)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=EVERY_KIND, choices=EVERY_KIND)
    parser.add_argument("--numbers", nargs="+", type=int, help="instead of the first --count")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3600.0, help="end after so many")
    parser.add_argument("--idle", type=int, help="only open so many sockets, and wait")
    given = parser.parse_args()
    os.nice(5)  # an attacker has a computer of his own
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    if given.idle:
        asyncio.run(stay_idle(given.url, given.idle))
        return
    numbers = given.numbers or list(range(given.count))
    plan = Plan(given.seed, tuple(given.kinds))
    work = Attacker(given.url, plan).carry_out(numbers, given.at_once)
    with contextlib.suppress(TimeoutError):
        asyncio.run(asyncio.wait_for(work, given.seconds))


if __name__ == "__main__":
    main()
