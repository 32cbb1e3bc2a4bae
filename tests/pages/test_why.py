"""Why an answer, without a browser: the evidence, the strokes, noise, dreams and the game."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_app.networks.registry import NETWORKS
from mnist_app.ui import why_session
from mnist_app.ui.drawing import Drawing
from tests.support.apptest import (
    choose_network,
    component,
    component_keys,
    draw,
    open_page,
    press,
    run,
    text_of,
)

WITHOUT_CONVOLUTION = {"softmax", "mlp", "rnn"}


@pytest.fixture(scope="module")
def app() -> AppTest:
    """The page with a drawn 3. What takes long is shown only where a test asks for it."""
    app = open_page("why")
    draw(ask(app, "game"), 3)
    return app


def ask(app: AppTest, question: str) -> AppTest:
    return run(app, app.segmented_control(key=why_session.QUESTION).set_value(question))


def test_every_network_says_what_it_looked_at(app: AppTest) -> None:
    for network in reversed(NETWORKS):
        choose_network(app, network)
        maps = component(app, "evidence")["maps"]
        assert len(maps) == (2 if network in WITHOUT_CONVOLUTION else 3)
        assert ("no Grad-CAM" in text_of(app)) == (network in WITHOUT_CONVOLUTION)
        assert all(one["high"] > 0 for one in maps)


def test_strokes_are_found_for_one_digit_after_the_other(app: AppTest) -> None:
    shown = component(ask(app, "mind"), "change_of_mind")
    assert sorted(shown["found"]) == [str(digit) for digit in range(10) if digit != 3]
    for digit, strokes in shown["found"].items():
        for one in strokes:
            assert one["after"].index(max(one["after"])) == int(digit)
            assert 0 < one["ink"] <= 0.4


def test_noise_and_dreams_are_there(app: AppTest) -> None:
    ask(app, "noise")
    assert len(component(app, "noise")["networks"]) == len(NETWORKS)
    assert "resistance" in component_keys(app)
    ask(app, "dream")
    assert "The dream starts as noise" in text_of(app)


def test_who_fools_the_network_with_a_pen_has_won(app: AppTest) -> None:
    ask(app, "game")
    press(app, "Begin")
    assert "It says 3. Make it say 9." in text_of(app)
    draw(app, 9)
    assert "Fooled! It says 9" in app.success[0].value
    press(app, "End this game")
    assert "3 → 9 with" in text_of(app)


def test_strokes_are_taken_back_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    own, changed = Drawing(canvas=1), Drawing(canvas=2)
    why_session.keep_before(own, 2)
    why_session.keep_before(changed, 3)
    assert why_session.before(3) is changed
    why_session.forget_before(4)
    assert why_session.before(4) is own
    why_session.forget_before(5)
    assert why_session.before(5) is None
    why_session.keep_before(own, 6)
    assert why_session.before(7) is None  # another drawing
