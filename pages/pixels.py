"""What the machine sees: a picture is an array of bytes."""

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import normalize
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.normalize import Image, Normalized
from mnist_app.inference import Pending, Refused
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import canvas, layout, session
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import bars, legends, panels, pictures, predictions, tables
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.markup.predictions import PredictionView
from mnist_app.ui.parts import asking, inside

CHANNELS = ("Red", "Green", "Blue", "Alpha")
NUMBER_FORMS = {"Decimal": "d", "Hexadecimal": "02x"}

layout.begin(
    "Pixels",
    "To a computer, a picture is an array of bytes. See what happens to your digit before the "
    "network reads it.",
)
canvas.controls()


@st.fragment
def look_at_pixels() -> None:
    """Each stroke and each slider reruns this and nothing else."""
    with layout.beside_canvas():
        subject = inside.subject(canvas.show())
        with st.container():
            picture, seen = move(subject)
            naive = normalize.scale_whole(seen.gray)
            show_both_answers(seen.image, naive)
            st.caption(subject.note)
    shown = show_channels(picture)
    shown += show_steps(seen)
    shown += [Panel("The whole canvas, shrunk", naive, "28 × 28")]
    show_numbers(seen.image)
    inside.show_code(snippets.pixels(picture, session.network()))
    inside.save_button("pixels", "From the canvas to 28 × 28", lambda: shown)


def move(subject: Drawing) -> tuple[Image, Normalized]:
    """Let the visitor move the digit; return the moved canvas, RGBA, and all steps to 28x28."""
    with st.container(horizontal=True):
        across = st.slider(
            "Move left or right", -100, 100, 0, 5, format="%d%%", key=session.MOVE_ACROSS
        )
        down = st.slider("Move up or down", -100, 100, 0, 5, format="%d%%", key=session.MOVE_DOWN)
    picture, seen = subject.pixels(), subject.normalized
    if not (across or down):
        return picture, seen
    picture = normalize.move_ink(picture, seen.box, across / 100, down / 100)
    return picture, normalize.normalize(picture, background="black")


def show_both_answers(centered: Image, naive: Image) -> None:
    """The same drawing centered as MNIST's makers did, and the whole canvas shrunk."""
    network = session.network()
    answers: list[Prediction | None] = [None, None]
    why_not = ""
    match asking.predictions(np.stack([centered, naive]), [network]):
        case Pending() | Refused() as none:
            why_not = asking.why_not(none)
        case found:
            reject_below = inside.card().reject_below
            answers = [Prediction(one, reject_below) for one in found[network]]
    views = [
        PredictionView("Centered, as in MNIST", centered, answers[0], why_not),
        PredictionView("The whole canvas, shrunk", naive, answers[1], why_not),
    ]
    st.html(predictions.predictions(views))


def show_channels(picture: Image) -> list[Panel]:
    """The canvas's four channels."""
    st.subheader("A picture is an array of bytes", anchor=False)
    rows, columns, channels = picture.shape
    st.markdown(
        f"The canvas has {rows} rows of {columns} pixels. Each pixel takes {channels} bytes, each "
        "from 0 to 255: **red**, **green**, and **blue** say how much light it gives, and "
        f"**alpha** says how opaque it is. That makes {picture.size:,} bytes. White ink has equal "
        "red, green, and blue, so one channel is enough: gray."
    )
    shown = [
        Panel(name, channel, f"{channel.min()} to {channel.max()}")
        for name, channel in zip(CHANNELS, np.moveaxis(picture, -1, 0), strict=True)
    ]
    st.html(panels.row(shown) + legends.legend(pixels(), "Value of a byte"))
    return shown


def show_steps(seen: Normalized) -> list[Panel]:
    """Every picture on the way to 28x28."""
    st.subheader("From your canvas to 28 × 28", anchor=False)
    st.markdown(
        "MNIST’s makers cropped each digit, scaled it to fit into 20 × 20 pixels, and moved its "
        "**center of mass** to the middle of a 28 × 28 image. Your digit gets the same treatment, "
        "so it no longer matters where and how large you draw it."
    )
    x, y, width, height = seen.box
    rows, columns = seen.scaled.shape
    center = pictures.show_center(seen.image)
    shown = [
        Panel("1. Gray", seen.gray, f"{seen.gray.shape[1]} × {seen.gray.shape[0]}"),
        Panel("2. Find the ink", pictures.show_box(seen.ink, seen.box), f"starts at x {x}, y {y}"),
        Panel("3. Crop", seen.crop, f"{width} × {height}"),
        Panel("4. Scale to fit 20 × 20", seen.scaled, f"{columns} × {rows}"),
        Panel("5. Center by mass", center, "28 × 28, cross: center of mass"),
    ]
    st.html(panels.row(shown, "→"))
    return shown


def show_numbers(image: Image) -> None:
    """The 784 numbers, and how often each occurs."""
    st.subheader("The 784 numbers", anchor=False)
    st.markdown(
        "This is all the network gets: 28 rows of 28 numbers, one byte each, from 0 (black) to "
        "255 (white)."
    )
    form = st.segmented_control(
        "Show them as",
        list(NUMBER_FORMS),
        default="Decimal",
        required=True,
        label_visibility="collapsed",
        key=session.NUMBER_FORM,
    )
    st.html(tables.pixel_values(image, NUMBER_FORMS[form]))
    black = int((image == 0).sum())
    st.markdown(
        f"**{black} of the 784 pixels are 0**, pure black. The bars count the other "
        f"{image.size - black} by value: pixels above, values below."
    )
    st.html(bars.histogram(image))


look_at_pixels()
layout.poll_for_inference()
