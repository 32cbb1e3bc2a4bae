"""What the machine sees: a picture is an array of bytes."""

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import normalize
from mnist_app.imaging.normalize import Image, Normalized
from mnist_app.inference import Pending, Refused
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import canvas, layout, link_settings, session
from mnist_app.ui.components.pixel_numbers import pixel_numbers
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import pictures, predictions
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.markup.predictions import PredictionView
from mnist_app.ui.parts import asking, inside, live_network
from mnist_app.ui.parts.live_network import Asked

WHOLE = "whole"
"""The key of the answers to the whole canvas, see `live_network`."""

layout.begin("Pixels", "784 numbers are all the network gets of your digit.", link_settings.PIXELS)
canvas.controls()


@st.fragment
def look_at_pixels() -> None:
    """Each stroke and each slider reruns this and nothing else."""
    with layout.beside_canvas():
        with st.container(key="pixels_side"):
            drawing = canvas.show()
            subject = inside.subject(drawing)
            answers = st.container()
            across, down = choose_place()
            st.caption(subject.note)
        seen = moved(subject, across, down)
        whole = normalize.scale_whole(seen.gray)
        with answers:
            asked = show_both_answers(seen.image, whole, drawing.version)
        pixel_numbers(seen, how_far(seen, drawing), key="pixel_numbers")
    inside.offer_code(lambda: snippets.pixels(seen.gray, session.network()))
    inside.save_button("pixels", "From the canvas to 28 × 28", lambda: steps(seen, whole))
    live_network.show(drawing, *asked, prepare={"kind": "move", "across": across, "down": down})


def choose_place() -> tuple[float, float]:
    """Let the visitor move the digit; return how far right and down, as `normalize.move_ink`."""
    across = st.slider(
        "Move left or right", -100, 100, 0, 5, format="%d%%", key=session.MOVE_ACROSS
    )
    down = st.slider("Move up or down", -100, 100, 0, 5, format="%d%%", key=session.MOVE_DOWN)
    return across / 100, down / 100


def moved(subject: Drawing, across: float, down: float) -> Normalized:
    """Return all steps from the moved canvas to 28x28."""
    seen = subject.normalized
    if not (across or down):
        return seen
    return normalize.normalize(
        normalize.move_ink(seen.gray, seen.box, across, down), background="black"
    )


def how_far(seen: Normalized, drawing: Drawing) -> tuple[int, int] | None:
    """Return how many pixels right and down the drawing was moved; None for the example."""
    if not drawing.has_ink:
        return None
    (x, y, *_), (old_x, old_y, *_) = seen.box, drawing.normalized.box
    return x - old_x, y - old_y


def show_both_answers(centered: Image, whole: Image, version: str) -> list[Asked]:
    """The same drawing centered as MNIST's makers did, and the whole canvas shrunk."""
    network = session.network()
    reject_below = inside.card().reject_below
    images = {
        live_network.TRAINED: ("Centered, as in MNIST", centered),
        WHOLE: ("The whole canvas, shrunk", whole),
    }
    views, asked = [], []
    found = asking.predictions(np.stack([centered, whole]), [network])
    for number, (key, (title, image)) in enumerate(images.items()):
        if isinstance(found, Pending | Refused):
            said, answer, trouble = None, None, asking.why_not(found)
        else:
            said, trouble = found[network][number], ""
            answer = Prediction(said, reject_below)
        views.append(PredictionView(title, image, answer, trouble, key, version))
        asked.append(Asked(key, said, whole=key == WHOLE))
    st.html(predictions.compact_predictions(views))
    return asked


def steps(seen: Normalized, whole: Image) -> list[Panel]:
    """Every picture on the way to 28x28, and the way without normalization."""
    x, y, width, height = seen.box
    rows, columns = seen.scaled.shape
    return [
        Panel("1. Gray", seen.gray, f"{seen.gray.shape[1]} × {seen.gray.shape[0]}"),
        Panel("2. Find the ink", pictures.show_box(seen.ink, seen.box), f"starts at x {x}, y {y}"),
        Panel("3. Crop", seen.crop, f"{width} × {height}"),
        Panel("4. Scale to fit 20 × 20", seen.scaled, f"{columns} × {rows}"),
        Panel("5. Center by mass", pictures.show_center(seen.image), "28 × 28"),
        Panel("The whole canvas, shrunk", whole, "28 × 28"),
    ]


look_at_pixels()
layout.end("convolution", "a kernel slides over them")
layout.poll_for_inference()
