"""Who a visitor is: a random number in a cookie, and nothing else."""

import hashlib
import re
import secrets

import streamlit as st

from mnist_app.ui import session

COOKIE = "mnist_lab_visitor"
NUMBER = re.compile(r"[0-9a-f]{32}")


def owner() -> str:
    """Return the name under which this visitor's runs and drawings are kept.

    It cannot be turned back into the number in the cookie, so that knowing it opens nothing.
    """
    return hashlib.sha256(_number().encode()).hexdigest()[:16]


def _number() -> str:
    """Return the number that the server gave the browser, or one for this session alone."""
    sent = str(st.context.cookies.get(COOKIE, ""))
    if NUMBER.fullmatch(sent):
        return sent
    return session.visitor_number(secrets.token_hex(16))
