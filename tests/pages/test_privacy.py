"""The page that says what is kept of a visitor, and deletes it."""

from pathlib import Path

import pytest

from mnist_app import limits
from mnist_app.classroom import rooms
from mnist_app.storage import owners
from mnist_app.training import labeled_drawings, runs
from mnist_app.training.settings import Settings
from tests.support.apptest import go_to, open_page, press, table_with, text_of
from tests.support.handwriting import drawn


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one; `unit/test_owners.py` deletes from each kind of store."""
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))


def owner_of(number: str) -> str:
    from mnist_app.ui import visitor

    return visitor.owner_by({"mnist_lab_visitor": number})


def test_a_visitor_sees_what_is_kept_and_deletes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.CONTACT.variable, "the *chair* of physics")
    app = open_page("privacy")
    assert "Nothing is kept of you" in text_of(app)
    owner = owner_of(app.session_state["visitor_number"])
    for one in (owner, "another"):
        labeled_drawings.keep(one, drawn(4, 28), 4)
        runs.create(Settings(), "quick", one)
        rooms.open_room(one, "", "cnn")
    go_to(app, "privacy")
    assert table_with(app, "Yours")["Yours"].tolist() == ["0", "1", "1", "1"]
    assert "This server is run by the *chair* of physics." in [one.value for one in app.text]
    press(app, "Delete it for good")
    assert [one.value for one in app.success] == [
        "All of it is deleted. Last drawings: 0. Labeled drawings: 1. Runs with their networks: 1. "
        "Rooms: 1."
    ]
    assert table_with(app, "Yours")["Yours"].tolist() == ["0", "0", "0", "0"]
    assert not any(owners.count(owner).values())
    assert "Delete it for good" not in [button.label for button in app.button]
    assert all(owners.count("another")[name] for name in ("labeled_drawings", "runs", "rooms"))


def test_the_page_says_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.PUBLIC.variable, "1")
    monkeypatch.setenv(limits.ROOM_HOURS.variable, "5")
    app = open_page("privacy")
    table = table_with(app, "Yours").to_string()
    assert "For 5 hours." in table
    assert f"Your newest {limits.KEPT_RUNS_PER_VISITOR.in_public} ended runs" in table
