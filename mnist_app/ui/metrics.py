"""What a monitor is told, in Prometheus's format, on a port of its own; off unless that is set.

prometheus-client is imported only where it is on.
"""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from mnist_app import cluster, limits
from mnist_app.cluster import ClusterError
from mnist_app.storage import StorageError
from mnist_app.training import quotas
from mnist_app.ui import layout
from mnist_app.ui.admission import HOUSE
from mnist_app.ui.messages import CANVAS

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Where the histogram's buckets end."""
LONGEST_END = 500
"""Bytes of the message that a script has finished; longer ones are not looked at."""
_FINISHED = (
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
    ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
)


class Measurements:
    """What is counted in this process."""

    def __init__(self, registry: "CollectorRegistry") -> None:
        """Register all of it."""
        from prometheus_client import Counter, Gauge, Histogram, ProcessCollector

        self.strokes = Counter(
            "mnist_lab_strokes", "Strokes that browsers sent.", registry=registry
        )
        self.seconds = Histogram(
            "mnist_lab_message_seconds",
            "From a browser's message to the finished script.",
            ["kind"],
            buckets=SECONDS,
            registry=registry,
        )
        self.responses = Counter(
            "mnist_lab_responses", "HTTP responses by status.", ["status"], registry=registry
        )
        self.errors = Counter(
            "mnist_lab_errors", "Pages and requests that failed.", ["where"], registry=registry
        )
        sessions = Gauge("mnist_lab_sessions", "Open pages.", registry=registry)
        sessions.set_function(HOUSE.taken)
        ready = Gauge("mnist_lab_ready", "1 while a drawing would be read.", registry=registry)
        ready.set_function(lambda: float(layout.is_ready()))
        ProcessCollector(registry=registry)
        registry.register(Store())


class Store:
    """What store and cluster say of all servers together, asked when the monitor asks."""

    def collect(self) -> "Iterator[Metric]":
        """Yield how many runs wait and work, and how many workers live; nothing without a store."""
        from prometheus_client.core import GaugeMetricFamily

        try:
            load = quotas.load()
        except StorageError:
            load = None
        yield GaugeMetricFamily(
            "mnist_lab_store_up", "1 while the store answers.", value=float(load is not None)
        )
        if load is not None:
            yield GaugeMetricFamily("mnist_lab_runs_queued", "Runs that wait.", value=load.waiting)
            yield GaugeMetricFamily(
                "mnist_lab_runs_training", "Runs that are trained.", value=load.training
            )
            with suppress(ClusterError):  # nobody knows then how many there are
                in_cluster = cluster.count_trainers() if cluster.is_named() else 0
                live = load.workers + in_cluster
                yield GaugeMetricFamily("mnist_lab_workers", "Live workers.", value=live)


_measured: Measurements | None = None


def middleware() -> list[Middleware]:
    """Return the middleware that measures; none where metrics are off."""
    return [Middleware(Measured)] if limits.METRICS_PORT.value() else []


@asynccontextmanager
async def served() -> AsyncIterator[None]:
    """Answer monitors as long as the block lasts, where metrics are on."""
    global _measured
    port = limits.METRICS_PORT.value()
    if not port:
        yield
        return
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    _measured = Measurements(registry)
    server, thread = start_http_server(port, limits.METRICS_ADDRESS.value(), registry)
    try:
        yield
    finally:
        _measured = None
        server.shutdown()
        thread.join()


def note_error(where: str) -> None:
    """Count a failure of a page or a request; nothing where metrics are off."""
    if _measured is not None:
        _measured.errors.labels(where).inc()


class Measured:
    """Middleware that counts strokes and answers, and measures how long messages take."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let all through, and look at it."""
        if _measured is None or scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._app(scope, receive, _counted(send, _measured))
        else:
            page = _Page(receive, send, _measured)
            await self._app(scope, page.receive, page.send)


def _counted(send: Send, measured: Measurements) -> Send:
    async def send_counted(message: Message) -> None:
        if message["type"] == "http.response.start":
            measured.responses.labels(str(message["status"])).inc()
        await send(message)

    return send_counted


class _Page:
    """One websocket: when its last message came, and what its canvas sent last."""

    def __init__(self, receive: Receive, send: Send, measured: Measurements) -> None:
        self._receive, self._send, self._measured = receive, send, measured
        self._came_at: float | None = None
        self._kind = ""
        self._canvas = 0

    async def receive(self) -> Message:
        """Return the next message, and start the clock where none runs."""
        message = await self._receive()
        frame = message.get("bytes")
        if message["type"] == "websocket.receive" and frame:
            kind = "stroke" if self._has_stroke(frame) else "other"
            if kind == "stroke":
                self._measured.strokes.inc()
            if self._came_at is None:
                self._came_at, self._kind = time.monotonic(), kind
        return message

    async def send(self, message: Message) -> None:
        """Send a message; the one that the script has finished stops the clock."""
        await self._send(message)
        frame = message.get("bytes") or b""
        if self._came_at is not None and 0 < len(frame) <= LONGEST_END and _is_end(frame):
            seconds = time.monotonic() - self._came_at
            self._measured.seconds.labels(self._kind).observe(seconds)
            self._came_at = None

    def _has_stroke(self, frame: bytes) -> bool:
        """Say whether a message has something of the canvas that the one before had not."""
        if CANVAS.encode() not in frame:
            return False
        message = BackMsg()
        try:
            message.ParseFromString(frame)
        except DecodeError:
            return False
        states = message.rerun_script.widget_states.widgets
        sent = [state.json_value for state in states if CANVAS in state.id[-30:]]
        before, self._canvas = self._canvas, hash(tuple(sent))
        return any(sent) and before != self._canvas


def _is_end(frame: bytes) -> bool:
    message = ForwardMsg()
    try:
        message.ParseFromString(frame)
    except DecodeError:
        return False
    return message.WhichOneof("type") == "script_finished" and message.script_finished in _FINISHED
