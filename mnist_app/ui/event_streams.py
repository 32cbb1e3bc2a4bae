"""Server-Sent Events: what many pages hear from the server while they are open.

A stream is an HTTP answer that goes on. A browser's EventSource opens it again by itself when it
ends, so it may end at any time: after a while, with the server, or at once when too many are open.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mnist_app import limits
from mnist_app.ui import admission, connections
from mnist_app.ui.admission import Guest

HEARTBEAT_SECONDS = 10.0
"""After so long without an event a comment is sent: proxies keep the connection."""
STREAM_SECONDS = 90.0
"""So long a stream lasts; a connection is closed whose answer takes longer, see `connections`."""
REOPEN_SECONDS = 0.5
"""After so long a browser opens a stream again that ended."""
RETRY_SECONDS = 15.0
"""After so long a browser tries again that found all streams taken."""
FEWEST_STREAMS = 8
MOST_WAITING = 40
"""So many events wait for a slow client; then it gets in their place all there is so far."""
REFUSED = "refused"
"""The event of whoever finds all streams taken: {"reason": a sentence}."""
TOO_MANY = "Too many people are watching at the moment. This page tries again by itself."
TOO_MANY_PAGES = "You are watching in too many pages. Close some; this page tries again by itself."
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_MEDIA_TYPE = "text/event-stream"
_HEARTBEAT = b": still here\n\n"

Inbox = asyncio.Queue[bytes | None]


def event(kind: str, data: object, number: str = "") -> bytes:
    """Return an event as it is sent: `data` is anything that JSON can say.

    `number` is what a browser names that lost the stream and opens it again, see `last_seen`.
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {kind}\ndata: {text}\n\n".encode()


def last_seen(request: Request) -> str:
    """Return the number of the last event that this browser has seen; empty for none."""
    return str(request.headers.get("last-event-id", ""))[:100]


class Feed:
    """What many hear alike: each gets first what there is so far, and then what is published.

    Call its methods in the server's event loop.
    """

    def __init__(self, so_far: Callable[[], bytes]) -> None:
        """Begin without listeners; `so_far` returns events that say all there is."""
        self._so_far = so_far
        self._is_over = False
        self._inboxes: set[Inbox] = set()

    @property
    def listeners(self) -> int:
        """How many hear it."""
        return len(self._inboxes)

    def publish(self, sent: bytes) -> None:
        """Send an event to all; whoever is too slow gets all there is in its place."""
        for inbox in self._inboxes:
            if inbox.qsize() < MOST_WAITING:
                inbox.put_nowait(sent)
                continue
            while not inbox.empty():
                inbox.get_nowait()
            inbox.put_nowait(self._so_far())

    def end(self) -> None:
        """Let all streams end, each after what still waits for it, and later ones at once."""
        self._is_over = True
        for inbox in self._inboxes:
            inbox.put_nowait(None)

    def join(self) -> Inbox:
        """Return where the events of a new listener arrive; None is the last one."""
        inbox: Inbox = asyncio.Queue()
        inbox.put_nowait(self._so_far())
        if self._is_over:
            inbox.put_nowait(None)
        self._inboxes.add(inbox)
        return inbox

    def leave(self, inbox: Inbox) -> None:
        """Send nothing more there."""
        self._inboxes.discard(inbox)


class Streams:
    """The streams that are open: how many there may be, in all and a visitor."""

    def __init__(self) -> None:
        """Begin with none."""
        self._feeds: Counter[Feed] = Counter()
        self._visitors: Counter[str] = Counter()
        self._are_closed = False

    def answer(self, request: Request, feed: Feed) -> ASGIApp:
        """Answer with what a feed publishes, or with why not.

        The stream ends with the feed, when the client goes, when the server stops and after
        STREAM_SECONDS. Call it in the server's event loop.
        """
        visitor = Guest.of(request.scope).visitor
        if refusal := self._refusal(visitor):
            return once(_reopen_after(RETRY_SECONDS) + event(REFUSED, {"reason": refusal}))
        return _Stream(self, feed, visitor)

    def close(self) -> None:
        """End all streams and let none begin, as the server stops."""
        self._are_closed = True
        for feed in self._feeds:
            feed.end()

    def enter(self, feed: Feed, visitor: str) -> None:
        """Count a stream that begins."""
        self._feeds[feed] += 1
        self._visitors[visitor] += 1

    def leave(self, feed: Feed, visitor: str) -> None:
        """Count a stream no more."""
        self._feeds -= Counter([feed])
        self._visitors -= Counter([visitor])

    def _refusal(self, visitor: str) -> str:
        if self._visitors[visitor] >= limits.VISITOR_STREAMS.value():
            return TOO_MANY_PAGES
        return TOO_MANY if self._are_closed or self._visitors.total() >= most_streams() else ""


class _Stream:
    """An answer that is one stream; it has its place as long as it is sent."""

    def __init__(self, streams: Streams, feed: Feed, visitor: str) -> None:
        self._streams, self._feed, self._visitor = streams, feed, visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streams.enter(self._feed, self._visitor)
        inbox = self._feed.join()
        body = StreamingResponse(_events(inbox), media_type=_MEDIA_TYPE, headers=_HEADERS)
        try:
            await body(scope, receive, send)
        finally:
            self._streams.leave(self._feed, self._visitor)
            self._feed.leave(inbox)


async def _events(inbox: Inbox) -> AsyncIterator[bytes]:
    """Yield what arrives, and a heartbeat where nothing does."""
    clock = asyncio.get_running_loop().time
    until = clock() + STREAM_SECONDS
    yield _reopen_after(REOPEN_SECONDS)
    while clock() < until:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                sent = await inbox.get()
        except TimeoutError:
            sent = _HEARTBEAT
        if sent is None:
            return
        yield sent


def once(sent: bytes) -> ASGIApp:
    """Return an answer with these events alone: a browser asks again after some seconds."""
    answer: ASGIApp = Response(sent, media_type=_MEDIA_TYPE, headers=_HEADERS)
    return answer


def most_streams() -> int:
    """Return how many there may be: as many as set, and as pages leave descriptors for."""
    left = connections.most_sockets() - connections.SPARE - admission.places()
    return max(FEWEST_STREAMS, min(limits.STREAMS.value(), left))


def _reopen_after(seconds: float) -> bytes:
    return f"retry: {1000 * seconds:.0f}\n\n".encode()


STREAMS = Streams()
