"""What networks answer: a digit in large type, how sure they are, ten bars of probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import Image
from mnist_app.networks.prediction import Prediction
from mnist_app.ui.markup.fragments import joined
from mnist_app.ui.markup.numbers import percent
from mnist_app.ui.markup.pictures import img

WORDS = {
    "alone": ("{sure} sure", ""),
    "sure": ("{sure} sure", "Then {second}: {other}"),
    "unsure": ("Not sure: {first} or {second}", "{first}: {sure}, {second}: {other}"),
    "nothing": ("I don't recognize a digit here", "The nearest is {first}, at {sure}."),
}
"""A headline and a sentence for each way in which a network answers; the browser has them, too."""
SHOWN_FROM = 0.0005
"""The smallest share that is told as a number: 0.1%, rounded."""
# Filled in by %, once for all rows: this runs at every stroke, and format() takes twice as long.
_ROWS = Markup('<div class="%s" style="--share: %.3f">%d<span>%s</span></div>' * CLASSES)


@dataclass(frozen=True)
class PredictionView:
    """What a network answers to one of several versions of an image, or why it does not."""

    title: str
    image: Image | None
    """What the network sees, uint8 (28, 28), or None where it is shown elsewhere."""
    answer: Prediction | None
    trouble: str = ""
    """Why there is no answer."""
    live: str = ""
    """Whose answers in the browser take its place while the pen moves: the key of a network, see
    `parts.live_network`; empty for nobody's."""
    version: str = ""
    """Another text for each drawing. In the browser the element "live" changes this HTML while the
    pen moves; Streamlit replaces only what has become another."""
    is_wrong: bool = False
    """Whether it is known that another digit was drawn."""


def answer(
    image: Image,
    prediction: Prediction | None,
    words: Markup,
    caption: str = "",
    version: str = "",
) -> Markup:
    """Return the answer to a drawing as HTML whose height is the same for any.

    Args:
        image: What the network sees, uint8 (28, 28).
        prediction: What it answers; None where there is no answer.
        words: What `in_words` or `explanation` returns.
        caption: Where the drawing comes from, if not from the visitor's hand.
        version: Another text for each drawing, as in `PredictionView`.
    """
    return Markup(
        '<div class="lab-read lab-large"{}><div class="lab-answer">{}</div>'
        '<div class="lab-words">{}{}</div>{}{}</div>'
    ).format(
        _attributes(prediction, "trained", version),
        _digit(prediction, "Prediction"),
        words,
        Markup("<small>{}</small>").format(caption) if caption else "",
        probability_chart(None if prediction is None else prediction.probabilities),
        seen_image(image),
    )


def seen_image(image: Image) -> Markup:
    """Return what the network sees, uint8 (28, 28), enlarged and with its caption, as HTML."""
    return Markup('<figure class="lab-seen">{}<figcaption>{}</figcaption></figure>').format(
        img(image, "The drawing in 28 by 28 pixels, as the network sees it"),
        "What the network sees",
    )


def probability_chart(probabilities: NDArray[np.float32] | None) -> Markup:
    """Return ten bars as HTML, a row a digit, always of the same size; tiny shares have no number.

    Args:
        probabilities: Shape (10,), summing to 1; None gives empty bars.
    """
    fields: list[str | float] = []
    for digit in range(CLASSES):
        share = 0.0 if probabilities is None else float(probabilities[digit])
        is_first = probabilities is not None and digit == probabilities.argmax()
        number = percent(share) if share >= SHOWN_FROM else ""
        fields += ["first" if is_first else "", share, digit, number]
    return Markup('<div class="lab-chart" role="group" aria-label="Probabilities">{}</div>').format(
        _ROWS % tuple(fields)
    )


def predictions(shown: Sequence[PredictionView], charts: bool = True) -> Markup:
    """Return answers side by side as HTML, to be compared; `charts` adds all probabilities."""
    return Markup('<div class="lab-predictions">{}</div>').format(
        joined(_prediction(one, charts) for one in shown)
    )


def compact_predictions(shown: Sequence[PredictionView]) -> Markup:
    """Return answers side by side as HTML in little room, without all probabilities."""
    return Markup('<div class="lab-compact">{}</div>').format(predictions(shown, charts=False))


def in_words(answer: Prediction) -> Markup:
    """Return how sure an answer is and what came second, as HTML."""
    headline, sentence = WORDS[_kind(answer)]
    said = {
        "first": answer.digit,
        "second": answer.runner_up,
        "sure": percent(answer.confidence),
        "other": percent(answer.runner_up_confidence),
    }
    return explanation(headline.format(**said), sentence.format(**said))


def _kind(answer: Prediction) -> str:
    if not answer.is_digit:
        return "nothing"
    if not answer.is_sure:
        return "unsure"
    return "sure" if answer.runner_up_confidence >= SHOWN_FROM else "alone"


def explanation(headline: str, sentence: str) -> Markup:
    """Return a headline and a sentence, as HTML for the place where `in_words` would stand."""
    return Markup("<strong>{}</strong>{}").format(headline, sentence)


def _prediction(view: PredictionView, with_chart: bool) -> Markup:
    answer = view.answer
    chart = probability_chart(answer.probabilities if answer else None) if with_chart else ""
    return Markup(
        '<div class="lab-prediction lab-read{}"{}><div>{}</div><div class="lab-answer">{}{}</div>'
        '<div class="lab-words">{}</div>{}</div>'
    ).format(
        " lab-wrong" if view.is_wrong else "",
        _attributes(answer, view.live, view.version),
        view.title,
        "" if view.image is None else img(view.image, f"{view.title}: 28 by 28 pixels"),
        _digit(answer, f"Answer: {view.title}"),
        in_words(answer) if answer else view.trouble,
        chart,
    )


def _attributes(prediction: Prediction | None, live: str, version: str) -> Markup:
    """Return what says which digit stands there, and whose it is: the browser changes it."""
    return Markup(
        ' data-answer data-digit="{}" data-source="server" data-live="{}" data-version="{}"'
    ).format(
        prediction.digit if prediction is not None and prediction.is_digit else "", live, version
    )


def _digit(prediction: Prediction | None, label: str) -> Markup:
    """Return the digit in large type; a dash where there is none. `label` is read aloud first.

    Beside it is the place where the browser writes its own while the pen moves, which is not read.
    """
    is_digit = prediction is not None and prediction.is_digit
    return Markup(
        '<div class="{}" role="status" aria-label="{}">{}</div>'
        '<div class="lab-digit lab-live" aria-hidden="true"></div>'
    ).format(
        "lab-digit" if is_digit else "lab-digit lab-nothing",
        label,
        prediction.digit if prediction is not None and prediction.is_digit else "–",
    )
