"""Arrays become pictures and charts, as HTML that stands in one message."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.image_files import data_uri, encode_png
from mnist_app.imaging.normalize import Image
from mnist_app.networks.prediction import Prediction

# Taken once by every page. The classes are ours alone; what the theme can do is left to it.
# The canvas takes a moment to appear and its toolbar floats above it: both places are held free.
# The margins of a wide page are narrower than Streamlit's, so that a network fits between them.
STYLE = """<style>
@media (min-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding-left: 3rem; padding-right: 3rem; }
}
[class*="st-key-canvas_"] { min-height: 280px; min-width: 280px; margin-top: 2.25rem; }
[data-testid="stLayoutWrapper"]:has(> .st-key-beginning) { display: none; }
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
.lab-predictions { display: flex; flex-wrap: wrap; gap: 1rem 2rem; }
.lab-prediction { flex: 1 1 13rem; max-width: 24rem; min-width: 0; }
.lab-prediction > div:first-child { font-weight: 600; font-size: 1.15rem; min-height: 1.6em; }
.lab-prediction .lab-answer { gap: 1rem; flex-wrap: nowrap; min-height: 112px; margin: 0.3rem 0; }
.lab-prediction .lab-digit { font-size: 5.5rem; min-width: 4.5rem; }
.lab-prediction img { image-rendering: pixelated; width: 112px; height: 112px; display: block;
  border: 1px solid #7d8aa0; }
.lab-prediction .lab-words { min-height: 4.4rem; margin: 0; font-size: 1rem; }
.lab-prediction .lab-words strong { font-size: 1.25rem; }
.lab-prediction .lab-chart { font-size: 1rem; margin-top: 0; }
.lab-row { display: flex; flex-wrap: wrap; gap: 1rem 1.25rem; align-items: flex-end; }
.lab-way { gap: 1rem 0.5rem; }
.lab-panel { margin: 0; }
.lab-panel figcaption { line-height: 1.3; margin-bottom: 0.35rem; }
.lab-panel small { display: block; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.lab-panel img { image-rendering: pixelated; display: block; border: 1px solid #7d8aa0;
  max-width: none; border-radius: 0; }
.lab-between { font-size: 1.5rem; align-self: center; padding-top: 2.5rem; }
.lab-legend { max-width: 26rem; margin-top: 0.75rem; font-variant-numeric: tabular-nums; }
.lab-bar { height: 0.8rem; border: 1px solid #7d8aa0; margin-top: 0.25rem; }
.lab-ticks { display: flex; justify-content: space-between; font-size: 0.95rem; }
.lab-wide { overflow-x: auto; }
.lab-numbers { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.75rem;
  line-height: 1.55; background: #000; color: #aab4c4; }
.lab-numbers td { min-width: 1.85rem; padding: 0 1px; text-align: center; border: 0; }
.lab-one-hot { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 1rem; }
.lab-one-hot td, .lab-one-hot th { padding: 0.2rem 1.1rem 0.2rem 0; text-align: right; border: 0;
  border-bottom: 1px solid rgba(125, 138, 160, 0.4); white-space: nowrap; }
.lab-one-hot th { font-weight: 600; }
.lab-one-hot .first { background: rgba(47, 111, 219, 0.22); font-weight: 700; }
.lab-board { --room: 9rem; border-collapse: collapse; font-variant-numeric: tabular-nums;
  width: 100%; }
.lab-board td, .lab-board th { padding: 0.3rem 0.9rem 0.3rem 0; text-align: left; border: 0;
  border-bottom: 1px solid rgba(125, 138, 160, 0.4); vertical-align: middle; }
.lab-board a { color: inherit; }
.lab-board td:first-child { white-space: nowrap; }
.lab-board td b { display: inline-block; width: 4.5rem; text-align: right; margin-right: 0.75rem; }
.lab-board i { display: inline-block; width: calc(var(--share) * var(--room)); height: 0.9rem;
  background: #7d8aa0; vertical-align: -1px; }
.lab-board td:last-child { min-width: 15rem; }
.lab-board .committee i { background: repeating-linear-gradient(90deg, #7d8aa0 0 4px,
  transparent 4px 6px); }
.lab-board .here { font-weight: 600; background: rgba(47, 111, 219, 0.13); }
.lab-board .here i { background: #2f6fdb; }
.lab-compact .lab-predictions { gap: 0.75rem 1.5rem; }
.lab-compact .lab-prediction { flex: 1 1 7rem; max-width: 10rem; }
.lab-compact .lab-prediction .lab-answer { min-height: 0; }
.lab-compact .lab-prediction .lab-digit { font-size: 3.5rem; min-width: 2.5rem; text-align: left; }
.lab-compact .lab-prediction .lab-words { font-size: 0.9rem; min-height: 3.4rem; }
.lab-compact .lab-prediction .lab-words strong { font-size: 1.05rem; }
.lab-tight .lab-row { gap: 0.5rem; }
.lab-loss { font-size: 1.25rem; margin-top: 0.75rem; }
.lab-histogram { display: flex; align-items: flex-end; gap: 0.3rem; max-width: 46rem;
  font-size: 0.9rem; font-variant-numeric: tabular-nums; margin-top: 0.5rem; }
.lab-histogram div { flex: 1; text-align: center; min-width: 0; }
.lab-histogram i { display: block; background: #2f6fdb; }
.lab-title { font-size: 1.05rem; min-height: 1.6em; margin-top: 0.75rem; }
.lab-asked { width: 56px; height: 56px; image-rendering: pixelated; display: block;
  border: 1px solid #7d8aa0; border-radius: 0; margin: 0.25rem 0 0.5rem; }
.lab-charts { display: flex; flex-wrap: wrap; gap: 1rem 2rem; margin-bottom: 1rem; }
.lab-watched { flex: 1 1 24rem; max-width: 46rem; min-width: 0; }
.lab-opinions { display: flex; height: 15rem; }
.lab-opinion-picture { flex: 1; min-width: 0; }
.lab-opinion-picture img { width: 100%; height: 100%; image-rendering: pixelated; display: block;
  max-width: none; border-radius: 0; }
.lab-opinion-names { display: flex; flex-direction: column; width: 6.5rem; padding-left: 0.5rem;
  font-variant-numeric: tabular-nums; }
.lab-opinion-names div { flex: 1; display: flex; justify-content: space-between;
  align-items: center; line-height: 1; }
.lab-opinion-names .first { font-weight: 700; }
@media (max-width: 30rem) {
  .st-key-controls { min-height: 6rem; }
  .lab-histogram { font-size: 0.7rem; gap: 0.1rem; }
  .lab-row { gap: 0.75rem; }
  .lab-panel { max-width: 43vw; }
  .lab-panel img { max-width: 100%; height: auto; }
  .lab-between { font-size: 1.25rem; }
}
@media (max-width: 640px) {
  .lab-board { --room: 4.5rem; }
  .lab-answer { gap: 0.5rem 1.5rem; }
  .lab-digit { font-size: 7rem; min-width: 6rem; }
  .lab-seen img { width: 112px; height: 112px; }
}
</style>"""


NO_DIGIT = "I don't recognize a digit here"


def percent(share: float) -> str:
    """Return a share of 0 to 1 in words that claim no more than is known: never "100%"."""
    if share >= 0.9995:
        return "> 99.9%"
    if share < 0.0005:
        return "< 0.1%"
    return f"{100 * share:.1f}%"


def exactly(share: float) -> str:
    """Return a counted share of 0 to 1 in words: unlike `percent`, none is 0% and all 100%."""
    return f"{100 * share:.0f}%" if share in (0.0, 1.0) else percent(share)


def duration(seconds: float) -> str:
    """Return a time for people: "12 s", "3 min", "1.8 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


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


@dataclass(frozen=True)
class PredictionView:
    """What a network answers to one of several versions of an image, or why it does not."""

    title: str
    image: Image | None
    """What the network sees, uint8 (28, 28), or None where it is shown elsewhere."""
    answer: Prediction | None
    trouble: str = ""
    """Why there is no answer."""


def predictions(shown: Sequence[PredictionView], charts: bool = True) -> str:
    """Return answers side by side as HTML, to be compared; `charts` adds all probabilities."""
    return f'<div class="lab-predictions">{"".join(_verdict(one, charts) for one in shown)}</div>'


def _verdict(prediction_view: PredictionView, with_chart: bool) -> str:
    answer, trouble = prediction_view.answer, prediction_view.trouble
    picture = ""
    if prediction_view.image is not None:
        source = data_uri(encode_png(prediction_view.image))
        picture = f'<img src="{source}" alt="{escape(prediction_view.title)}: 28 by 28 pixels">'
    digit = str(answer.digit) if answer and answer.is_digit else "–"
    style = "" if answer and answer.is_digit else " lab-nothing"
    label = f"Answer: {escape(prediction_view.title)}"
    chart = probability_chart(answer.probabilities if answer else None) if with_chart else ""
    return (
        f'<div class="lab-prediction"><div>{escape(prediction_view.title)}</div><div class="lab-answer">'
        f'{picture}<div class="lab-digit{style}" role="status" aria-label="{label}">{digit}</div>'
        f'</div><div class="lab-words">{in_words(answer) if answer else escape(trouble)}</div>'
        f"{chart}</div>"
    )


def in_words(answer: Prediction) -> str:
    """Return how sure an answer is and what came second, as HTML."""
    headline = f"{percent(answer.confidence)} sure"
    sentence = f"Then {answer.runner_up}: {percent(answer.runner_up_confidence)}"
    if not answer.is_digit:
        headline = NO_DIGIT
        sentence = f"The nearest is {answer.digit}, at {percent(answer.confidence)}."
    elif not answer.is_sure:
        headline = f"Not sure: {percent(answer.confidence)}"
    return f"<strong>{escape(headline)}</strong>{escape(sentence)}"


def one_hot_table(one_hot: NDArray[np.float32], probabilities: NDArray[np.float32]) -> str:
    """Return a label beside a network's answer, both of shape (10,), and their loss, as HTML.

    The loss is the cross-entropy: minus the sum of one_hot * ln(probabilities).
    """
    label = int(one_hot.argmax())
    product = float(one_hot @ probabilities)
    loss = -math.log(max(product, 1e-30))
    head = "".join(f"<th>{title}</th>" for title in ("Digit", "Label", "Answer", "Product"))
    rows = "".join(
        f'<tr class="{"first" if digit == label else ""}"><th>{digit}</th><td>{one_hot[digit]:.0f}'
        f"</td><td>{_three_places(float(probabilities[digit]))}</td>"
        f"<td>{_three_places(float(one_hot[digit] * probabilities[digit]))}</td></tr>"
        for digit in range(CLASSES)
    )
    words = "Loss = −ln 0.9999… < <strong>0.0001</strong>"
    if loss >= 0.0001:
        words = f"Loss = −ln {product:.4g} = <strong>{loss:.4f}</strong>"
    return (
        f'<table class="lab-one-hot" aria-label="Label and answer"><tr>{head}</tr>{rows}</table>'
        f'<p class="lab-loss">{words}</p>'
    )


def _three_places(share: float) -> str:
    """Return 0.998 as it is, and what would be 0.000 or 1.000 without being it as a bound."""
    if 0 < share < 0.0005:
        return "<.001"
    if 0.9995 <= share < 1:
        return ">.999"
    return f"{share:.3f}" if 0 < share < 1 else f"{share:.0f}"


def numbers(image: Image, form: str = "d") -> str:
    """Return an image's values, uint8 (rows, columns), as a table on their own grays, in HTML.

    `form` is Python's format of a value: "d" for decimal, "02x" for a byte in hexadecimal.
    """
    lines = "".join(
        f"<tr>{''.join(_number_cell(int(value), form) for value in line)}</tr>" for line in image
    )
    return (
        '<div class="lab-wide"><table class="lab-numbers" aria-label="The image as numbers">'
        f"{lines}</table></div>"
    )


def _number_cell(value: int, form: str) -> str:
    if value == 0:
        return f"<td>{value:{form}}</td>"
    text = "000" if value > 110 else "fff"
    return f'<td style="background:rgb({value},{value},{value});color:#{text}">{value:{form}}</td>'


def bars(heights: Sequence[float], above: Sequence[str], below: Sequence[str], label: str) -> str:
    """Return upright bars as HTML with a text above and below each; `label` says what they are."""
    said = f"{label}: " + ", ".join(
        f"{foot}: {top}" for top, foot in zip(above, below, strict=True)
    )
    most = max([*heights, 1e-9])
    shown = "".join(
        f'<div>{escape(top)}<i style="height:{8 * height / most:.2f}rem"></i>{escape(foot)}</div>'
        for height, top, foot in zip(heights, above, below, strict=True)
    )
    return f'<div class="lab-histogram" role="img" aria-label="{escape(said)}">{shown}</div>'


def histogram(image: Image, bins: int = 8) -> str:
    """Return how often values occur in an image, uint8, as bars in HTML; 0 is left out.

    Black would dwarf all the others: say its number beside.
    """
    edges = np.linspace(0, 256, bins + 1).astype(int)
    edges[0] = 1
    counts, _ = np.histogram(image, edges)
    below = [f"{low}–{high - 1}" for low, high in itertools.pairwise(edges)]
    return bars(counts.tolist(), [str(n) for n in counts], below, "Number of pixels, by value")


def _chart_row(digit: int, share: float | None, first: int | None) -> str:
    """Return one row: the bar is its background, which is painted faster than elements are."""
    mark = 'class="first" ' if digit == first else ""
    number = "" if share is None else f"<span>{escape(percent(share))}</span>"
    return f'<div {mark}style="--share: {share or 0:.3f}">{digit}{number}</div>'
