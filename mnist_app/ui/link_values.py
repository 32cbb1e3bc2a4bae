"""How single settings stand in an address: numbers, choices, parts of what is kept together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import streamlit as st

from mnist_app.ui import session

Kept = TypeVar("Kept")
LONGEST_NUMBER = 10


@dataclass(frozen=True)
class Setting:
    """Something on a page that an address can say."""

    name: str
    """What it is called in the address."""
    text: Callable[[], str]
    """Return what the address says of it; nothing where it is as on a page just opened."""
    apply: Callable[[str], None]
    """Show what an address says. Raises ValueError for what cannot be meant, and LinkError where
    there is something to say about it."""


def number(name: str, key: str, least: int, most: int, usual: int | None = None) -> Setting:
    """Return a setting that is a whole number under a key of the session."""

    def text() -> str:
        value = st.session_state.get(key)
        return str(value) if isinstance(value, int) and value != usual else ""

    return Setting(name, text, lambda text: session.pick(key, read_number(text, least, most)))


def choice(name: str, key: str, options: Iterable[str], usual: str) -> Setting:
    """Return a setting that is one of a few words under a key of the session."""
    words = {slug(option): option for option in options}

    def text() -> str:
        value = st.session_state.get(key)
        return slug(value) if isinstance(value, str) and value != usual else ""

    return Setting(name, text, lambda text: session.pick(key, read_choice(text, words)))


def part(
    name: str,
    kept: Callable[[], Kept],
    keep: Callable[[Kept], None],
    field: str,
    values: Iterable[object],
    usual: Kept,
) -> Setting:
    """Return a setting that is one of a dataclass's fields, with one of a few values.

    `kept` returns what is kept in the session, `keep` keeps another, `usual` is what is kept first.
    """
    words = {slug(str(value)): value for value in values}

    def text() -> str:
        value = getattr(kept(), field)
        return "" if value == getattr(usual, field) else slug(str(value))

    def apply(text: str) -> None:
        changed: Any = kept()
        keep(replace(changed, **{field: read_choice(text, words)}))

    return Setting(name, text, apply)


def read_number(text: str, least: int, most: int) -> int:
    """Return a whole number. Raises ValueError for anything else, and outside of its bounds."""
    if len(text) > LONGEST_NUMBER or not least <= int(text) <= most:
        raise ValueError(f"This is no whole number from {least} to {most}.")
    return int(text)


def read_choice(text: str, words: Mapping[str, Kept]) -> Kept:
    """Return what a word in an address stands for. Raises ValueError for an unknown one."""
    if text not in words:
        raise ValueError("This is none of the choices.")
    return words[text]


def slug(word: str) -> str:
    """Return a word as it stands in an address: in lower case, with hyphens for spaces."""
    return word.lower().replace(", ", "-").replace(" ", "-")
