"""The front door: what the server consists of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from mnist_app.ui import admission, connections, garbage, server


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Run the server's parts as long as the server runs."""
    connections.prepare()
    async with garbage.collected(), server.lifespan(app):
        yield


app = st.App(
    "mnist_app/ui/entry/navigation.py",
    lifespan=lifespan,
    routes=[
        Route("/live/{name}/{digest}", server.answer_network),
        Route("/map/{digest}", server.answer_map),
        Route("/map/{digest}/{block:int}", server.answer_map),
        Route("/scripts/{name}", server.answer_script),
        Route("/fonts/{name}", server.answer_font),
        Route("/full", admission.answer_full),
    ],
    middleware=[
        Middleware(server.SecurityHeaders),
        Middleware(server.VisitorCookie),
        Middleware(admission.Admission),
    ],
    on_script_error=server.show_failure,
    exception_handlers={Exception: server.answer_failure},
)
