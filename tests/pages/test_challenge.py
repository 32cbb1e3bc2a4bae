"""The page Ten digits without a browser: what is asked, what is read, and where it goes on."""

import hashlib
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.classroom import drawings, rooms
from mnist_app.classroom.room import Task
from mnist_app.networks.registry import read_card
from tests.support.apptest import choose_network, draw, go_to, html_with, open_app, press, run
from tests.support.rooms import SEVEN
from tests.support.serving import ROOT


@pytest.fixture
def app() -> AppTest:
    return press(go_to(open_app(), "challenge"), "Start")


def asked(app: AppTest) -> tuple[int, int]:
    """Return the digit that is asked for, and as the how manieth."""
    found = re.search(r"<b>(\d)</b><small>(\d+) of 10", html_with(app, 'class="lab-asked"'))
    assert found is not None
    return int(found[1]), int(found[2])


def is_playing(app: AppTest) -> bool:
    return "Next" in [button.label for button in app.button]


def titles(app: AppTest) -> list[str]:
    return [title.value for title in app.subheader]


def test_ten_digits_are_asked_for_and_read(app: AppTest) -> None:
    order = []
    while is_playing(app):
        digit, number = asked(app)
        order.append(digit)
        assert number == len(order)
        press(draw(app, digit if digit != 4 else 1), "Next")  # a 1 is no 4
    assert sorted(order) == list(range(10))
    assert "9 of 10 digits were read." in titles(app)
    assert "90% (60 to 98)" in html_with(app, 'class="lab-shares"')
    accuracy = f"{100 * read_card('cnn').test_accuracy:.2f}% ("
    assert accuracy in html_with(app, 'class="lab-shares"')
    tiles = html_with(app, 'class="lab-ten"').split("<figure")[1:]
    wrong = [tile for tile in tiles if 'class="wrong"' in tile]
    assert len(tiles) == 10
    assert ["<b>4</b><span>read as 1</span>" in tile for tile in wrong] == [True]
    choose_network(app, "softmax")
    assert len(html_with(app, 'class="lab-ten"').split("<figure")) == 11
    press(app, "Again")
    assert asked(app)[1] == 1


def test_nothing_is_taken_from_an_empty_canvas(app: AppTest) -> None:
    before = asked(app)
    press(app, "Next")
    assert asked(app) == before
    assert f"Draw a {before[0]} first, or skip it." in app.toast[0].value


def test_a_digit_can_be_skipped_and_drawn_again(app: AppTest) -> None:
    first, _ = asked(app)
    press(draw(app, first), "Next")
    drawn = app.session_state["challenge"].drawn[0].strokes
    assert not app.session_state["drawing"].has_ink
    press(app, "Back")
    assert asked(app) == (first, 1)
    assert app.session_state["drawing"].strokes == drawn
    while is_playing(app):
        press(app, "Skip")
    assert titles(app) == ["No digit was drawn."]
    assert "You" not in html_with(app, 'class="lab-shares"')


def test_a_reload_goes_on_where_it_was(app: AppTest) -> None:
    for _ in range(3):
        press(draw(app, asked(app)[0]), "Next")
    again = open_app()
    again.switch_page(str(ROOT / "pages" / "challenge.py"))
    for name, text in app.query_params.items():
        again.query_params[name] = text
    run(again)
    assert asked(again) == asked(app)
    press(again, "Skip")
    assert asked(again)[1] == 5


def test_the_speakers_room_stands_beside_ones_own() -> None:
    speaker = hashlib.sha256(b"a speaker").hexdigest()[:16]
    room = rooms.open_room(speaker, "10.0.0.2", "cnn")
    rooms.give_task(room.number, speaker, Task("draw", 7))
    room = rooms.by_key(room.key)
    for phone in "abc":
        drawings.send(room.key, phone, "1", room.round, SEVEN)
    waiting = drawings.unread(room)
    answers = np.full((len(waiting), 10), 0.1, np.float32)
    drawings.keep_readings(room, waiting, answers, [7, 7, 1])
    app = open_app()
    app.session_state["visitor_number"] = "a speaker"
    app.query_params["digits"] = "1" + ".x" * 10
    go_to(app, "challenge")
    shares = html_with(app, 'class="lab-shares"')
    assert "<span>The room</span>" in shares
    assert "67% (21 to 94)" in shares
