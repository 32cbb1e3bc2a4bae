"""Limits and switches: what may be set, and the README's table of them."""

import pytest

from mnist_app import limits
from mnist_app.limits import Limit, Switch
from tests.support.serving import ROOT


def test_the_readme_has_the_whole_table() -> None:
    """Where this fails: `python -m mnist_app.limits` prints the table."""
    assert limits.table() in (ROOT / "README.md").read_text()


def test_each_variable_is_one_lines_own() -> None:
    lines = [one for one in vars(limits).values() if isinstance(one, Limit | Switch)]
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
