"""Draw a digit, and the network answers."""

import streamlit as st

from mnist_app.ui import canvas, layout
from mnist_app.ui.parts import answer, fine_tuning

layout.begin(
    "Draw a digit",
    "A neural network reads it while you draw.",
)
canvas.controls()


@st.fragment
def draw_and_read() -> None:
    """Each stroke reruns this and nothing else."""
    with layout.beside_canvas(large=True):
        drawing = canvas.show()
        with st.container():
            answer.show(drawing)
            fine_tuning.ask_for_label(drawing)


draw_and_read()
canvas.picture_input()
layout.end("pixels", "what the machine sees")
layout.poll_for_inference()
