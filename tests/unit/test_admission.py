"""Who may come in, how fast messages may come, and when garbage is looked for."""

import asyncio
import resource
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mnist_app import limits
from mnist_app.ui import admission, connections, garbage, paced_requests
from mnist_app.ui.admission import FULL, TOO_MANY_PAGES, Guest, House, Pace
from mnist_app.ui.paced_requests import PacedRequests
from tests.support import asynchronous


def guest(address: str = "192.0.2.1", visitor: str = "") -> Guest:
    return Guest(visitor or secrets.token_hex(16), address)


def fill(house: House, count: int, address: str) -> list[Guest]:
    guests = [guest(address) for _ in range(count)]
    for one in guests:
        assert house.refusal(one) == ""
        house.enter(one)
    return guests


def test_a_lecture_hall_of_one_address_comes_in() -> None:
    fill(House(lambda: 800), 600, "192.0.2.1")


def test_who_has_most_places_leaves_the_last_ones_to_others() -> None:
    house = House(lambda: 100)
    fill(house, 75, "192.0.2.1")
    assert house.refusal(guest("192.0.2.1")) == FULL
    fill(house, 25, "198.51.100.7")
    assert house.refusal(guest("203.0.113.9")) == FULL  # nobody comes in any more


def test_who_leaves_makes_room() -> None:
    house = House(lambda: 4)
    inside = [one for end in range(4) for one in fill(house, 1, f"192.0.2.{end}")]
    for number, one in enumerate(inside):
        newcomer = guest(f"198.51.100.{number}")
        assert house.refusal(newcomer) == FULL
        house.leave(one)
        assert house.refusal(newcomer) == ""
        house.enter(newcomer)


def test_a_visitor_has_so_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.VISITOR_SESSIONS.variable, "3")
    house, visitor = House(lambda: 100), guest()
    for _ in range(3):
        assert house.refusal(visitor) == ""
        house.enter(visitor)
    assert house.refusal(visitor) == TOO_MANY_PAGES
    assert house.refusal(guest()) == ""


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.sampled_from("xy"))))
def test_places_are_counted_whatever_comes(steps: list[tuple[bool, str, str]]) -> None:
    house, inside = House(lambda: 10), []
    for comes, visitor, address in steps:
        one = Guest(visitor, address)
        if comes and not house.refusal(one):
            house.enter(one)
            inside.append(one)
        elif inside:
            house.leave(inside.pop())
        assert len(inside) <= 10
    for one in inside:
        house.leave(one)
    assert house == House(house.places)


def scope(address: str, cookie: str = "") -> dict[str, object]:
    headers = [(b"cookie", f"mnist_lab_visitor={cookie}".encode())] if cookie else []
    return {"type": "http", "client": (address, 1), "headers": headers}


def test_a_guest_is_known_by_the_cookie_else_by_the_address() -> None:
    number = "0123456789abcdef" * 2
    assert Guest.of(scope("192.0.2.1", number)) == Guest(number, "192.0.2.1")
    assert Guest.of(scope("192.0.2.1", "x" * 32)) == Guest("192.0.2.1", "192.0.2.1")
    assert Guest.of(scope("::ffff:192.0.2.1")).address == "192.0.2.1"
    one, other = Guest.of(scope("2001:db8::1")), Guest.of(scope("2001:db8::ffff:2"))
    assert one == other
    assert Guest.of({"type": "http", "client": None, "headers": []}).address == ""


def test_messages_may_come_at_once_then_so_many_a_second() -> None:
    pace = Pace(10)
    waits = [pace.take(100.0) for _ in range(60)]
    assert waits[:40] == [0.0] * 40
    assert waits[-1] == pytest.approx(2.0)
    assert pace.take(200.0) == 0.0


def test_garbage_waits_for_a_quiet_moment_but_not_for_ever() -> None:
    drawing = {"now": 100.0, "last_message": 99.9, "collected": 90.0}
    assert not garbage.is_due(**drawing, rounds=1)
    assert garbage.is_due(**drawing | {"last_message": 90.0}, rounds=1)
    assert garbage.is_due(**drawing | {"collected": 30.0}, rounds=1)
    assert garbage.is_due(**drawing, rounds=garbage.MOST_ROUNDS)
    assert not garbage.is_due(**drawing | {"last_message": 0.0}, rounds=0)


