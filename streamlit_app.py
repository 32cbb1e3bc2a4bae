"""The front door: what the server consists of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mnist_app.ui import (
    addresses,
    admission,
    connections,
    draining,
    event_streams,
    films,
    garbage,
    messages,
    metrics,
    paced_requests,
    returning,
    room_events,
    room_routes,
    run_ends,
    run_stream,
    server,
    server_logs,
    session_record,
)
from mnist_app.ui.uploads import ExpectedUploads
from mnist_app.ui.visitor_cookie import VisitorCookie


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Run the server's parts as long as the server runs."""
    connections.prepare()
    connections.before_shutdown(event_streams.STREAMS.close)
    draining.prepare(lambda: admission.HOUSE.taken() == 0)
    async with (
        garbage.collected(),
        room_events.FOLLOWER.running(),
        metrics.served(),
        server.lifespan(app),
    ):
        yield
        session_record.RECORDER.write()


server_logs.prepare()
run_ends.prepare()
BASE = addresses.base_path()
ROUTES = [
    Route(BASE + "/healthz", server.answer_alive),
    Route(BASE + "/readyz", server.answer_ready),
    Route(BASE + "/live/{name}/{digest}", server.answer_network),
    Route(BASE + "/map/{digest}", server.answer_map),
    Route(BASE + "/map/{digest}/{block:int}", server.answer_map),
    Route(BASE + "/validation/{source}/{name}", server.answer_validation),
    Route(BASE + "/runs/{name}/events", run_stream.READERS.answer),
    Route(BASE + "/films/{name}/{version}.png", films.answer_picture),
    Route(BASE + "/films/{name}/{version}", films.answer_film),
    Route(BASE + "/scripts/{name}", server.answer_script),
    Route(BASE + "/fonts/{name}", server.answer_font),
    Route(BASE + "/full", admission.answer_full),
    *room_routes.routes(BASE),
]
app = st.App(
    "mnist_app/ui/entry/navigation.py",
    lifespan=lifespan,
    routes=ROUTES,
    middleware=[
        *metrics.middleware(),
        Middleware(ProxyHeadersMiddleware, trusted_hosts=paced_requests.proxies()),
        Middleware(server.SecurityHeaders),
        Middleware(paced_requests.PacedRequests),
        Middleware(addresses.KnownAddresses, routes=ROUTES),
        Middleware(VisitorCookie),
        Middleware(admission.Admission),
        Middleware(ExpectedUploads),
        Middleware(messages.AdmittedMessages),
        Middleware(returning.ReturningBrowsers),
    ],
    on_script_error=server.show_failure,
    exception_handlers={Exception: server.answer_failure},
)
