"""The drawing: the one canvas, what clears it, and what is put on it from elsewhere."""

import random

import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas

from mnist_app.imaging import image_files, normalize
from mnist_app.imaging.normalize import Image
from mnist_app.ui import resources, session

# 280 pixels fit the narrowest phones, and are ten for each of MNIST's 28.
SIDE = 280
INK, PAPER = "#ffffff", "#000000"
PEN_WIDTHS = (8, 36)
USUAL_PEN_WIDTH = 18
NO_DIGIT_FOUND = (
    "No digit was found in this picture. Try again from nearer, with dark ink on plain paper."
)


def canvas() -> None:
    """Show the canvas and keep what is drawn on it. Call it inside a fragment.

    Widgets beside it are the page's, not the fragment's: each would cost every stroke.
    """
    drawing = session.drawing()
    key = f"canvas_{drawing.canvas}"
    if key not in st.session_state:
        drawing.mounted = drawing.strokes
    result = st_canvas(
        stroke_width=_pen_width(),
        stroke_color=INK,
        background_color=PAPER,
        width=SIDE,
        height=SIDE,
        initial_drawing=drawing.mounted,
        return_image_data=True,
        key=key,
    )
    png = _sent_png(result)
    if png is not None and png != drawing.png:
        drawing.strokes, drawing.png, drawing.caption = result.json_data or {}, png, ""


def controls() -> None:
    """Show the buttons and the pen's width, in a row above the canvas.

    Its key gives it its height before the slider's code has reached the browser.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        st.button("Clear", icon=":material/delete:", on_click=clear)
        st.button("Try an example", icon=":material/casino:", on_click=show_example)
        st.slider(
            "Pen width",
            *PEN_WIDTHS,
            value=USUAL_PEN_WIDTH,
            step=2,
            format="pen %d px",
            label_visibility="collapsed",
            key=session.PEN_WIDTH,
            persist_state="session",
            width=200,
        )


def picture_input() -> None:
    """Let the visitor upload a picture or take one, and show its digit on the canvas."""
    source = st.segmented_control(
        "Or read a digit on paper",
        ["Upload a picture", "Use the camera"],
        key=session.PICTURE_SOURCE,
    )
    if source == "Upload a picture":
        st.file_uploader(
            "A PNG or JPEG picture of one digit",
            type=["png", "jpg", "jpeg"],
            key=session.UPLOAD,
            on_change=_show_picture,
            args=(session.UPLOAD,),
        )
    elif source == "Use the camera":
        st.camera_input(
            "A digit on paper, as large as possible",
            key=session.CAMERA,
            on_change=_show_picture,
            args=(session.CAMERA,),
        )
    if session.picture_trouble():
        st.error(session.picture_trouble(), icon=":material/image_not_supported:")


def clear() -> None:
    """Empty the canvas."""
    session.drawing().replace({"objects": []}, b"", "")
    session.set_picture_trouble("")


def show_example() -> None:
    """Draw one of MNIST's test images, chosen at random."""
    split = resources.test_images()
    index = random.randrange(len(split))
    caption = f"MNIST test image {index:,}, labeled {split.labels[index]}"
    put(split.images[index], caption)


def put(ink: Image, caption: str) -> None:
    """Put ink, uint8 (height, width), on the canvas in the place of what is there."""
    png = image_files.encode_png(normalize.place_on_canvas(ink, SIDE))
    picture = {
        "type": "Image",
        "originX": "left",
        "originY": "top",
        "left": 0,
        "top": 0,
        "width": SIDE,
        "height": SIDE,
        "src": image_files.data_uri(png),
    }
    session.drawing().replace({"objects": [picture]}, png, caption)
    session.set_picture_trouble("")


def _sent_png(result: CanvasResult) -> bytes | None:
    """Return what is drawn as a PNG file; None when nothing is, or a browser sent nonsense."""
    try:
        png: bytes | None = result.image_bytes
    except ValueError:
        return None
    return png


def _pen_width() -> int:
    """Return the slider's value within its bounds: a browser can send any number."""
    width = st.session_state.get(session.PEN_WIDTH, USUAL_PEN_WIDTH)
    return int(min(max(width, PEN_WIDTHS[0]), PEN_WIDTHS[1]))


def _show_picture(key: str) -> None:
    upload = st.session_state[key]
    if upload is None:
        session.set_picture_trouble("")
        return
    try:
        ink = normalize.find_ink(normalize.to_gray(image_files.read_picture(upload.getvalue())))
    except image_files.PictureError as error:
        session.set_picture_trouble(str(error))
        return
    if not ink.any():
        session.set_picture_trouble(NO_DIGIT_FOUND)
        return
    put(ink, "from your picture")
