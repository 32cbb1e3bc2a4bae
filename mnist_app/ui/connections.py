"""What a connection may take of the server: descriptors, and time to say what it wants."""

import asyncio
import resource
import socket
from collections.abc import Callable
from typing import cast

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HTTP = cast("type[H11Protocol]", AutoHTTPProtocol)
"""What uvicorn speaks; the faster one, where it is installed, has the same attributes."""

MOST_DESCRIPTORS = 65_536
"""More than any number of pages needs; some programs walk over all that they may have."""
OWN = 100
"""Descriptors that are no visitor's: files, the store, the pipes to the model process."""
SPARE = 64
"""Sockets beyond those of the pages: for what a page loads, and for telling people why not."""
REQUEST_SECONDS = 20.0
"""How long a connection may wait with its next request, and with the rest of one."""
ANSWER_SECONDS = 120.0
"""How long a request may take with all that is sent and read."""


def prepare() -> None:
    """Take the descriptors that there are, and none for what nobody uses. Call it once, at start.

    Must run before the server listens.
    """
    _raise_limit()
    asyncio.set_event_loop_policy(_ScriptLoops())
    _bound_connections()


def before_shutdown(end: Callable[[], None]) -> None:
    """Call `end` as the server begins to stop: it waits for the answers that still go on."""
    shut_down = uvicorn.Server.shutdown

    async def end_and_shut_down(
        server: uvicorn.Server, sockets: list[socket.socket] | None = None
    ) -> None:
        end()
        await shut_down(server, sockets)

    setattr(uvicorn.Server, "shutdown", end_and_shut_down)  # noqa: B010


def most_sockets() -> int:
    """Return how many sockets the server may have open."""
    return max(1, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], MOST_DESCRIPTORS) - OWN)


def _raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _ScriptLoop(asyncio.SelectorEventLoop):
    """The event loop of all scripts, which stays open when a session ends."""

    def close(self) -> None:
        """Do nothing: other sessions have the same one."""


class _ScriptLoops(asyncio.DefaultEventLoopPolicy):
    """Gives all sessions one event loop.

    Streamlit makes one for each, of three descriptors, for scripts that run something in it. No
    page does.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shared = _ScriptLoop()

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return the shared loop where the server's is running: there, only Streamlit asks."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return super().new_event_loop()
        return self._shared


def _bound_connections() -> None:
    """Make uvicorn close connections that keep others out.

    It has no such limits of its own, and Streamlit hands it no other class, so its own is extended.
    """
    made = HTTP.connection_made

    def connection_made(protocol: H11Protocol, transport: asyncio.Transport) -> None:
        made(protocol, transport)
        if len(protocol.connections) > most_sockets():
            _make_room(protocol)
        _look_again(protocol, None, protocol.loop.time())

    setattr(HTTP, "connection_made", connection_made)  # noqa: B010


def _make_room(newest: H11Protocol) -> None:
    """Close a connection that has not asked for anything so far, or else the newest."""
    silent = (one for one in newest.connections if getattr(one, "cycle", newest) is None)
    next((one for one in silent if one is not newest), newest).transport.abort()


def _look_again(protocol: H11Protocol, request: RequestResponseCycle | None, since: float) -> None:
    """Close a connection that has had the same request, or none, for too long."""
    if protocol not in protocol.connections:  # closed, or a websocket by now
        _close_unread_handshake(protocol.transport)
        return
    now = protocol.loop.time()
    if protocol.cycle is not request:
        request, since = protocol.cycle, now
    is_waiting = request is None or request.response_complete or request.more_body
    if now - since >= (REQUEST_SECONDS if is_waiting else ANSWER_SECONDS):
        protocol.transport.abort()
        return
    protocol.loop.call_later(REQUEST_SECONDS / 4, _look_again, protocol, request, since)


def _close_unread_handshake(transport: asyncio.Transport) -> None:
    """Close a websocket whose handshake could not be read: uvicorn leaves it open, unanswered."""
    if not getattr(transport.get_protocol(), "handshake_initiated", True):
        transport.abort()
