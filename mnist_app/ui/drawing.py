"""The drawing as a value: what a visitor drew, and what a network sees of it."""

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mnist_app.imaging import image_files, normalize
from mnist_app.imaging.normalize import Image, Normalized, Problem

SIDE = 280
"""The canvas's side in pixels: it fits the narrowest phones, and is ten for each of MNIST's 28."""

Strokes = dict[str, Any]
"""What is drawn as the canvas's JSON (Fabric.js): {"objects": [...]}."""

DAMAGED = "The drawing arrived damaged. Press Clear and draw again."
_BLANK = normalize.normalize(np.zeros((SIDE, SIDE), np.uint8), background="black")


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is on the canvas, the same on every page."""

    strokes: Strokes
    png: bytes = b""
    """The same as a PNG file of 280x280 pixels, light ink on black; empty when nothing is drawn."""
    caption: str = ""
    """Where it comes from, when not from the visitor's hand."""
    canvas: int = 0
    """The number of the canvas that it is on; another number is another canvas."""
    normalized: Normalized = _BLANK
    """Every step on its way to 28x28. Its `gray` and `ink` are one array of 78,400 bytes."""
    problem: str = ""
    """A sentence that says why this is no digit to read and what to do; empty for none."""

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


def nothing(canvas: int = 0) -> Drawing:
    """Return the drawing of an empty canvas."""
    return Drawing({"objects": []}, canvas=canvas)


def read(strokes: object, png: bytes, caption: str = "", canvas: int = 0) -> Drawing:
    """Return what a canvas shows, normalized; a browser can send any strokes and any bytes."""
    known = strokes if isinstance(strokes, dict) else {"objects": []}
    picture = _decode(png)
    if picture is None:
        return Drawing(known, png, caption, canvas, problem=DAMAGED)
    normalized = normalize.normalize(picture, background="black")
    problem = normalized.problem
    sentence = "" if problem is None or problem is Problem.BLANK else problem.value
    return Drawing(known, png, caption, canvas, normalized, sentence)


def _decode(png: bytes) -> Image | None:
    """Return the pixels of a canvas; None for no picture, and for one larger than any canvas."""
    try:
        picture = image_files.decode_png(png)
    except image_files.PictureError:
        return None
    return picture if max(picture.shape[:2]) <= SIDE else None
