"""The front door: the list of pages. A page joins by one line."""

import streamlit as st

PAGES = [
    st.Page("pages/draw.py", title="Draw", icon=":material/draw:", default=True),
    st.Page("pages/pixels.py", title="Pixels", icon=":material/grid_on:"),
    st.Page("pages/convolution.py", title="Convolution", icon=":material/filter_center_focus:"),
    st.Page("pages/feature_maps.py", title="Feature maps", icon=":material/layers:"),
    st.Page("pages/max_pooling.py", title="Max pooling", icon=":material/zoom_in_map:"),
    st.Page("pages/training.py", title="Training", icon=":material/model_training:"),
    st.Page("pages/mnist.py", title="MNIST", icon=":material/dataset:"),
    st.Page("pages/models.py", title="Models", icon=":material/schema:"),
]

st.navigation(PAGES).run()
