"""The one canvas, what clears it, and what is put on it from elsewhere."""

import random

import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas

from mnist_app import limits
from mnist_app.imaging import image_files, normalize, photo
from mnist_app.imaging.normalize import Image
from mnist_app.ui import drawing as drawings
from mnist_app.ui import resources, session
from mnist_app.ui.components.canvas_tools import canvas_tools
from mnist_app.ui.drawing import SIDE, Drawing, Strokes

INK, PAPER = "#ffffff", "#000000"
PEN_WIDTHS = (8, 36)
USUAL_PEN_WIDTH = 18
UPLOADS_OFF = "Bringing pictures is switched off on this server."
UPLOAD, CAMERA = "Upload a picture", "Use the camera"
NO_DIGIT_FOUND = "No digit was found in this picture. Move closer, and use dark ink on plain paper."


def show() -> Drawing:
    """Show the canvas and return what is drawn on it. Call it inside a fragment.

    Widgets beside it are the page's, not the fragment's: each would cost every stroke.
    """
    kept = session.drawing()
    key = f"canvas_{kept.canvas}"
    if key not in st.session_state:
        session.mount(kept.strokes)
    result = st_canvas(
        stroke_width=_pen_width(),
        stroke_color=INK,
        background_color=PAPER,
        width=SIDE,
        height=SIDE,
        initial_drawing=session.mounted_strokes(),
        return_image_data=True,
        key=key,
    )
    canvas_tools(key, begins_empty=_can_be_cleared_in_browser())
    png = _sent_png(result)
    if png is None or png == kept.png:
        return kept
    return session.keep_drawing(drawings.read(result.json_data, png, canvas=kept.canvas))


def controls() -> None:
    """Show the buttons and the pen's width, in a row above the canvas.

    Its key gives it its height before the slider's code has reached the browser. What Undo does,
    and Clear on a canvas that began empty, the browser does: `components/canvas_tools`.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        st.button("Undo", icon=":material/undo:", key="undo", help="Ctrl+Z")
        st.button("Clear", icon=":material/delete:", key="clear", help="Escape", on_click=clear)
        st.button("Example", icon=":material/casino:", on_click=show_example)
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
    if not limits.UPLOADS.is_on():
        st.caption(UPLOADS_OFF)
        return
    source = st.segmented_control(
        "Or read a digit from paper",
        [UPLOAD, CAMERA],
        key=session.PICTURE_SOURCE,
    )
    if source == UPLOAD:
        st.file_uploader(
            "A PNG or JPEG picture of one digit",
            type=["png", "jpg", "jpeg"],
            key=session.UPLOAD,
            on_change=_show_picture,
            args=(session.UPLOAD,),
        )
    elif source == CAMERA:
        st.camera_input(
            "Hold up a digit on paper, as large as possible",
            key=session.CAMERA,
            on_change=_show_picture,
            args=(session.CAMERA,),
        )
    if session.picture_trouble():
        st.error(session.picture_trouble(), icon=":material/image_not_supported:")


def clear() -> None:
    """Empty the canvas."""
    _replace(drawings.nothing(_next_canvas()))


def show_example() -> None:
    """Draw one of MNIST's test images, chosen at random."""
    split = resources.test_images()
    index = random.randrange(len(split))
    put(split.images[index], f"MNIST test image {index:,}, labeled {split.labels[index]}")


def put(ink: Image, caption: str) -> None:
    """Replace what is on the canvas by ink, uint8 (height, width)."""
    png = image_files.encode_png(normalize.place_on_canvas(ink, SIDE))
    _replace(drawings.read(_as_strokes(png), png, caption, _next_canvas()))


def _replace(drawing: Drawing) -> None:
    session.keep_drawing(drawing)
    session.set_picture_trouble("")


def _next_canvas() -> int:
    """Return the number of a new canvas: only that one starts with other strokes."""
    return session.drawing().canvas + 1


def _as_strokes(png: bytes) -> Strokes:
    """Return a picture that fills the canvas, as its JSON."""
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
    return {"objects": [picture]}


def _sent_png(result: CanvasResult) -> bytes | None:
    """Return what is drawn as a PNG file; None when nothing is, or a browser sent nonsense."""
    try:
        png: bytes | None = result.image_bytes
    except ValueError:
        return None
    return png


def _can_be_cleared_in_browser() -> bool:
    """Say whether the canvas was mounted empty, and no message has to go with what is on it."""
    return not session.mounted_strokes().get("objects") and not session.picture_trouble()


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
        ink = photo.find_ink(normalize.to_gray(image_files.read_picture(upload.getvalue())))
    except image_files.PictureError as error:
        session.set_picture_trouble(str(error))
        return
    if not ink.any():
        session.set_picture_trouble(NO_DIGIT_FOUND)
        return
    put(ink, "from your picture")
