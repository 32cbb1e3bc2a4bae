"""The drawing as a value: what a visitor drew, and what a network sees of it."""

import base64
import logging
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mnist_app.data import canvas_strokes
from mnist_app.imaging import canvas_png, normalize
from mnist_app.imaging.image_files import PictureError
from mnist_app.imaging.normalize import Image, Normalized, Problem

LOGGER = logging.getLogger(__name__)

SIDE = 280
"""The canvas's side in pixels: it fits the narrowest phones, and is ten for each of MNIST's 28."""

DAMAGED = "The drawing arrived damaged. Press Clear and draw again."
_URI = "data:image/png;base64,"
_LONGEST_URI = len(_URI) + 4 * -(-canvas_png.LONGEST // 3)
_BLANK = normalize.normalize(np.zeros((SIDE, SIDE), np.uint8), background="black")


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is on the canvas, the same on every page."""

    strokes: bytes = b""
    """See `data.canvas_strokes`; empty when not all that is on the canvas was drawn there."""
    png: bytes = b""
    """A PNG file of 280x280 pixels, light ink on black; empty when nothing is drawn."""
    caption: str = ""
    """Where it comes from, when not from the visitor's hand."""
    canvas: int = 0
    """The number of the canvas that it is on; another number is another canvas."""
    normalized: Normalized = _BLANK
    """Every step on its way to 28x28. Its `gray` and `ink` are one array of 78,400 bytes."""
    problem: str = ""
    """A sentence that says why this is no digit to read and what to do; empty for none."""
    is_example: bool = False
    """Whether it only stands in for a drawing, and is on no canvas."""

    @property
    def image(self) -> Image:
        """What a network sees, uint8 (28, 28), from 0 black to 255 white."""
        return self.normalized.image

    @property
    def has_ink(self) -> bool:
        """Whether there is anything to look at, be it a digit or not."""
        return self.normalized.problem is not Problem.BLANK and self.normalized.crop.size > 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn, and nothing is wrong either."""
        return not self.has_ink and not self.problem

    @cached_property
    def version(self) -> str:
        """A short text that is another one after each stroke, and on each canvas."""
        return f"{self.canvas}-{zlib.crc32(self.png):08x}"

    @property
    def note(self) -> str:
        """What stands below it: what is wrong with it, or else where it comes from."""
        return self.problem or self.caption


def read(strokes: bytes, png: bytes, caption: str = "", canvas: int = 0) -> Drawing:
    """Return what a canvas shows, normalized. Raises PictureError for what is no canvas."""
    normalized = normalize.normalize(canvas_png.decode(png, SIDE), background="black")
    problem = normalized.problem
    sentence = "" if problem is None or problem is Problem.BLANK else problem.value
    return Drawing(strokes, png, caption, canvas, normalized, sentence)


def receive(sent: object, canvas: int) -> Drawing:
    """Return what a browser sent for the canvas of this number.

    It can send anything. Here is the one place where what is no drawing is refused: the drawing is
    then an empty one that says so.
    """
    try:
        png, strokes = _unpack(sent)
        return read(strokes, png, canvas=canvas)
    except (AttributeError, KeyError, TypeError, ValueError, PictureError) as error:
        LOGGER.warning("A canvas sent no drawing, but a %s (%s)", type(sent).__name__, error)
        return Drawing(canvas=canvas, problem=DAMAGED)


def _unpack(sent: object) -> tuple[bytes, bytes]:
    """Return picture and strokes of what `components.drawing_canvas` sends."""
    if not isinstance(sent, dict):
        raise TypeError("A drawing is a dictionary.")
    uri, strokes = sent["data"], sent.get("strokes", "")
    if len(uri) > _LONGEST_URI or not uri.startswith(_URI):
        raise ValueError("A drawing's picture is the data URI of a PNG file.")
    return base64.b64decode(uri[len(_URI) :], validate=True), canvas_strokes.read(strokes)
