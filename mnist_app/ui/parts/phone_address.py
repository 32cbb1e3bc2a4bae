"""The address under which phones reach this server: guessed, shown, and corrected by hand."""

import ipaddress
import socket
from urllib.parse import urlsplit

import streamlit as st

from mnist_app.ui import session

LOCAL = (
    "Phones cannot reach this address: it is this computer’s own. Open this page under an address "
    "that phones can reach, or type it here."
)
NO_ADDRESS = "Type an address such as http://192.168.0.10:8501."
# Nobody answers there, and nothing is sent: it only says which way packets would go.
_ELSEWHERE = ("192.0.2.1", 9)
_LONGEST = 200


def ask() -> str:
    """Show the address of the app for phones in a field, and return it without a slash at its end.

    Empty where what stands there is none; a sentence says so.
    """
    if not session.is_kept(session.ROOM_ADDRESS):
        session.pick(session.ROOM_ADDRESS, guessed(st.context.headers.to_dict()))
    st.text_input(
        "Phones reach this app at",
        key=session.ROOM_ADDRESS,
        persist_state="session",
        max_chars=_LONGEST,
        help="Behind proxies and hotspots it may be another one than here. Try it with a phone.",
    )
    address = read(str(st.session_state[session.ROOM_ADDRESS] or ""))
    if not address:
        st.error(NO_ADDRESS, icon=":material/link_off:")
    elif not is_reachable(address):
        st.warning(LOCAL, icon=":material/phonelink_off:")
    return address


def is_reachable(address: str) -> bool:
    """Say whether phones may reach an address that `ask` returned: it is one, and not local."""
    return bool(address) and not is_local(urlsplit(address).hostname or "")


def read(text: str) -> str:
    """Return the address that somebody typed, with its scheme; empty for what is none."""
    text = text.strip()
    text = text if "://" in text else f"http://{text}"
    text = text.rstrip("/").removesuffix("/join")
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    return text if is_address and len(text) <= _LONGEST and " " not in text else ""


def guessed(headers: dict[str, str]) -> str:
    """Return the address by which the speaker's browser asks, or this machine's for a local one.

    A proxy says in X-Forwarded-Host and X-Forwarded-Proto what it was asked for.
    """
    given = {name.lower(): value for name, value in headers.items()}
    host = given.get("x-forwarded-host", given.get("host", "localhost")).split(",")[0].strip()
    scheme = given.get("x-forwarded-proto", "http").split(",")[0].strip()
    parts = urlsplit(f"//{host}")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    if is_local(parts.hostname or ""):
        host = f"{_own_address()}{port}"
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{scheme}://{host}/{base}".rstrip("/")


def is_local(host: str) -> bool:
    """Say whether a name or an address means this very computer."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _own_address() -> str:
    """Return this machine's address in its network; "localhost" where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(_ELSEWHERE)
        except OSError:
            return "localhost"
        return str(asked.getsockname()[0])
