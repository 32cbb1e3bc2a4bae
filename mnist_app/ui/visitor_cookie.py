"""The cookie by which a browser is known again, and how several tabs of a new one agree on it.

Two tabs that a new browser opens at once each get an answer with a number. Were these numbers in
one cookie, the later would replace the earlier, with which a page may already have begun. So each
has a cookie of its own, an offer. The first websocket that comes with offers decides which of them
is the visitor's number, and gives it to the browser under the name that lasts.
"""

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping

import streamlit as st
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_app.ui.addresses import asks_for_page

COOKIE = "mnist_lab_visitor"
OFFER = f"{COOKIE}_offer_"
NUMBER = re.compile(r"[0-9a-f]{32}")
# Seconds: a known visitor keeps the number for another year; an offer is decided upon at once.
LASTING, OFFERED = 365 * 24 * 3600, 600
MOST_DECIDED = 10_000

_decided: OrderedDict[str, str] = OrderedDict()
_deciding = threading.Lock()


def number_in(cookies: Mapping[str, str]) -> str | None:
    """Return the visitor's number by a websocket's cookies; None where the browser keeps none.

    Of several offers one counts, the same ever after, whichever of them a websocket comes with.
    """
    lasting = cookies.get(COOKIE, "")
    if NUMBER.fullmatch(lasting):
        return lasting
    offers = sorted(value for name, value in cookies.items() if _is_offer(name, value))
    if not offers:
        return None
    with _deciding:
        before = [_decided[offer] for offer in offers if offer in _decided]
        number = before[0] if before else offers[0]
        for offer in offers:
            _decided[offer] = number
        while len(_decided) > MOST_DECIDED:
            _decided.popitem(last=False)
    return number


class VisitorCookie:
    """Middleware that gives each browser its visitor's number."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through; the answer to one for a page or a websocket carries the cookie."""
        cookie = _cookie_for(scope)
        if cookie is None:
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                headers = message.get("headers", ())
                message["headers"] = [*headers, (b"set-cookie", cookie.encode())]
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _cookie_for(scope: Scope) -> str | None:
    """Return the cookie that the answer to a request shall carry; None for none."""
    if scope["type"] == "websocket":
        number = number_in(HTTPConnection(scope).cookies)
        return None if number is None else _cookie(scope, COOKIE, number, LASTING)
    if scope["type"] != "http" or not asks_for_page(scope):
        return None
    cookies = HTTPConnection(scope).cookies
    if NUMBER.fullmatch(cookies.get(COOKIE, "")):
        return _cookie(scope, COOKIE, cookies[COOKIE], LASTING)
    if any(_is_offer(*cookie) for cookie in cookies.items()):
        return None
    number = secrets.token_hex(16)
    return _cookie(scope, OFFER + number[:8], number, OFFERED)


def _cookie(scope: Scope, name: str, number: str, seconds: int) -> str:
    path = st.get_option("server.baseUrlPath").strip("/")
    secure = "; Secure" if _is_encrypted(scope) else ""
    return f"{name}={number}; Path=/{path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _is_encrypted(scope: Scope) -> bool:
    """Say whether the browser speaks TLS, with this server or with a proxy before it."""
    forwarded = HTTPConnection(scope).headers.get("x-forwarded-proto", "")
    return scope["scheme"] in ("https", "wss") or forwarded.split(",")[0].strip() == "https"


def _is_offer(name: str, value: str) -> bool:
    return name.startswith(OFFER) and NUMBER.fullmatch(value) is not None
