"""What the machine sees: a picture is an array of bytes."""

import numpy as np
import streamlit as st

from mnist_app.codegen import snippets
from mnist_app.imaging import normalize
from mnist_app.imaging.colormap import pixels
from mnist_app.imaging.normalize import Image, Normalized
from mnist_app.inference import InferenceError, InferenceStarting
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import canvas, layout, resources, session
from mnist_app.ui.markup import figures, panels
from mnist_app.ui.markup.figures import PredictionView
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.parts import inside

layout.begin(
    "Pixels",
    "To the machine, a picture is an array of bytes. This is what becomes of your digit before "
    "the network sees it.",
)
canvas.controls()


def move() -> tuple[float, float]:
    """Let the visitor move the drawing; return how far, across and down, -1 to 1."""
    with st.container(horizontal=True):
        across = st.slider("Move it left or right", -100, 100, 0, 5, format="%d%%", key="across")
        down = st.slider("Move it up or down", -100, 100, 0, 5, format="%d%%", key="down")
    return across / 100, down / 100


def show_both_answers(seen: Normalized, naive: Image) -> None:
    """The same drawing centered as MNIST's makers did, and the whole canvas shrunk."""
    titles = ("Centered, as in MNIST", "The whole canvas, shrunk")
    images = (seen.image, naive)
    trouble = ""
    answers: list[Prediction | None] = [None, None]
    try:
        network = session.network()
        both = resources.engine().classify(np.stack(images), network, wait=False)
        answers = [Prediction(one, resources.card(network).reject_below) for one in both]
    except InferenceStarting:
        layout.ask_for_polling()
        trouble = "The network is waking up; its answer comes by itself."
    except InferenceError as error:
        trouble = str(error)
    st.html(
        figures.predictions(
            [
                PredictionView(title, image, answer, trouble)
                for title, image, answer in zip(titles, images, answers, strict=True)
            ]
        )
    )


def show_channels(picture: Image) -> list[Panel]:
    """The canvas's four channels."""
    st.subheader("A picture is an array of bytes", anchor=False)
    rows, columns, channels = picture.shape
    st.markdown(
        f"The canvas has {rows} rows of {columns} pixels, and each pixel has {channels} bytes: "
        "how much **red**, **green** and **blue** light it gives, and **alpha**, how opaque it "
        f"is, each from 0 to 255. That makes {picture.size:,} bytes. White ink has as much of "
        "each color, so a single channel is enough: gray."
    )
    names = ("Red", "Green", "Blue", "Alpha")
    shown = [
        Panel(
            name, picture[..., index], f"{picture[..., index].min()} to {picture[..., index].max()}"
        )
        for index, name in enumerate(names)
    ]
    st.html(panels.row(shown) + panels.legend(pixels(), "Value of a byte"))
    return shown


def show_steps(seen: Normalized) -> list[Panel]:
    """Every picture on the way to 28x28."""
    st.subheader("From your canvas to 28 × 28", anchor=False)
    st.markdown(
        "MNIST's makers cropped each digit, scaled it into a box of 20 × 20 pixels and moved its "
        "**center of mass** to the middle of 28 × 28. Your digit goes the same way: where and how "
        "large you draw no longer matters."
    )
    x, y, width, height = seen.box
    shown = [
        Panel("1. Gray", seen.gray, f"{seen.gray.shape[1]} × {seen.gray.shape[0]}"),
        Panel("2. Find the ink", panels.show_box(seen.ink, seen.box), f"from x {x}, y {y}"),
        Panel("3. Crop", seen.crop, f"{width} × {height}"),
        Panel(
            "4. Scale into 20 × 20", seen.scaled, f"{seen.scaled.shape[1]} × {seen.scaled.shape[0]}"
        ),
        Panel(
            "5. Center by mass", panels.show_center(seen.image), "28 × 28, cross: center of mass"
        ),
    ]
    st.html(panels.row(shown, "→"))
    return shown


def show_numbers(image: Image) -> None:
    """The 784 numbers, and how often each occurs."""
    st.subheader("The 784 numbers", anchor=False)
    st.markdown(
        "This is all that the network gets: 28 rows of 28 numbers, one byte each, from 0 (black) "
        "to 255 (white)."
    )
    form = st.segmented_control(
        "Show them as",
        ["Decimal", "Bytes in hexadecimal"],
        default="Decimal",
        label_visibility="collapsed",
        key="number_form",
    )
    st.html(figures.numbers(image, "02x" if form == "Bytes in hexadecimal" else "d"))
    black = int((image == 0).sum())
    st.markdown(
        f"**{black} of the 784 pixels are 0**, pure black. The other {784 - black}, by value "
        "(number of pixels above each bar, values below it):"
    )
    st.html(figures.histogram(image))


@st.fragment
def look_at_pixels() -> None:
    """Each stroke and each slider reruns this and nothing else."""
    with st.container(horizontal=True, gap="large"):
        canvas.canvas()
        subject = inside.subject()
        with st.container():
            across, down = move()
            picture = normalize.move_ink(subject.picture, subject.seen.box, across, down)
            seen = normalize.normalize(picture, background="black")
            naive = normalize.scale_whole(seen.gray)
            show_both_answers(seen, naive)
            st.caption(subject.words)
    shown = show_channels(picture)
    shown += show_steps(seen)
    shown += [Panel("The whole canvas, shrunk", naive, "28 × 28")]
    show_numbers(seen.image)
    inside.show_code(snippets.pixels(picture, session.network()))
    inside.save_button("pixels", "From the canvas to 28 × 28", lambda: shown)


look_at_pixels()
layout.poll_for_engine()
