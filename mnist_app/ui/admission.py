"""Who may come in: how many pages are open at a time, in all and a visitor, and who must wait.

A page is an open websocket. Whoever finds the house full reads why, and what happens next.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from mnist_app import limits
from mnist_app.ui import connections, draining, garbage
from mnist_app.ui.addresses import asks_for_page, is_phones
from mnist_app.ui.visitor import network_of
from mnist_app.ui.visitor_cookie import number_in

FULL = "All places are taken at the moment. This page tries again by itself."
TOO_MANY_PAGES = "You have too many pages of MNIST Lab open. Close some; this page tries again."
STOPPING = "This server is about to stop. This page tries again by itself."
RETRY_SECONDS = 15
FIRST_MESSAGE_SECONDS = 30.0
"""A browser's first message follows at once."""
SESSION_MESSAGES = 8.0
"""Messages a second of one page; a person who drags a slider sends five."""
SECONDS_AT_ONCE = 4.0
"""For how many seconds' messages nobody waits who was quiet before."""
_TRY_AGAIN_LATER = 1013
_PAGE = Template((Path(__file__).parent / "full.html").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Guest:
    """Somebody who wants a page: who it is, as far as one knows, and from where."""

    visitor: str
    """The number in the cookie; the address for a browser without cookies."""
    address: str

    @classmethod
    def of(cls, scope: Scope) -> "Guest":
        """Return who sent a request."""
        address = network_of(scope["client"][0] if scope.get("client") else "")
        return cls(number_in(HTTPConnection(scope).cookies) or address, address)


class Pace:
    """How fast messages may come: so many a second, and some at once."""

    def __init__(self, a_second: float) -> None:
        """Begin with what one may send at once after a quiet time."""
        self._interval = 1 / a_second
        self._free_at = 0.0

    def take(self, now: float) -> float:
        """Count a message, and return in how many seconds its turn is; 0 for now."""
        self._free_at = max(self._free_at, now - SECONDS_AT_ONCE) + self._interval
        return max(0.0, self._free_at - now)

    def give_back(self) -> None:
        """Count the last message no more: it will not come."""
        self._free_at -= self._interval


@dataclass
class House:
    """Who is inside."""

    places: Callable[[], int]
    """How many pages there may be."""
    _visitors: Counter[str] = field(default_factory=Counter)
    _addresses: Counter[str] = field(default_factory=Counter)
    _paces: dict[str, Pace] = field(default_factory=dict)

    def refusal(self, guest: Guest) -> str:
        """Return the sentence that a guest who may not come in is told; empty for whoever may.

        The last quarter of the places is not for an address that has more than half of all
        that are taken. A lecture hall has one address, so it is not limited before.
        """
        if self._visitors[guest.visitor] >= limits.VISITOR_SESSIONS.value():
            return TOO_MANY_PAGES
        places, taken = self.places(), self.taken()
        is_nearly_full = taken >= places - places // 4
        if taken >= places or (is_nearly_full and 2 * self._addresses[guest.address] > taken):
            return FULL
        return ""

    def taken(self) -> int:
        """Return how many pages are open."""
        return self._visitors.total()

    def has(self, guest: Guest) -> bool:
        """Say whether this visitor has a page open."""
        return guest.visitor in self._visitors

    def enter(self, guest: Guest) -> Pace:
        """Give a guest a place, and return how fast all messages of this visitor may come."""
        self._visitors[guest.visitor] += 1
        self._addresses[guest.address] += 1
        return self._paces.setdefault(guest.visitor, Pace(limits.VISITOR_MESSAGES.value()))

    def leave(self, guest: Guest) -> None:
        """Take the place back."""
        for places, name in ((self._visitors, guest.visitor), (self._addresses, guest.address)):
            places[name] -= 1
            if not places[name]:
                del places[name]
        if guest.visitor not in self._visitors:
            del self._paces[guest.visitor]


def places() -> int:
    """Return how many pages may be open: as many as set, and as there are descriptors for."""
    return max(1, min(limits.SESSIONS.value(), connections.most_sockets() - connections.SPARE))


HOUSE = House(places)


class Admission:
    """Middleware that lets in whom there is a place for, and tells the others why not."""

    def __init__(self, app: ASGIApp, house: House = HOUSE) -> None:
        """Stand before `app`."""
        self._app, self._house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with the reason."""
        if scope["type"] == "websocket":
            await self._open_page(scope, receive, send)
        elif scope["type"] == "http" and asks_for_page(scope) and not is_phones(scope):
            guest = Guest.of(scope)
            is_too_late = draining.is_draining() and not self._house.has(guest)
            refusal = STOPPING if is_too_late else self._house.refusal(guest)
            answer = full_page(refusal) if refusal else self._app
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _open_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        guest = Guest.of(scope)
        if self._house.refusal(guest):
            await _send_away(scope, receive, send)
            return
        pace = self._house.enter(guest)
        try:
            await self._app(scope, _Inbox(receive, send, pace), send)
        finally:
            self._house.leave(guest)


def answer_full(request: Request) -> Response:
    """Answer whoever was sent away: with the reason, or with the way in."""
    refusal = HOUSE.refusal(Guest.of(request.scope))
    return full_page(refusal) if refusal else RedirectResponse("./", status_code=303)


class _Inbox:
    """A page's messages, none faster than it may send them."""

    def __init__(self, receive: Receive, send: Send, visitor: Pace) -> None:
        self._receive, self._send, self._visitor = receive, send, visitor
        self._page = Pace(SESSION_MESSAGES)
        self._is_first = True

    async def __call__(self) -> Message:
        if self._is_first:
            return await self._first()
        message = await self._receive()
        now = time.monotonic()
        garbage.note_message(now)
        wait = max(self._page.take(now), self._visitor.take(now))
        if wait:
            await asyncio.sleep(wait)
        return message

    async def _first(self) -> Message:
        """Return the handshake, or the first message; end a page that sends none."""
        try:
            async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            await self._send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
            return {"type": "websocket.disconnect", "code": _TRY_AGAIN_LATER}
        self._is_first = message["type"] == "websocket.connect"
        return message


def full_page(refusal: str) -> HTMLResponse:
    """Return the page of whoever may not come in, which tries again by itself."""
    html = _PAGE.substitute(reason=refusal, seconds=RETRY_SECONDS)
    return HTMLResponse(html, status_code=503, headers={"retry-after": str(RETRY_SECONDS)})


async def _send_away(scope: Scope, receive: Receive, send: Send) -> None:
    """Let a browser go to the page that says why; one that was inside before tries again itself.

    The page of the latter stays as it is, with the drawing, while Streamlit reconnects.
    """
    await receive()
    if was_inside(scope):
        await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})
        return
    message = ForwardMsg()
    message.auth_redirect.url = "full"
    await send({"type": "websocket.accept", "subprotocol": "streamlit"})
    await send({"type": "websocket.send", "bytes": message.SerializeToString()})
    await send({"type": "websocket.close", "code": _TRY_AGAIN_LATER})


def was_inside(scope: Scope) -> bool:
    """Say whether the browser names a session: Streamlit sends it as the third subprotocol."""
    return len(scope.get("subprotocols", ())) >= 3
