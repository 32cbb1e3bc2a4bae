"""The Draw page with TensorFlow in the page process and default settings, as most write it."""

import numpy as np
import streamlit as st
from markupsafe import Markup
from streamlit_drawable_canvas import st_canvas

from mnist_app.imaging import normalize
from mnist_app.model import builder
from mnist_app.ui.markup import predictions


@st.cache_resource
def load_network():  # type: ignore[no-untyped-def] # noqa: ANN201
    return builder.load("cnn")


st.title("Draw a digit")
network = load_network()
left, right = st.columns(2)
with left:
    result = st_canvas(
        stroke_width=18,
        stroke_color="#ffffff",
        background_color="#000000",
        width=280,
        height=280,
        return_image_data=True,
        key="canvas",
    )
with right:
    drawing = result.image_data
    if drawing is not None:
        image = normalize.normalize(drawing).image
        probabilities = network.predict(image[np.newaxis].astype("float32"), verbose=0)[0]
        answer = f'<div role="status" aria-label="Prediction">{probabilities.argmax()}</div>'
        chart = predictions.probability_chart(probabilities)
        st.html(Markup(answer) + predictions.seen_image(image) + chart)
