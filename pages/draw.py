"""Draw a digit, and the network answers."""

import streamlit as st

from mnist_app.ui import canvas, layout
from mnist_app.ui.components import visitor
from mnist_app.ui.parts import answer, learning

layout.begin(
    "Draw a digit",
    "A neural network reads it after each stroke.",
)
canvas.controls()


@st.fragment
def draw_and_read() -> None:
    """Each stroke reruns this and nothing else."""
    with st.container(horizontal=True, gap="large"):
        canvas.canvas()
        with st.container():
            answer.answer()
            learning.ask_what_it_was()


draw_and_read()
canvas.picture_input()
visitor.remember()
layout.poll_for_engine()
