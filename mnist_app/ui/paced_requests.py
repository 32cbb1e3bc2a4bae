"""How fast requests may come from one address, and which proxies may say whose a request is."""

import asyncio
import ipaddress
import logging
import time
from collections import OrderedDict

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mnist_app import limits
from mnist_app.ui.admission import Pace
from mnist_app.ui.visitor import is_unknown, network_of

LOGGER = logging.getLogger(__name__)
TOO_FAST = "Too many requests come from where you are. Try again in a few seconds."
LONGEST_WAIT = 5.0
"""Seconds; a request whose turn is later is refused."""
MOST_ADDRESSES = 10_000
"""So many are remembered; those that were quiet longest are forgotten first."""


def proxies() -> list[str]:
    """Return the addresses and networks of those who may say where a request comes from."""
    named = [one.strip() for one in limits.PROXIES.value().split(",") if one.strip()]
    return [form for one in named for form in _forms(one)]


def _forms(proxy: str) -> list[str]:
    """Return an address or network as it is, and as a server sees it that listens to IPv6, too."""
    try:
        network = ipaddress.ip_network(proxy, strict=False)
    except ValueError:
        LOGGER.warning("No address of a proxy: %r", proxy[:40])
        return []
    if network.version == 6:
        return [str(network)]
    return [str(network), f"::ffff:{network.network_address}/{96 + network.prefixlen}"]


class PacedRequests:
    """Middleware that lets nobody ask faster than others can be answered."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app
        self._paces: OrderedDict[str, Pace] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through when it is its turn, or refuse it."""
        address = network_of(scope["client"][0]) if scope.get("client") else ""
        wait = 0.0 if is_unknown(address) else self._wait(address)
        if wait > LONGEST_WAIT:
            await _refuse(scope, receive, send)
            return
        if wait:
            await asyncio.sleep(wait)
        await self._app(scope, receive, send)

    def _wait(self, address: str) -> float:
        pace = self._paces.setdefault(address, Pace(limits.ADDRESS_REQUESTS.value()))
        self._paces.move_to_end(address)
        if len(self._paces) > MOST_ADDRESSES:
            self._paces.popitem(last=False)
        wait = pace.take(time.monotonic())
        if wait > LONGEST_WAIT:
            pace.give_back()
        return wait


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1013})
        return
    headers = {"retry-after": f"{LONGEST_WAIT:.0f}"}
    await PlainTextResponse(TOO_FAST, status_code=429, headers=headers)(scope, receive, send)
