"""Streams of events: who gets them, how many there may be, and how they end."""

import asyncio
import socket
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request

from mnist_app import limits
from mnist_app.ui import connections, event_streams
from mnist_app.ui.event_streams import MOST_WAITING, TOO_MANY, TOO_MANY_PAGES, Feed, Streams, event
from tests.support import asynchronous


class Client:
    """A browser with one stream."""

    def __init__(self, streams: Streams, feed: Feed, visitor: str = "a") -> None:
        headers = [(b"cookie", b"mnist_lab_visitor=" + visitor.encode() * 32)]
        self.scope: dict[str, Any] = {
            "type": "http",
            "headers": headers,
            "asgi": {"spec_version": "2.3"},
        }
        self.text = ""
        self.is_gone = asyncio.Event()
        self.may_read = asyncio.Event()
        self.may_read.set()
        answer = streams.answer(Request(self.scope), feed)
        self.stream = asyncio.ensure_future(answer(self.scope, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        await self.is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:  # noqa: ANN401
        await self.may_read.wait()
        self.text += message.get("body", b"").decode()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_all_hear_what_there_is_and_what_comes() -> None:
    async def hear() -> None:
        said = ["first"]
        feed, streams = Feed(lambda: event("all", said)), Streams()
        clients = [Client(streams, feed, visitor) for visitor in "ab"]
        await settle()
        feed.publish(event("more", "second", "7"))
        feed.end()
        for client in clients:
            await client.stream
            assert 'event: all\ndata: ["first"]\n\n' in client.text
            assert client.text.endswith('id: 7\nevent: more\ndata: "second"\n\n')
        assert feed.listeners == 0

    asynchronous.run(hear())


def test_a_slow_client_gets_all_there_is_instead_of_a_backlog() -> None:
    async def hear() -> None:
        feed = Feed(lambda: event("all", "there is"))
        client = Client(Streams(), feed)
        await settle()
        client.may_read.clear()
        for number in range(5 * MOST_WAITING):
            feed.publish(event("more", number))
            await settle()
        client.may_read.set()
        feed.end()
        await client.stream
        assert client.text.count("event: more") < 2 * MOST_WAITING
        assert client.text.count("event: all") > 1
        assert f"data: {5 * MOST_WAITING - 1}\n" in client.text

    asynchronous.run(hear())


def test_streams_are_bounded_and_places_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.VISITOR_STREAMS.variable, "2")
    monkeypatch.setattr(event_streams, "most_streams", lambda: 3)

    async def hear() -> None:
        feed, streams = Feed(lambda: b""), Streams()
        inside = [Client(streams, feed, visitor) for visitor in "aab"]
        await settle()
        for visitor, why in (("a", TOO_MANY_PAGES), ("c", TOO_MANY)):
            refused = Client(streams, feed, visitor)
            await refused.stream
            assert why in refused.text
            assert "event: refused" in refused.text
        assert feed.listeners == 3
        inside[0].is_gone.set()
        await inside[0].stream
        assert feed.listeners == 2
        Client(streams, feed, "c")
        await settle()
        assert feed.listeners == 3
        streams.close()
        await settle()
        assert feed.listeners == 0
        late = Client(streams, feed, "d")
        await late.stream
        assert TOO_MANY in late.text

    asynchronous.run(hear())


def test_a_silent_stream_beats_and_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(event_streams, "STREAM_SECONDS", 0.2)

    async def hear() -> None:
        client = Client(Streams(), Feed(lambda: b""))
        await client.stream
        assert client.text.startswith("retry: 500\n\n")
        assert client.text.count(": still here") >= 1

    asynchronous.run(hear())


def test_a_server_that_stops_ends_its_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for all answers that still go on, and a stream goes on."""
    monkeypatch.setattr(uvicorn.Server, "shutdown", uvicorn.Server.shutdown)
    streams, feed = Streams(), Feed(lambda: event("all", "there is"))
    connections.before_shutdown(streams.close)

    async def answer(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        await streams.answer(Request(scope), feed)(scope, receive, send)

    async def hear() -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(answer, lifespan="off", log_level="error"))
        serving = asyncio.ensure_future(server.serve([listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"there is")
        server.should_exit = True
        async with asyncio.timeout(10):
            await serving
            return (await reader.read()).decode()

    assert asynchronous.run(hear()).endswith("0\r\n\r\n")  # the stream's regular end
