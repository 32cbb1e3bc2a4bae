"""The one canvas, what clears it, and what is put on it from elsewhere."""

import random
from dataclasses import replace

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_app import limits
from mnist_app.data.strokes import draw_canvas
from mnist_app.imaging import foreign_pictures, image_files, normalize
from mnist_app.imaging.normalize import Image
from mnist_app.ui import drawing as drawings
from mnist_app.ui import resources, session, session_record, uploads
from mnist_app.ui.components.canvas_tools import canvas_tools
from mnist_app.ui.components.drawing_canvas import drawing_canvas
from mnist_app.ui.drawing import SIDE, Drawing

INK, PAPER = "#ffffff", "#000000"
PEN_WIDTHS = (8, 36)
USUAL_PEN_WIDTH = 18
UPLOAD, CAMERA = "Upload a picture", "Use the camera"
NO_DIGIT_FOUND = "No digit was found in this picture. Move closer, and use dark ink on plain paper."


def show() -> Drawing:
    """Show the canvas and return what is drawn on it. Call it inside a fragment.

    Widgets beside it are the page's, not the fragment's: each would cost every stroke.
    """
    kept = session.drawing()
    key = f"canvas_{kept.canvas}"
    is_taken_over = session_record.is_taken_over(kept.canvas)
    if key not in st.session_state and not is_taken_over:
        session.begin_canvas(kept)
    begun = session.begun_drawing()
    background = begun.png if begun.has_ink else b""
    sent = drawing_canvas(key, SIDE, INK, PAPER, _pen_width(), background, begun.strokes)
    canvas_tools(key, begins_empty=not begun.has_ink and not session.picture_trouble())
    if is_taken_over and sent is None and kept is not begun:
        put_back(kept)  # the browser did not show this canvas after all
        st.rerun()
    received = _receive(sent)
    session_record.note()
    return received


def latest() -> Drawing:
    """Return what is on the canvas, in a callback: that runs before the fragment sees a stroke."""
    canvas = st.session_state.get(f"canvas_{session.drawing().canvas}")
    return _receive(getattr(canvas, "drawing", None))


def _receive(sent: object) -> Drawing:
    """Return the drawing that a canvas sent, which is kept; None is nothing new."""
    kept = session.drawing()
    if sent is None or session.is_received(kept.canvas, sent):
        return kept
    received = session.keep_drawing(drawings.receive(sent, kept.canvas))
    session.set_received(kept.canvas, sent)
    return received


def controls(*, has_example: bool = True) -> None:
    """Show the buttons and the pen's width, in a row above the canvas.

    Its key gives it its height before the slider's code has reached the browser. What Undo does,
    and Clear on a canvas that began empty, the browser does: `components/canvas_tools`.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        st.button("Undo", icon=":material/undo:", key="undo", help="Ctrl+Z")
        st.button("Clear", icon=":material/delete:", key="clear", help="Escape", on_click=clear)
        if has_example:
            st.button("Example", icon=":material/casino:", key="example", on_click=show_example)
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
        st.caption(uploads.OFF)
        return
    source = st.segmented_control(
        "Or read a digit from paper",
        [UPLOAD, CAMERA],
        key=session.PICTURE_SOURCE,
    )
    key = f"picture_{session.pictures_brought()}"
    if context := get_script_run_ctx():
        uploads.UPLOADS.expect(context.session_id, wanted=source is not None)
    if source == UPLOAD:
        st.file_uploader(
            "A PNG or JPEG picture of one digit",
            type=["png", "jpg", "jpeg"],
            key=key,
            on_change=_show_picture,
            args=(key,),
        )
    elif source == CAMERA:
        st.camera_input(
            "Hold up a digit on paper, as large as possible",
            key=key,
            on_change=_show_picture,
            args=(key,),
        )
    if session.picture_trouble():
        st.error(session.picture_trouble(), icon=":material/image_not_supported:")


def clear() -> None:
    """Empty the canvas."""
    _replace(Drawing(canvas=_next_canvas()))


def show_example() -> None:
    """Draw one of MNIST's test images, chosen at random."""
    split = resources.test_images()
    index = random.randrange(len(split))
    put(split.images[index], f"MNIST test image {index:,}, labeled {split.labels[index]}")


def put(ink: Image, caption: str) -> None:
    """Replace what is on the canvas by ink, uint8 (height, width)."""
    put_whole(normalize.place_on_canvas(ink, SIDE), caption)


def put_whole(ink: Image, caption: str) -> None:
    """Replace what is on the canvas by all of another, uint8 (280, 280)."""
    _replace(drawings.read(b"", image_files.encode_png(ink), caption, _next_canvas()))


def put_strokes(strokes: bytes, caption: str) -> None:
    """Replace what is on the canvas by strokes, see `data.canvas_strokes`; they can be added to."""
    png = image_files.encode_png(draw_canvas(strokes))
    _replace(drawings.read(strokes, png, caption, _next_canvas()))


def put_back(drawing: Drawing) -> None:
    """Replace what is on the canvas by a drawing that was on it before."""
    _replace(replace(drawing, canvas=_next_canvas()))


def restore(sent: object) -> None:
    """Put a drawing back that a browser kept; it can send anything, and what is none is let go."""
    kept = drawings.receive(sent, _next_canvas())
    if kept.has_ink:
        _replace(kept)


def as_sent(drawing: Drawing) -> dict[str, str]:
    """Return a drawing as `restore` takes it."""
    strokes = image_files.as_base64(drawing.strokes)
    return {"data": image_files.data_uri(drawing.png), "strokes": strokes}


def _replace(drawing: Drawing) -> None:
    session.keep_drawing(drawing)
    session.set_picture_trouble("")


def _next_canvas() -> int:
    """Return the number of a new canvas: only that one starts with other strokes."""
    return session.drawing().canvas + 1


def _pen_width() -> int:
    """Return the slider's value where it is one: a browser can send any number, or none."""
    width = st.session_state.get(session.PEN_WIDTH)
    if not isinstance(width, int | float) or not PEN_WIDTHS[0] <= width <= PEN_WIDTHS[1]:
        return USUAL_PEN_WIDTH
    return int(width)


def _show_picture(key: str) -> None:
    """Put the digit of an uploaded picture on the canvas, and let the file go.

    What asked for it starts over, ready for another.
    """
    upload = st.session_state[key]
    if upload is None:
        return
    data: bytes = upload.getvalue()
    session.count_picture()
    if context := get_script_run_ctx():
        context.uploaded_file_mgr.remove_session_files(context.session_id)
        uploads.UPLOADS.finish(context.session_id)
    try:
        ink = foreign_pictures.find_ink(data)
    except image_files.PictureError as error:
        session.set_picture_trouble(str(error))
        return
    if not ink.any():
        session.set_picture_trouble(NO_DIGIT_FOUND)
        return
    put(ink, "from your picture")
