"""Who a visitor is: a random number in a cookie, and nothing else."""

import hashlib
import secrets
from collections.abc import Mapping

import streamlit as st

from mnist_app.ui import visitor_cookie

_NUMBER = "visitor_number"


def owner() -> str:
    """Return the name under which this visitor's runs and drawings are kept.

    It cannot be turned back into the number in the cookie, so that knowing it opens nothing.
    """
    return _name_of(_number())


def owner_by(cookies: Mapping[str, str]) -> str:
    """Return the same name by the cookies of a request outside of all pages; empty for nobody."""
    number = visitor_cookie.number_in(cookies)
    return "" if number is None else _name_of(number)


def _name_of(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def _number() -> str:
    """Return the number that the browser had as the session began, or one of this session."""
    known = visitor_cookie.number_in(dict(st.context.cookies))
    return str(st.session_state.setdefault(_NUMBER, known or secrets.token_hex(16)))
