"""Pictures on their way to the server: one a page, where it asked for one, and so many in all."""

import asyncio
import threading
import time
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime

from mnist_app import limits
from mnist_app.imaging import foreign_pictures

ROUTE = "/_stcore/upload_file/"
OFF = "Bringing pictures is switched off on this server."
NOT_ASKED_FOR = "No page asked for this file."
NO_ROOM = "Many pictures are arriving at the moment. Try again in a minute."
TOO_SLOW = "This file took too long to arrive. Try again."
SECONDS = 60.0
"""In which a file has to arrive, and after which one goes that no page has read."""
_ENVELOPE = 4096
"""Bytes around the file in a request."""


@dataclass
class Uploads:
    """Which page waits for a file, and whose files are arriving or are there."""

    _expected: set[str] = field(default_factory=set)
    _held: dict[str, tuple[int, float]] = field(default_factory=dict)
    """By session: the bytes of its file, and since when."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, session: str, wanted: bool) -> None:
        """Let a session send one file, or none: its page shows where to choose it, or does not."""
        with self._lock:
            if wanted:
                self._expected.add(session)
            else:
                self._expected.discard(session)

    def begin(self, session: str, length: int) -> tuple[int, str]:
        """Take note of a file that wants to come in, of so many bytes.

        Returns (0, "") where it may, else an HTTP status and a sentence.
        """
        with self._lock:
            self._expected = {one for one in self._expected if _is_active(one)}
            if session not in self._expected:
                return 409, NOT_ASKED_FOR
            self._let_go(now=time.monotonic())
            if session in self._held:
                _remove_files(session)
            others = sum(size for one, (size, _) in self._held.items() if one != session)
            if others + length > limits.UPLOADS_MB.value() * 2**20:
                return 503, NO_ROOM
            self._expected.discard(session)
            self._held[session] = (length, time.monotonic())
        return 0, ""

    def fail(self, session: str) -> None:
        """Take note that a file did not come in: the page still waits for one."""
        with self._lock:
            self._held.pop(session, None)
            self._expected.add(session)

    def finish(self, session: str) -> None:
        """Take note that a session's file was read and is gone."""
        with self._lock:
            self._held.pop(session, None)

    def _let_go(self, now: float) -> None:
        """Drop the files that nobody has read in time, and those of sessions that have ended."""
        for session, (_, since) in list(self._held.items()):
            if now - since > 2 * SECONDS or not _is_active(session):
                del self._held[session]
                _remove_files(session)


UPLOADS = Uploads()


def _is_active(session: str) -> bool:
    return runtime.get_instance().is_active_session(session)


def _remove_files(session: str) -> None:
    runtime.get_instance().uploaded_file_mgr.remove_session_files(session)


class ExpectedUploads:
    """Middleware that lets no other file in than one that a page asked for."""

    def __init__(self, app: ASGIApp, uploads: Uploads = UPLOADS) -> None:
        """Stand before `app`."""
        self._app, self._uploads = app, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer a file with why it is not taken."""
        if scope["type"] != "http" or scope["method"] != "PUT" or ROUTE not in scope["path"]:
            await self._app(scope, receive, send)
            return
        length = _length(Request(scope))
        session = scope["path"].split(ROUTE)[1].split("/")[0]
        refusal = _refusal(length) or self._uploads.begin(session, length)
        if refusal[0]:
            await _answer(*refusal)(scope, receive, send)
            return
        status = await self._take(scope, receive, send)
        if status >= 400:
            self._uploads.fail(session)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Let a file in, and return the status of the answer."""
        status = 0

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            async with asyncio.timeout(SECONDS):
                await self._app(scope, receive, send_noting)
        except TimeoutError:
            await _answer(408, TOO_SLOW)(scope, receive, send_noting)
        finally:
            status = status or 500
        return status


def _length(request: Request) -> int:
    """Return the bytes that a request says it has; -1 where it does not say so."""
    given = request.headers.get("content-length", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 15 else -1


def _refusal(length: int) -> tuple[int, str] | None:
    if not limits.UPLOADS.is_on():
        return 403, OFF
    if length < 0:
        return 411, "A file has to say how long it is."
    if length > limits.UPLOAD_MB.value() * 2**20 + _ENVELOPE:
        return 413, foreign_pictures.too_long()
    return None


def _answer(status: int, sentence: str) -> Response:
    return PlainTextResponse(sentence, status_code=status, headers={"connection": "close"})
