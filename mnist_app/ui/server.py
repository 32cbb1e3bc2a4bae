"""The server around the pages: its start and end, the headers of its answers, its failures."""

import base64
import hashlib
import importlib
import pkgutil
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from mnist_app import workers
from mnist_app.analysis import embedding
from mnist_app.ui import (
    components,
    draining,
    element,
    layout,
    metrics,
    resources,
    validation_sprite,
)

PAGE_FAILED = "Something went wrong on this page. Reload it to continue; your drawing is kept."
FONTS = Path(__file__).parent / "fonts"
REQUEST_FAILED = "Something went wrong on the server. Try again; its log says why."
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
NOT_KEPT = {"cache-control": "no-store"}
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Start the model process with the server, and end it with the server."""
    resources.start()
    workers.look_after_queue()
    try:
        yield
    finally:
        resources.stop()


def show_failure(_error: Exception) -> bool:
    """Show one sentence where a page failed; Streamlit has logged the traceback.

    Returns True, so that Streamlit shows nothing of its own.
    """
    metrics.note_error("page")
    if _is_callback_of_fragment():
        # An element would take the place of the page's first one.
        st.toast(PAGE_FAILED, icon=":material/error:", duration="infinite")
    else:
        st.error(PAGE_FAILED, icon=":material/error:")
    return True


def _is_callback_of_fragment() -> bool:
    context = get_script_run_ctx()
    return bool(context and context.fragment_ids_this_run and ThreadState.get().fragment_id is None)


async def answer_failure(_request: Request, _error: Exception) -> PlainTextResponse:
    """Answer a request that failed outside of all pages; the traceback goes to the log."""
    metrics.note_error("request")
    headers = {name.decode(): value.decode() for name, value in HEADERS}
    return PlainTextResponse(REQUEST_FAILED, status_code=500, headers=headers)


async def answer_alive(_request: Request) -> PlainTextResponse:
    """Answer a monitor: this process works."""
    return PlainTextResponse("It is alive.", headers=NOT_KEPT)


def answer_ready(_request: Request) -> PlainTextResponse:
    """Answer a monitor or a load balancer: 200 where a drawing would be read at once.

    404 where the server is about to stop, and still serves those who are there; 503 otherwise.
    """
    if draining.is_draining():
        return PlainTextResponse("It is about to stop.", status_code=404, headers=NOT_KEPT)
    if layout.is_ready():
        return PlainTextResponse("It is ready.", headers=NOT_KEPT)
    return PlainTextResponse("The network cannot answer now.", status_code=503, headers=NOT_KEPT)


def answer_network(request: Request) -> Response:
    """Answer with a network for the browser, which may keep it for ever: its name says what it is.

    404 where there is no such network, or another one by that name now.
    """
    packed = resources.packed_network(request.path_params["name"])
    if packed is None or packed.path != request.url.path[-len(packed.path) :]:
        return PlainTextResponse("There is no such network.", status_code=404)
    return Response(packed.content, media_type="application/octet-stream", headers=FOR_EVER)


def answer_map(request: Request) -> Response:
    """Answer with the map of MNIST, or with a block of its images; 404 where it is another now."""
    packed = resources.packed_map()
    number = request.path_params.get("block")
    is_known = packed.path.endswith(f"/{request.path_params['digest']}")
    if not is_known or (number or 0) >= embedding.BLOCKS:
        return PlainTextResponse("There is no such map.", status_code=404)
    if number is None:
        content_type = "application/octet-stream"
        return Response(packed.content, media_type=content_type, headers=FOR_EVER)
    return Response(resources.map_block(number), media_type="image/png", headers=FOR_EVER)


def answer_validation(request: Request) -> Response:
    """Answer with the picture of a data set's watched images; 404 where it is another one now."""
    source, name = request.path_params["source"], request.path_params["name"]
    png = validation_sprite.find_sprite(source, f"validation/{source}/{name}")
    if png is None:
        return PlainTextResponse("There is no such picture.", status_code=404)
    return Response(png, media_type="image/png", headers=FOR_EVER)


def answer_script(request: Request) -> Response:
    """Answer with the JavaScript of an element of ours; 404 where it is another one now."""
    path = f"scripts/{request.path_params['name']}"
    text = element.find_script(path)
    if text is None:  # no page of this process has shown it so far
        for module in pkgutil.iter_modules(components.__path__, f"{components.__name__}."):
            importlib.import_module(module.name)
        text = element.find_script(path)
    if text is None:
        return PlainTextResponse("There is no such script.", status_code=404)
    return Response(text, media_type="text/javascript", headers=FOR_EVER)


def answer_font(request: Request) -> Response:
    """Answer with one of the fonts that come with the program; 404 where there is none."""
    file = FONTS / f"{request.path_params['name']}"
    if file not in FONTS.glob("*.woff2"):
        return PlainTextResponse("There is no such font.", status_code=404)
    return FileResponse(file, media_type="font/woff2", headers=FOR_EVER)


def content_security_policy(index: str) -> str:
    """Return what a browser may load and run, as a Content-Security-Policy.

    `index` is Streamlit's HTML page, whose short inline scripts are let in by their hashes. Each
    source that is allowed beyond 'self' is needed by something: blob: by the scripts of our own
    elements, inline styles by Streamlit, data: by pictures in HTML, a font and the camera.
    """
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in _INLINE_SCRIPT.findall(index))
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' blob: {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _headers() -> list[tuple[bytes, bytes]]:
    index = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    headers = {
        "content-security-policy": content_security_policy(index),
        "permissions-policy": "camera=(self), microphone=(), geolocation=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]


HEADERS = _headers()
_NAMES = frozenset(name for name, _ in HEADERS)


class SecurityHeaders:
    """Middleware that adds the security headers to each answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and add the headers to what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", ()) if pair[0] not in _NAMES]
                message["headers"] = kept + HEADERS
            await send(message)

        await self._app(scope, receive, send_with_headers)
