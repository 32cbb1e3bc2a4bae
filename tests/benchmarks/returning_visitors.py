"""Visitors of replicas behind a proxy: each keeps its cookie, and comes back when cut off."""

import asyncio
import secrets
import time

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.benchmarks.visitors import FINISHED, STROKES, Run, note

RETRY_SECONDS = 0.4
"""About as long as a browser waits with its next try."""
LOST = (OSError, WebSocketException, TimeoutError)


class ReturningVisitor:
    """A browser's side of one open page."""

    def __init__(self, url: str) -> None:
        self.number = secrets.token_hex(16)
        self.cookies = {"mnist_lab_visitor": self.number}
        self.session = ""
        self.digit: int | None = None
        """What was drawn last and answered."""
        self.texts = ""
        """What the last page said."""
        self._url = url.replace("http://", "ws://") + "/_stcore/stream"
        self._page = Run()
        self._socket: ClientConnection | None = None

    async def enter(self, page: str = "", comes_back: bool = False) -> Run:
        """Open a page; who `comes_back` names the session he had and what stands on his canvas."""
        names = ["streamlit"]
        if comes_back and self.session:
            names += ["none", self.session]
        self._socket = await connect(
            self._url,
            subprotocols=[Subprotocol(name) for name in names],
            additional_headers=[("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))],
            max_size=None,
            open_timeout=10,
        )
        assert self._socket.response is not None
        for given in self._socket.response.headers.get_all("Set-Cookie"):
            name, value = given.split(";")[0].split("=", 1)
            self.cookies[name] = value
        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.page_name = page
        if comes_back and self.digit is not None and self._page.canvas:
            self._add_canvas(message, self.digit)
        await self._socket.send(message.SerializeToString())
        self._page = await self._finish()
        return self._page

    async def draw(self, digit: int) -> str:
        """Draw a digit in the place of the last, and return the answer."""
        message = BackMsg()
        message.rerun_script.fragment_id = self._page.fragment
        self._add_canvas(message, digit)
        assert self._socket is not None
        await self._socket.send(message.SerializeToString())
        run = await self._finish()
        if run.answer:
            self.digit = digit
        return run.answer

    @property
    def is_cut_off(self) -> bool:
        """Say whether the connection is gone."""
        assert self._socket is not None
        return self._socket.close_code is not None

    async def wait_until_cut_off(self, seconds: float) -> None:
        """Wait so long, or until the connection is gone."""
        assert self._socket is not None
        await asyncio.wait([asyncio.ensure_future(self._socket.wait_closed())], timeout=seconds)

    async def come_back(self, anew: bool, page: str = "") -> float:
        """Try until the page is there again, reloaded or as it was; return the seconds it took."""
        began = time.monotonic()
        while True:
            try:
                run = await self.enter(page, comes_back=not anew)
                if page or self.digit is None or run.answer:
                    return time.monotonic() - began
                await self.leave()
            except LOST:
                pass
            await asyncio.sleep(RETRY_SECONDS)

    @property
    def answer(self) -> str:
        """What the last page that was shown reads."""
        return self._page.answer

    async def leave(self) -> None:
        """Close the page."""
        if self._socket is not None:
            await self._socket.close()

    def _add_canvas(self, message: BackMsg, digit: int) -> None:
        state = message.rerun_script.widget_states.widgets.add()
        state.id = self._page.canvas
        state.json_value = STROKES[digit]

    async def _finish(self) -> Run:
        run, texts = Run(), []
        assert self._socket is not None
        while run.status not in FINISHED:
            frame = await asyncio.wait_for(self._socket.recv(), 30)
            message = ForwardMsg()
            message.ParseFromString(frame)
            note(message, run)
            if message.HasField("new_session"):
                self.session = message.new_session.initialize.session_id or self.session
            texts.append(str(message))
        self.texts = "".join(texts)
        return run
