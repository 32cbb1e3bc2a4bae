"""What a network in training thinks of a drawing over time, and what it has learned by now."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.colormap import from_zero
from mnist_app.imaging.normalize import Image
from mnist_app.ui.markup.fragments import joined
from mnist_app.ui.markup.numbers import percent
from mnist_app.ui.markup.pictures import img

_COLUMNS = 160
# What stands where no probability is known yet: gray, RGB.
_UNKNOWN = 128


def snapshot(parts: Sequence[Markup]) -> Markup:
    """Return parts of what a run shows as HTML, side by side where there is room."""
    shown = joined(Markup('<div class="lab-snapshot-part">{}</div>').format(part) for part in parts)
    return Markup('<div class="lab-snapshot">{}</div>').format(shown)


def titled(title: str, body: Markup | str) -> Markup:
    """Return HTML under a title; a text becomes a paragraph."""
    shown = body if isinstance(body, Markup) else Markup("<p>{}</p>").format(body)
    return Markup('<div class="lab-title"><strong>{}</strong></div>{}').format(title, shown)


def watched_drawing(drawing: Image) -> Markup:
    """Return the drawing that a network in training is asked about, uint8 (28, 28), as HTML."""
    return Markup('<div class="lab-watched">{}</div>').format(
        img(drawing, "The drawing that the network is asked about")
    )


def probability_trace(trace: Sequence[tuple[int, Sequence[float]]], end: float) -> Markup:
    """Return ten probabilities over the images seen, a row a digit, as HTML.

    Args:
        trace: For each time asked, the number of images seen by then, and ten shares of 0 to 1.
        end: The number of images at which the time ends, above 0.
    """
    if not trace:
        return _trace(np.full((CLASSES, _COLUMNS, 3), _UNKNOWN, np.uint8), ["–"] * CLASSES, None)
    shares = np.zeros((CLASSES, _COLUMNS))
    columns = [int(images / end * (_COLUMNS - 1)) for images, _ in trace]
    for column, (_, probabilities) in zip(columns, trace, strict=True):
        shares[:, column:] = np.asarray(probabilities)[:, np.newaxis]
    picture = from_zero(np.ones(1)).paint(shares)
    picture[:, : columns[0]] = _UNKNOWN
    picture[:, int(trace[-1][0] / end * _COLUMNS) + 1 :] = _UNKNOWN
    last = trace[-1][1]
    return _trace(picture, [percent(share) for share in last], int(np.argmax(last)))


def _trace(picture: Image, shown: Sequence[str], best: int | None) -> Markup:
    names = joined(
        Markup('<div class="{}"><span>{}</span><span>{}</span></div>').format(
            "first" if digit == best else "", digit, share
        )
        for digit, share in enumerate(shown)
    )
    now = "nothing yet" if best is None else f"{best} at {shown[best]}"
    return Markup(
        '<div class="lab-trace"><div class="lab-trace-picture">{}</div>'
        '<div class="lab-trace-names">{}</div></div>'
    ).format(img(picture, f"Probabilities of your digit while it learns, now {now}"), names)
