"""The front door: what the server consists of."""

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route

from mnist_app.ui import server
from mnist_app.ui.visitor_cookie import VisitorCookie

app = st.App(
    "mnist_app/ui/entry/navigation.py",
    lifespan=server.lifespan,
    routes=[
        Route("/live/{name}/{digest}", server.answer_network),
        Route("/map/{digest}", server.answer_map),
        Route("/map/{digest}/{block:int}", server.answer_map),
        Route("/scripts/{name}", server.answer_script),
        Route("/fonts/{name}", server.answer_font),
    ],
    middleware=[Middleware(server.SecurityHeaders), Middleware(VisitorCookie)],
    on_script_error=server.show_failure,
    exception_handlers={Exception: server.answer_failure},
)
