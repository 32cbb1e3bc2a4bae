"""Arrays become pictures and charts, as HTML that stands in one message."""

from html import escape

import numpy as np
from numpy.typing import NDArray

from mnist_app.dataset import CLASSES
from mnist_app.digit import Image
from mnist_app.pictures import data_uri, encode_png

# Taken once by every page. The classes are ours alone; what the theme can do is left to it.
# The canvas takes a moment to appear and its toolbar floats above it: both places are held free.
STYLE = """<style>
[class*="st-key-canvas_"] { min-height: 280px; min-width: 280px; margin-top: 2.25rem; }
.st-key-controls { min-height: 2.5rem; }
.lab-answer { display: flex; flex-wrap: wrap; gap: 0.5rem 3rem; align-items: center; }
.lab-digit { font-size: 9rem; line-height: 1; font-weight: 700; min-width: 8rem;
  text-align: center; font-variant-numeric: tabular-nums; }
.lab-nothing { opacity: 0.35; }
.lab-words { min-height: 5.8rem; max-width: 40rem; margin-top: 0.25rem; font-size: 1.15rem;
  line-height: 1.4; }
.lab-words strong { font-size: 1.75rem; display: block; font-weight: 600; }
.lab-seen { margin: 0; }
.lab-seen img { image-rendering: pixelated; width: 140px; height: 140px; display: block;
  border-radius: 0.25rem; border: 1px solid #7d8aa0; }
.lab-chart { --bar: #7d8aa0; margin-top: 0.5rem; max-width: 40rem; font-size: 1.15rem;
  line-height: 1.3; font-variant-numeric: tabular-nums; }
.lab-chart div { display: flex; justify-content: space-between; margin-bottom: 0.15rem;
  background: linear-gradient(var(--bar) 0 0) 1.9rem / calc((100% - 7.5rem) * var(--share)) 75%
  no-repeat, linear-gradient(rgba(125, 138, 160, 0.22) 0 0) 1.9rem / calc(100% - 7.5rem) 75%
  no-repeat; }
.lab-chart .first { --bar: #2f6fdb; font-weight: 700; }
@media (max-width: 30rem) {
  .st-key-controls { min-height: 6rem; }
}
@media (max-width: 640px) {
  .lab-answer { gap: 0.5rem 1.5rem; }
  .lab-digit { font-size: 7rem; min-width: 6rem; }
  .lab-seen img { width: 112px; height: 112px; }
}
</style>"""


def percent(share: float) -> str:
    """Return a share of 0 to 1 in words that claim no more than is known: never "100 %"."""
    if share >= 0.9995:
        return "> 99.9 %"
    if share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %"


def seen_image(image: Image) -> str:
    """Return what the network sees, uint8 (28, 28), enlarged and with its caption, as HTML."""
    return (
        '<figure class="lab-seen">'
        f'<img src="{data_uri(encode_png(image))}" '
        'alt="The drawing in 28 by 28 pixels, as the network sees it">'
        "<figcaption>What the network sees: 28 × 28</figcaption></figure>"
    )


def probability_chart(probabilities: NDArray[np.float32] | None) -> str:
    """Return ten bars as HTML, one row a digit, always of the same size.

    `probabilities` has shape (10,) and sums to 1; None gives empty bars.
    """
    first = None if probabilities is None else int(probabilities.argmax())
    rows = "".join(
        _chart_row(digit, None if probabilities is None else float(probabilities[digit]), first)
        for digit in range(CLASSES)
    )
    return f'<div class="lab-chart" role="group" aria-label="Probabilities">{rows}</div>'


def _chart_row(digit: int, share: float | None, first: int | None) -> str:
    """Return one row: the bar is its background, which is painted faster than elements are."""
    mark = 'class="first" ' if digit == first else ""
    number = "" if share is None else f"<span>{escape(percent(share))}</span>"
    return f'<div {mark}style="--share: {share or 0:.3f}">{digit}{number}</div>'
