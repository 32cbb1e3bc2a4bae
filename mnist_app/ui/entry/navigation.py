"""The script that the server runs for each visitor: the list of pages. A page joins by one line."""

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).parents[3] / "pages"
SIDEBAR_WIDTH = 228
"""In pixels."""

# Said before the navigation: else each browser asks Google for the icons of the pages' titles.
st.set_page_config(page_icon="🔢", initial_sidebar_state=SIDEBAR_WIDTH)
st.navigation(
    {
        "Play": [
            st.Page(PAGES / "draw.py", title="Draw", icon=":material/draw:", default=True),
            st.Page(PAGES / "challenge.py", title="Ten digits", icon=":material/looks_one:"),
        ],
        "Look inside": [
            st.Page(PAGES / "pixels.py", title="Pixels", icon=":material/grid_on:"),
            st.Page(
                PAGES / "convolution.py", title="Convolution", icon=":material/filter_center_focus:"
            ),
            st.Page(PAGES / "max_pooling.py", title="Max pooling", icon=":material/zoom_in_map:"),
            st.Page(PAGES / "feature_maps.py", title="Feature maps", icon=":material/layers:"),
            st.Page(PAGES / "why.py", title="Why", icon=":material/psychology_alt:"),
        ],
        "Learn": [
            st.Page(PAGES / "training.py", title="Training", icon=":material/model_training:"),
            st.Page(
                PAGES / "learning_step.py", title="How it learns", icon=":material/trending_down:"
            ),
            st.Page(PAGES / "mnist.py", title="MNIST", icon=":material/dataset:"),
        ],
        "Teach": [
            st.Page(PAGES / "lessons.py", title="Lessons", icon=":material/school:"),
            st.Page(PAGES / "stage.py", title="Stage", icon=":material/present_to_all:"),
            st.Page(PAGES / "room.py", title="Room", icon=":material/groups:"),
        ],
        "Test": [
            st.Page(PAGES / "robustness.py", title="Robustness", icon=":material/blur_on:"),
            st.Page(PAGES / "report_card.py", title="Report card", icon=":material/fact_check:"),
            st.Page(PAGES / "privacy.py", title="Privacy", visibility="hidden"),
        ],
    },
    expanded=True,
).run()