def test_a_session_takes_no_descriptor_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop that Streamlit makes for each is the same, and stays open."""
    policy = asyncio.get_event_loop_policy()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    monkeypatch.setattr(connections.HTTP, "connection_made", connections.HTTP.connection_made)
    connections.prepare()
    try:

        async def make() -> asyncio.AbstractEventLoop:
            made = asyncio.new_event_loop()
            made.close()
            return made

        one, other = asynchronous.run(make()), asynchronous.run(make())
        assert one is other
        assert not one.is_closed()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= limit[0]
    finally:
        asyncio.set_event_loop_policy(policy)
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_there_are_no_more_places_than_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        assert admission.places() < 400
        monkeypatch.setenv(limits.SESSIONS.variable, "5")
        assert admission.places() == 5
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_an_address_asks_so_fast_then_waits_then_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(limits.ADDRESS_REQUESTS.variable, "10")
    monkeypatch.setattr(paced_requests, "LONGEST_WAIT", 0.05)
    reached: list[str] = []
    statuses: list[int] = []

    async def app(scope: dict, receive: object, send: object) -> None:  # noqa: ARG001
        reached.append(scope["client"][0])

    async def send(message: dict) -> None:
        statuses.extend(message[key] for key in ("status", "code") if key in message)

    async def receive() -> dict:
        return {"type": "websocket.connect"}

    paced = PacedRequests(app)

    async def ask(kind: str, address: str, count: int) -> None:
        for _ in range(count):
            await paced({"type": kind, "client": (address, 1)}, receive, send)

    asynchronous.run(ask("http", "192.0.2.1", 60))
    assert 40 <= reached.count("192.0.2.1") < 50
    assert set(statuses) == {429}
    asynchronous.run(ask("websocket", "192.0.2.1", 2))
    assert statuses[-1] == 1013
    asynchronous.run(ask("http", "::ffff:127.0.0.1", 60))
    assert reached.count("::ffff:127.0.0.1") == 60  # nobody knows who that is
    asynchronous.run(ask("http", "198.51.100.7", 1))
    assert reached[-1] == "198.51.100.7"


def test_as_many_addresses_are_remembered_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paced_requests, "MOST_ADDRESSES", 3)

    async def app(_scope: object, _receive: object, _send: object) -> None:
        pass

    paced = PacedRequests(app)

    async def ask() -> None:
        for end in range(9):
            await paced({"type": "http", "client": (f"192.0.2.{end}", 1)}, app, app)

    asynchronous.run(ask())
    assert list(paced._paces) == ["192.0.2.6", "192.0.2.7", "192.0.2.8"]


@pytest.mark.parametrize(
    ("proxies", "client", "forwarded", "believed"),
    [
        ("127.0.0.1,::1", "127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1,::1", "::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1,::1", "::1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.7", "203.0.113.7", "198.51.100.7"),
        ("10.0.0.0/8", "::ffff:10.1.2.3", "forged, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
        ("10.0.0.0/8, nonsense", "11.1.2.3", "203.0.113.7", "11.1.2.3"),
        ("*", "198.51.100.7", "203.0.113.7", "198.51.100.7"),
    ],
)
def test_only_proxies_that_are_named_say_whose_a_request_is(
    monkeypatch: pytest.MonkeyPatch, proxies: str, client: str, forwarded: str, believed: str
) -> None:
    monkeypatch.setenv(limits.PROXIES.variable, proxies)
    seen: list[str] = []

    async def app(scope: dict, _receive: object, _send: object) -> None:
        seen.append(scope["client"][0])

    headers = [(b"x-forwarded-for", forwarded.encode())]
    asked = {"type": "http", "client": (client, 1), "headers": headers, "scheme": "http"}
    asynchronous.run(ProxyHeadersMiddleware(app, paced_requests.proxies())(asked, app, app))
    assert seen == [believed]
