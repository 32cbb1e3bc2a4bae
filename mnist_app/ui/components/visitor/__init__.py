"""Who a visitor is: a random number in a cookie, and nothing else."""

import hashlib
import re
import secrets
from pathlib import Path

import streamlit as st

from mnist_app.ui import session
from mnist_app.ui.element import element

COOKIE = "mnist_lab_visitor"
_TOKEN = re.compile(r"[0-9a-f]{32}")
_ELEMENT = element(Path(__file__).parent)


def remember() -> None:
    """Keep this visitor's number in the browser, which sends it when the page is loaded again."""
    _ELEMENT(key="visitor", data={"name": COOKIE, "token": _token()})


def owner() -> str:
    """Return the name under which this visitor's runs and drawings are kept.

    It cannot be turned back into the number in the cookie, so that knowing it opens nothing.
    """
    return hashlib.sha256(_token().encode()).hexdigest()[:16]


def _token() -> str:
    sent = str(st.context.cookies.get(COOKIE, ""))
    if _TOKEN.fullmatch(sent):
        return sent
    return session.visitor_number(secrets.token_hex(16))
