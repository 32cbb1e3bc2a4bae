"""Which addresses the server has. Streamlit would answer any other one with the app's page, too."""

import re
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

NOTHING_HERE = "There is nothing at this address."
FIRST_PAGE = "draw"
_SCRIPTS = (Path(__file__).parents[2] / "pages").glob("*.py")
PAGES = frozenset({script.stem for script in _SCRIPTS} - {FIRST_PAGE} | {""})
_STREAMLIT = Path(st.__file__).parent / "static"
FILES = frozenset(
    str(file.relative_to(_STREAMLIT))
    for file in [_STREAMLIT / "favicon.png", *(_STREAMLIT / "static").rglob("*")]
)
"""What Streamlit's page loads."""
# What Streamlit's page asks for while it runs. Left out, among others: its metrics.
_ASKED_FOR = re.compile(
    r"_stcore/(health|host-config|upload_file/[^/]+/[^/]+|bidi-components/.+)|media/.+"
)


def base_path() -> str:
    """Return what stands before each address: "" or such as "/lab" (`server.baseUrlPath`)."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""


def asks_for_page(scope: Scope) -> bool:
    """Say whether an HTTP request is a browser's for a page, and not for what a page loads."""
    return scope["method"] == "GET" and any(
        name == b"accept" and b"text/html" in value for name, value in scope["headers"]
    )


def is_phones(scope: Scope) -> bool:
    """Say whether an HTTP request is a phone's that joins a room: it takes no page's place."""
    path: str = scope["path"]
    return path == f"{base_path()}/join"


class KnownAddresses:
    """Middleware that answers with 404 where the server has nothing."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        """Stand before `app`; `routes` are those of our own."""
        self._app = app
        self._routes = routes
        self._base = base_path()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through where its address is known."""
        if scope["type"] == "http" and not self._is_known(scope):
            await PlainTextResponse(NOTHING_HERE, status_code=404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_known(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if path != self._base and not path.startswith(f"{self._base}/"):
            return False
        path = path[len(self._base) + 1 :]
        if path.removesuffix("/") in PAGES or path in FILES or _ASKED_FOR.fullmatch(path):
            return True
        return any(route.matches(scope)[0] is not Match.NONE for route in self._routes)
