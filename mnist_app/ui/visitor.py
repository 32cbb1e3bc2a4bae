"""Who a visitor is: a random number in a cookie, and nothing else."""

import hashlib
import re
import secrets

import streamlit as st

from mnist_app.ui import session
from mnist_app.ui.components.cookie import cookie

COOKIE = "mnist_lab_visitor"
_NUMBER = re.compile(r"[0-9a-f]{32}")


def remember() -> None:
    """Keep this visitor's number in the browser, which sends it when the page is loaded again."""
    cookie(COOKIE, _number())


def owner() -> str:
    """Return the name under which this visitor's runs and drawings are kept.

    It cannot be turned back into the number in the cookie, so that knowing it opens nothing.
    """
    return hashlib.sha256(_number().encode()).hexdigest()[:16]


def _number() -> str:
    sent = str(st.context.cookies.get(COOKIE, ""))
    if _NUMBER.fullmatch(sent):
        return sent
    return session.visitor_number(secrets.token_hex(16))
