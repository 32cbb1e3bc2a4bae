"""What phones may ask the server for, and what they may not."""

import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from mnist_app import limits, storage
from mnist_app.classroom import drawings, rooms
from mnist_app.classroom.codes import Guesses
from mnist_app.classroom.room import Room
from mnist_app.ui import room_routes
from mnist_app.ui.parts import phone_address
from tests.support import asynchronous
from tests.support.rooms import SEVEN

SENT = {"phone": "a1", "sending": "b2", "round": 0, "strokes": base64.b64encode(SEVEN).decode()}

Answering = Callable[[Request], Awaitable[Any]]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    monkeypatch.setattr(room_routes, "_GUESSES", Guesses())
    yield rooms.open_room("speaker", "", "cnn")
    storage.close()


def ask(
    answer: Answering,
    body: bytes,
    key: str = "",
    address: str = "1.2.3.4",
) -> tuple[int, Any]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "headers": [],
        "client": (address, 1),
        "path_params": {"key": key},
    }

    async def answered() -> Any:  # noqa: ANN401
        return await answer(Request(scope, receive))

    response = asynchronous.run(answered())
    return response.status_code, json.loads(response.body)


def test_a_right_code_brings_the_key_and_no_guess_does(room: Room) -> None:
    code = json.dumps({"code": room.code.lower()}).encode()
    assert ask(room_routes.answer_enter, code) == (200, {"key": room.key, "code": room.code})
    tries = limits.WRONG_CODES.value()
    statuses = [ask(room_routes.answer_enter, b'{"code": "XXXX"}')[0] for _ in range(tries + 1)]
    assert statuses == [404] * tries + [429]
    assert ask(room_routes.answer_enter, code)[0] == 429
    assert ask(room_routes.answer_enter, code, address="1.2.3.5")[0] == 200


def test_a_drawing_is_acknowledged_with_its_number(room: Room) -> None:
    body = json.dumps(SENT).encode()
    first, again = (ask(room_routes.answer_drawing, body, room.key) for _ in range(2))
    assert first == again == (200, {"number": 1})
    assert ask(room_routes.answer_drawing, body, "0" * 16)[0] == 404
    long = limits.ROOM_MESSAGE_KB.value() * 1024 + 1
    assert ask(room_routes.answer_drawing, b" " * long, room.key)[0] == 413
    state = ask(room_routes.answer_state, b"", room.key)[1]
    assert (state["status"], state["round"], state["sentence"]) == ("open", 0, "Draw any digit.")
    ballot = ask(room_routes.answer_ballot, b'{"phone": "b1"}', room.key)[1]
    assert ballot["number"] == 1
    vote = b'{"phone": "b1", "drawing": 1, "digit": 7}'
    assert ask(room_routes.answer_vote, vote, room.key) == (200, {})
    assert drawings.list_drawings(room, "speaker")[0].votes[7] == 1


ANSWERS = (room_routes.answer_drawing, room_routes.answer_vote, room_routes.answer_ballot)


@settings(max_examples=60)
@given(
    answer=st.sampled_from(ANSWERS),
    body=st.binary(max_size=50)
    | st.dictionaries(
        st.sampled_from([*SENT, "drawing", "digit", "code"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.none()),
    ).map(lambda changed: json.dumps(SENT | changed).encode()),
)
def test_anything_else_is_refused_with_a_sentence(answer: Answering, body: bytes) -> None:
    status, said = ask(answer, body, "no such room")
    assert (status, said) == (200, None) or status in (400, 404)
    assert said is None or said["sentence"].endswith(".")


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"Host": "lab.example:8501"}, "http://lab.example:8501"),
        (
            {"Host": "10.0.0.2", "X-Forwarded-Host": "lab.example", "X-Forwarded-Proto": "https"},
            "https://lab.example",
        ),
        ({"Host": "[2001:db8::1]:8501"}, "http://[2001:db8::1]:8501"),
    ],
)
def test_the_address_for_phones_is_that_of_the_page(headers: dict[str, str], address: str) -> None:
    assert phone_address.guessed(headers) == address
    assert phone_address.read(address) == address


def test_this_computers_own_name_is_no_address_for_phones() -> None:
    for host in ("localhost:8501", "127.0.0.1:8501", "[::1]:8501", "localhost:bad"):
        assert "127.0.0.1" not in phone_address.guessed({"host": host})
    read = {
        " 10.0.0.2:8501/ ": "http://10.0.0.2:8501",
        "lab.example/join": "http://lab.example",
        "": "",
        "ftp://lab": "",
        "http://": "",
        "lab:99999": "",
        "two words": "",
        "a" * 300: "",
    }
    assert {text: phone_address.read(text) for text in read} == read
    assert phone_address.is_local("127.0.0.9")
    assert phone_address.is_local("lab.localhost")
    assert phone_address.is_reachable("http://10.0.0.7:8501")
    assert not any(map(phone_address.is_reachable, ("", "http://localhost:8501")))
