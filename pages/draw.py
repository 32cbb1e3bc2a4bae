"""Draw a digit, and the network answers."""

import streamlit as st

from mnist_app.ui import canvas, layout
from mnist_app.ui.parts import answer, fine_tuning, labeling

layout.begin(
    "Draw a digit",
    "A neural network reads it while you draw.",
)


@st.fragment
def draw_and_read() -> None:
    """Each stroke reruns this and nothing else; the style sheet puts its parts into the grid."""
    drawing = canvas.show()
    with st.container(key="draw_answer"):
        answer.show(drawing)
    fine_tuning.explain(drawing)
    with st.container(horizontal=True, vertical_alignment="center", key="draw_label"):
        labeling.ask(drawing)
        fine_tuning.open_or_close()


with st.container(key="draw"):
    draw_and_read()
    with st.container(key="draw_tools"):
        canvas.controls()
        with st.popover("Photo or camera", icon=":material/photo_camera:"):
            canvas.picture_input()
    fine_tuning.act()
    answer.show_network()
    layout.end("pixels", "what the machine sees")
layout.poll_for_inference()
