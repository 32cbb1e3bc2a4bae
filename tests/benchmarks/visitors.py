"""Visitors without a browser: they speak Streamlit's protocol and draw a stroke now and then."""

import asyncio
import base64
import json
import re
import secrets
import time
from dataclasses import dataclass, field

import cv2
import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.handwriting import DIGITS, Stroke, canvas_strokes_of, drawn

ANSWER = re.compile(r'aria-label="(?:Prediction|Answer: [^"]*)">(\d)<')
CANVAS = "mnist_lab_drawing_canvas"
PLAIN_CANVAS = "streamlit_drawable_canvas"
"""The canvas of the peer, which sends Fabric's JSON."""
FINISHED = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}


@dataclass
class Run:
    """What one script run sent."""

    canvas: str = ""
    is_plain: bool = False
    """Whether that is the canvas of the peer."""
    fragment: str = ""
    answer: str = ""
    status: int = -1


@dataclass
class Tally:
    """What a group of visitors met with."""

    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    errors: list[str] = field(default_factory=list)

    def milliseconds(self, percentile: float) -> float:
        return 1000 * float(np.percentile(self.seconds, percentile)) if self.seconds else np.nan


class Visitor:
    """One open page: first `enter`, then `draw` as often as wanted, then `leave`.

    `page` is the end of its address; empty for the first. Whoever has no cookie gets one of its
    own: a single visitor may not have so many pages open. Who comes through a proxy on this machine
    has the `address` that it names.
    """

    def __init__(self, url: str, page: str = "", cookie: str = "", address: str = "") -> None:
        self._url = url.replace("http://", "ws://") + "/_stcore/stream"
        self._name = page
        self._headers = [("Cookie", cookie or f"mnist_lab_visitor={secrets.token_hex(16)}")]
        if address:
            self._headers.append(("X-Forwarded-For", address))
        self._page = Run()
        self._socket: ClientConnection | None = None

    async def enter(self) -> None:
        self._socket = await connect(
            self._url,
            subprotocols=[Subprotocol("streamlit")],
            additional_headers=self._headers,
            max_size=None,
            open_timeout=60,
        )
        first = BackMsg()
        first.rerun_script.query_string = ""
        first.rerun_script.page_name = self._name
        await self._socket.send(first.SerializeToString())
        self._page = await self._finish()

    async def draw(self, digit: int) -> Run:
        message = BackMsg()
        message.rerun_script.fragment_id = self._page.fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self._page.canvas
        state.json_value = (PLAIN_STROKES if self._page.is_plain else STROKES)[digit]
        assert self._socket is not None
        await self._socket.send(message.SerializeToString())
        return await self._finish()

    async def leave(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def _finish(self) -> Run:
        run = Run()
        assert self._socket is not None
        while run.status not in FINISHED:
            frame = await asyncio.wait_for(self._socket.recv(), 60)
            assert isinstance(frame, bytes)
            message = ForwardMsg()
            message.ParseFromString(frame)
            note(message, run)
        return run


def note(message: ForwardMsg, run: Run) -> None:
    kind = message.WhichOneof("type")
    if kind == "script_finished":
        run.status = message.script_finished
    elif kind == "delta":
        element = message.delta.new_element
        name = element.bidi_component.component_name
        if CANVAS in name or PLAIN_CANVAS in name:
            run.canvas, run.is_plain = element.bidi_component.id, PLAIN_CANVAS in name
            run.fragment = message.delta.fragment_id
        elif element.HasField("html"):
            found = ANSWER.search(element.html.body)
            run.answer = found.group(1) if found else run.answer


def _picture(digit: int) -> str:
    """Return the picture that Chromium's canvas sends for a drawn digit, RGBA."""
    picture = np.repeat(drawn(digit)[:, :, np.newaxis], 4, axis=2)
    picture[:, :, 3] = 255
    _, png = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode()


def _sent(digit: int) -> str:
    """Return what our canvas sends for a drawn digit, alike in kind and size."""
    return json.dumps({"drawing": {"data": _picture(digit), "strokes": canvas_strokes_of(digit)}})


def _sent_by_peer(digit: int) -> str:
    """Return what the peer's canvas sends: the same picture, and paths of Fabric.js."""
    objects = [_fabric_path(stroke) for stroke in DIGITS[digit]]
    raw = {"version": "7.4.0", "objects": objects}
    return json.dumps({"drawing": {"raw": raw, "data": _picture(digit)}})


def _fabric_path(stroke: Stroke) -> dict[str, object]:
    """Return a path with two points for each of ours."""
    points = [(round(5.6 * x) / 2, round(5.6 * y) / 2) for x, y in stroke for _ in range(2)]
    path = [["M", *points[0]], *(["Q", *point, *point] for point in points)]
    style: dict[str, object] = dict.fromkeys(("lockRotation", "lockScalingFlip", "flipX"), False)
    style |= dict.fromkeys(("left", "top", "width", "height", "strokeWidth", "scaleX"), 18)
    style |= dict.fromkeys(("stroke", "fill", "originX", "originY", "strokeLineCap"), "round")
    return {"type": "Path", **style, "path": path}


STROKES = {digit: _sent(digit) for digit in DIGITS}
PLAIN_STROKES = {digit: _sent_by_peer(digit) for digit in DIGITS}


async def crowd(url: str, people: int, strokes: int, pause: float = 2.0, page: str = "") -> Tally:
    """Let `people` draw `strokes` times each, `pause` seconds apart, spread over the pause.

    Everybody has drawn once before the clock starts.
    """
    tally = Tally()
    visitors = [Visitor(url, page) for _ in range(people)]
    for visitor in visitors:
        await visitor.enter()
        await _draw_until_answered(visitor)
    started = time.perf_counter() + 0.5
    await asyncio.gather(
        *(
            _draw_now_and_then(visitor, started + pause * index / people, strokes, pause, tally)
            for index, visitor in enumerate(visitors)
        )
    )
    await asyncio.gather(*(visitor.leave() for visitor in visitors))
    return tally


async def wait_for_answer(url: str) -> None:
    """Wait until somebody who draws is answered."""
    visitor = Visitor(url)
    await visitor.enter()
    await _draw_until_answered(visitor)
    await visitor.leave()


async def _draw_until_answered(visitor: Visitor) -> None:
    for _ in range(120):
        if (await visitor.draw(1)).answer:
            return
        await asyncio.sleep(0.5)
    raise RuntimeError("The server never answered.")


async def _draw_now_and_then(
    visitor: Visitor, start: float, strokes: int, pause: float, tally: Tally
) -> None:
    for index in range(strokes):
        await asyncio.sleep(max(0.0, start + index * pause - time.perf_counter()))
        sent = time.perf_counter()
        try:
            run = await visitor.draw(index % 10)
        except Exception as error:
            tally.errors.append(repr(error))
            return
        tally.seconds.append(time.perf_counter() - sent)
        tally.unanswered += run.answer == ""
