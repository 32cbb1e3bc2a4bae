"""Limits and switches: what may be set, and the README's table of them."""

import pytest

from mnist_app import limits
from mnist_app.limits import Limit, Switch, Text
from tests.support.serving import ROOT


def test_the_readme_has_the_whole_table() -> None:
    """Where this fails: `python -m mnist_app.limits` prints the table."""
    assert limits.table() in (ROOT / "README.md").read_text()


def test_each_variable_is_one_lines_own() -> None:
    lines = [one for one in vars(limits).values() if isinstance(one, Limit | Switch | Text)]
    assert len({one.variable for one in lines}) == len(lines) >= 12
    assert all(one.variable.startswith("MNIST_APP_") for one in lines)


@pytest.mark.parametrize(
    ("given", "value"),
    [("", 7), ("0", 2), ("9", 9), ("-1", 7), ("many", 7), ("1e3", 7), ("9" * 20, 7), ("²", 7)],
)
def test_a_limit_is_a_whole_number_or_the_usual_one(
    monkeypatch: pytest.MonkeyPatch, given: str, value: int
) -> None:
    monkeypatch.setenv("MNIST_APP_TRIED", given)
    assert Limit("MNIST_APP_TRIED", 7, "tried", least=2).value() == value


@pytest.mark.parametrize(
    ("given", "is_on"), [("off", False), ("OFF", False), ("0", False), ("on", True), ("", True)]
)
def test_a_switch_is_on_unless_it_is_off(
    monkeypatch: pytest.MonkeyPatch, given: str, is_on: bool
) -> None:
    monkeypatch.setenv("MNIST_APP_TRIED", given)
    assert Switch("MNIST_APP_TRIED", "tried").is_on() == is_on


def test_in_public_mode_other_defaults_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = Limit("MNIST_APP_TRIED", 7, "tried", in_public=2)
    text = Text("MNIST_APP_SAID", "usual", "said", "careful")
    monkeypatch.delenv(limits.PUBLIC.variable, raising=False)
    assert (limits.PUBLIC.is_on(), limit.value(), text.value()) == (False, 7, "usual")
    for given in ("1", "on", "yes"):
        monkeypatch.setenv(limits.PUBLIC.variable, given)
        assert (limit.value(), text.value()) == (2, "careful")
        assert Limit("MNIST_APP_TRIED", 7, "tried").value() == 7
    monkeypatch.setenv("MNIST_APP_TRIED", "9")
    monkeypatch.setenv("MNIST_APP_SAID", "mine")
    assert (limit.value(), text.value()) == (9, "mine")
    monkeypatch.setenv(limits.PUBLIC.variable, "off")
    assert not limits.PUBLIC.is_on()


def test_public_mode_allows_more_of_nothing_but_rooms() -> None:
    lines = [one for one in vars(limits).values() if isinstance(one, Limit)]
    larger = {one for one in lines if one.in_public is not None and one.in_public > one.default}
    assert larger == {limits.ROOMS}
