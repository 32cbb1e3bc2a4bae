"""The canvas: streamlit-drawable-canvas's own script, which sends its strokes in few bytes.

Its Python side is not used: it decodes pictures with whatever reads them, and hands on any JSON.
"""

from importlib.util import find_spec
from pathlib import Path

from mnist_app.data import canvas_strokes
from mnist_app.imaging import image_files
from mnist_app.ui.element import element, publish

# Not imported: that would want Streamlit to know the component.
_PACKAGE = find_spec("streamlit_drawable_canvas")
assert _PACKAGE is not None
assert _PACKAGE.origin is not None
_BUNDLE = Path(_PACKAGE.origin).parent / "frontend" / "build"
_ELEMENT = element(
    Path(__file__).parent,
    {
        "DRAWABLE_CANVAS": publish("drawable_canvas", next(_BUNDLE.glob("index-*.js")).read_text()),
        "MOST_STROKES": canvas_strokes.MOST_STROKES,
        "MOST_POINTS": canvas_strokes.MOST_POINTS,
        "TENTHS": canvas_strokes.TENTHS,
    },
)


def drawing_canvas(
    key: str,
    side: int,
    ink: str,
    paper: str,
    pen_width: int,
    background: bytes = b"",
    strokes: bytes = b"",
) -> object:
    """Show a square canvas, and return what the browser sent, which can be anything; None at first.

    A canvas sends {"data": its picture as a data URI, "strokes": see `data.canvas_strokes`}, after
    each stroke; the strokes are all that the picture shows, or none.

    Args:
        key: Streamlit's key of the element.
        side: Its width and height in pixels.
        ink: The color of the pen, as CSS.
        paper: What lies under everything. The drawing is gone when it changes.
        pen_width: The pen's width in pixels.
        background: A PNG file of its size that is on it from the beginning. It has to stay the same
            as long as the key does.
        strokes: Those that the background shows, one by one taken back by Undo; empty where it
            shows something else, which Undo takes back as a whole.
    """
    objects = [_picture(background, side)] if background else []
    result = _ELEMENT(
        key=key,
        data={
            "canvasWidth": side,
            "canvasHeight": side,
            "strokeColor": ink,
            "strokeWidth": pen_width,
            "fillColor": ink,
            "backgroundColor": paper,
            "backgroundImageURL": None,
            "backgroundImageFit": "stretch",
            "initialDrawing": {"objects": objects, "background": paper},
            "strokes": image_files.as_base64(strokes),
            "drawingMode": "freedraw",
            "realtimeUpdateStreamlit": True,
            "returnImageData": True,
            "displayRadius": 3,
            "disabled": False,
            "maxDisplayHeight": None,
            "fontSize": 20,
            "label": "",
        },
        default={"drawing": None},
        on_drawing_change=lambda: None,
    )
    sent: object = result.drawing
    return sent


def _picture(png: bytes, side: int) -> dict[str, object]:
    """Return a picture that fills the canvas, as Fabric.js has it."""
    return {
        "type": "Image",
        "originX": "left",
        "originY": "top",
        "left": 0,
        "top": 0,
        "width": side,
        "height": side,
        "src": image_files.data_uri(png),
    }
