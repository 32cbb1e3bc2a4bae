"""A stranger does what he can to a real server, while somebody else draws."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from mnist_app import limits
from mnist_app.ui.admission import FULL, TOO_MANY_PAGES
from tests.benchmarks.hostile import newcomers
from tests.benchmarks.hostile.attacker import Plan
from tests.benchmarks.hostile.forgery import KINDS, Known
from tests.benchmarks.hostile.siege import Report, besiege
from tests.support import asynchronous
from tests.support.serving import Server, serve

SEED = 20
ATTACKS = 50


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("hostile") / "log", descriptors=256) as running:
        yield running


@pytest.fixture(scope="module")
def report(server: Server) -> Report:
    """What some attacks of all kinds cost the bystander and the server."""
    options = ("--seed", str(SEED), "--count", str(ATTACKS), "--at-once", "6", "--seconds", "8")
    report = asynchronous.run(besiege(server, "all kinds", *options))
    print(f"Seed {SEED}: {report.row()}", *report.slow_strokes(), *report.leaks, sep="\n")
    return report


def test_whoever_draws_beside_an_attacker_is_answered(report: Report) -> None:
    assert len(report.attacks) >= 10
    assert len(report.kinds) >= 6
    assert report.thrown_out == []
    assert len(report.strokes) >= 3


def test_an_attacker_is_shown_no_traceback(report: Report) -> None:
    assert report.leaks == []


def test_an_attacker_leaves_nothing_behind(report: Report) -> None:
    assert report.most.memory <= 400
    assert report.after.descriptors <= report.before.descriptors + 15


def test_the_attacks_are_the_same_with_the_same_seed() -> None:
    known = Known(widgets=["a", "b"], canvas="a", canvas_fragment="c", session="d")
    for kind, forge in KINDS.items():
        once, again = (forge(Plan(SEED).random(7), known) for _ in range(2))
        assert once == again, kind


def test_half_open_sockets_do_not_keep_anybody_out(server: Server) -> None:
    """More of them than there are descriptors."""
    port = urlsplit(server.url).port or 0
    with contextlib.ExitStack() as held:
        for _ in range(300):
            held.enter_context(socket.create_connection(("localhost", port), timeout=5))
        assert newcomers.ask_for_page(server.url) == "200"


def test_a_full_house_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.SESSIONS.variable, "8")
    monkeypatch.setenv(limits.VISITOR_SESSIONS.variable, "3")
    with serve(tmp_path / "log") as server:
        asynchronous.run(fill_and_ask(server))


async def fill_and_ask(server: Server) -> None:
    """The last quarter of the places is not for the only address there is here."""
    first, second, third = ("0" * 31 + end for end in "abc")
    inside = [await open_page(server, first) for _ in range(3)]
    assert await is_sent_away(server, first)
    assert TOO_MANY_PAGES in newcomers.ask_for_page(f"{server.url}/full", first)
    inside += [await open_page(server, second) for _ in range(3)]
    assert await is_sent_away(server, third)
    assert FULL in newcomers.ask_for_page(f"{server.url}/training", third)
    await inside.pop().close()
    assert newcomers.ask_for_page(f"{server.url}/full", third) == "200"
    inside.append(await open_page(server, third))
    for page in inside:
        await page.close()


async def open_page(server: Server, visitor: str) -> ClientConnection:
    return await connect(
        server.url.replace("http", "ws") + "/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=[("Cookie", f"mnist_lab_visitor={visitor}")],
    )


async def is_sent_away(server: Server, visitor: str) -> bool:
    """Say whether the browser is led to the page that says why it does not come in."""
    page = await open_page(server, visitor)
    message = ForwardMsg()
    frame = await page.recv()
    assert isinstance(frame, bytes)
    message.ParseFromString(frame)
    with pytest.raises(ConnectionClosed):
        await page.recv()
    return message.auth_redirect.url == "full"
