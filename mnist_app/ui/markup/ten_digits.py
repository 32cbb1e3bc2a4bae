"""Ten digits that were asked for: what to draw, what was read, how well, and a picture to share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import Image
from mnist_app.ui.markup.fragments import joined
from mnist_app.ui.markup.numbers import exact_percent, percent_range
from mnist_app.ui.markup.pictures import enlarged, img

NAME = "MNIST Lab"
PICTURE_SIZE = (1200, 630)
"""Width and height of the picture to share, in pixels: as large as messengers show one."""
MISLEADING = (255, 150, 35)
_TILE = 168
_ACROSS = 5
_PAPER, _INK, _PALE = (12, 13, 16), (241, 240, 236), (150, 154, 165)
_MARGIN, _TILES_TOP, _ROW_HEIGHT = 60, 124, 222


@dataclass(frozen=True, eq=False)
class ReadDigit:
    """A digit that was asked for, and what became of it."""

    asked: int
    drawing: Image
    """uint8 (side, side), light ink on black."""
    said: str
    """What the network says, in a few words: "read as 3", "read", "skipped"."""
    is_right: bool
    sure: str = ""
    """How sure it is, in percent; empty where it was not asked."""
    is_drawn: bool = True
    """False for one that was skipped."""
    misleading: Image | None = None
    """The ink of the stroke that misled it, same shape as `drawing`; None where none did."""
    without: str = ""
    """What the network says without that stroke, a sentence."""


@dataclass(frozen=True)
class Share:
    """How many of some digits were read right."""

    title: str
    accuracy: float
    """0 to 1."""
    low: float
    """Where its 95% confidence interval begins, 0 to 1."""
    high: float
    """Where that ends."""
    digits: int


def prompt(asked: int, number: int) -> Markup:
    """Return as HTML which digit is to be drawn, 0 to 9, as the `number`th, 1 to 10."""
    dots = joined(
        Markup('<i class="{}"></i>').format(
            "now" if at == number else "done" if at < number else ""
        )
        for at in range(1, CLASSES + 1)
    )
    return Markup(
        '<div class="lab-asked" role="status"><span>Draw a</span><b>{}</b>'
        '<small>{} of {}</small><div class="lab-dots" aria-hidden="true">{}</div></div>'
    ).format(asked, number, CLASSES, dots)


def all_digits() -> Markup:
    """Return the ten digits that will be asked for, in large type, as HTML."""
    return Markup('<div class="lab-all-digits" aria-hidden="true">{}</div>').format(
        joined(Markup("<b>{}</b>").format(digit) for digit in range(CLASSES))
    )


def strip(digits: Sequence[ReadDigit]) -> Markup:
    """Return the drawings side by side as HTML, wrong ones marked, misleading strokes in orange."""
    return Markup('<div class="lab-ten">{}</div>').format(joined(map(_tile, digits)))


def shares(rows: Sequence[Share]) -> Markup:
    """Return a row for each share as HTML: its interval as a bar, itself as a line on it."""
    return Markup('<div class="lab-shares">{}</div>').format(joined(map(_share, rows)))


def headline(right: int, drawn: int) -> str:
    """Return how many of the drawn digits were read, as a sentence without its full stop."""
    if drawn == 0:
        return "No digit was drawn"
    if drawn == 1:
        return "The digit was read" if right else "The digit was not read"
    if right == drawn:
        return f"All {drawn} digits were read"
    return f"{right} of {drawn} digits were read"


def picture(digits: Sequence[ReadDigit], network: str) -> bytes:
    """Return the picture to share, a PNG file of PICTURE_SIZE; `network` is its title."""
    drawn = [one for one in digits if one.is_drawn]
    figure = PillowImage.new("RGB", PICTURE_SIZE, _PAPER)
    pen = ImageDraw.Draw(figure)
    title = f"{headline(sum(one.is_right for one in drawn), len(drawn))}."
    pen.text((_MARGIN, 36), title, _INK, ImageFont.load_default(50))
    pen.text(
        (_MARGIN, PICTURE_SIZE[1] - 42),
        f"{NAME} · my handwriting, read by “{network}”",
        _PALE,
        ImageFont.load_default(24),
    )
    step = (PICTURE_SIZE[0] - 2 * _MARGIN - _TILE) / (_ACROSS - 1)
    for index, one in enumerate(digits):
        left = round(_MARGIN + step * (index % _ACROSS))
        top = _TILES_TOP + _ROW_HEIGHT * (index // _ACROSS)
        figure.paste(PillowImage.fromarray(enlarged(_colored(one), _TILE)), (left, top))
        color = _INK if one.is_right else MISLEADING
        pen.rectangle((left, top, left + _TILE, top + _TILE), outline=color, width=2)
        pen.text((left, top + _TILE + 8), f"{one.asked} {one.said}", color, _small())
    return encode_png(np.asarray(figure))


def _small() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(22)


def _tile(digit: ReadDigit) -> Markup:
    state = "skipped" if not digit.is_drawn else "right" if digit.is_right else "wrong"
    sentence = f"Asked for a {digit.asked}: {digit.said}"
    return Markup(
        '<figure class="{}"><figcaption><b>{}</b><span>{}</span> <i>{}</i></figcaption>{}'
        "<small>{}</small></figure>"
    ).format(
        state, digit.asked, digit.said, digit.sure, img(_colored(digit), sentence), digit.without
    )


def _share(share: Share) -> Markup:
    interval = percent_range(share.low, share.high, 2 if share.digits > 1000 else 0)
    sentence = f"{exact_percent(share.accuracy, 2 if share.digits > 1000 else 0)} ({interval})"
    return Markup(
        '<div><span>{}</span><i style="--low: {:.4f}; --high: {:.4f}; --share: {:.4f}"></i>'
        "<b>{}</b></div>"
    ).format(share.title, share.low, share.high, share.accuracy, sentence)


def _colored(digit: ReadDigit) -> Image:
    """Return a drawing as RGB, the stroke that misled in orange."""
    shown = np.repeat(digit.drawing[..., np.newaxis], 3, axis=2)
    if digit.misleading is None:
        return shown
    strength = digit.misleading[..., np.newaxis] / 255
    orange = np.array(MISLEADING) * (digit.drawing[..., np.newaxis] / 255)
    return np.rint(shown * (1 - strength) + orange * strength).astype(np.uint8)
