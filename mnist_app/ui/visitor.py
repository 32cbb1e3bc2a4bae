"""Who a visitor is: a random number in a cookie, and nothing else; and whence he comes."""

import hashlib
import hmac
import ipaddress
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


def place() -> str:
    """Return a name for the address that this visitor comes from; empty where nobody knows it.

    Without the server's secret it cannot be turned back into the address. With one secret for
    several servers it is the same on each.
    """
    address = network_of(str(st.context.ip_address or ""))
    if is_unknown(address):
        return ""
    secret = str(st.get_option("server.cookieSecret")).encode()
    return hmac.new(secret, address.encode(), hashlib.sha256).hexdigest()[:16]


def is_unknown(address: str) -> bool:
    """Say whether an address, see `network_of`, says nothing of who asks: it is this machine's.

    It is that of a proxy, perhaps, that does not say whose a request is.
    """
    return address in ("", "127.0.0.1", "::/64")


def network_of(address: str) -> str:
    """Return an address without what one may choose of it: the second half of IPv6.

    A server that listens to both sees addresses of IPv4 as such of IPv6; they are what they were.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))


def _name_of(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def _number() -> str:
    """Return the number that the browser had as the session began, or one of this session."""
    known = visitor_cookie.number_in(dict(st.context.cookies))
    return str(st.session_state.setdefault(_NUMBER, known or secrets.token_hex(16)))
