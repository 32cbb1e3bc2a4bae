"""The words around a scene, as HTML."""

from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup

from mnist_app.ui.markup.fragments import joined

Verdict = Literal["open", "right", "wrong"]
"""How a scene's question was answered."""


def sentence(text: str, kind: str, step: int) -> Markup:
    """Return the one sentence on the stage.

    Args:
        text: The sentence.
        kind: What is shown, by which the style sheet gives room to canvas and element.
        step: Which step of the scene it is, from 0.
    """
    return Markup('<div class="lab-sentence" data-kind="{}" data-step="{}">{}</div>').format(
        kind, step, text
    )


def progress(share: float) -> Markup:
    """Return how far a lesson has come, 0 to 1, as a thin line."""
    return Markup(
        '<div class="lab-progress" role="progressbar" aria-valuemin="0" aria-valuemax="100"'
        ' aria-valuenow="{:.0f}" style="--share: {:.4f}"></div>'
    ).format(100 * share, share)


def answered(verdicts: Sequence[Verdict], here: int) -> Markup:
    """Return a mark for each scene of a lesson: how its question was answered, and where one is."""
    right = verdicts.count("right")
    return Markup(
        '<div class="lab-answered" role="img" aria-label="Scene {} of {}; {} questions are'
        ' answered right.">{}</div>'
    ).format(
        here + 1,
        len(verdicts),
        right,
        joined(
            Markup('<i class="{}{}"></i>').format(verdict, " here" if number == here else "")
            for number, verdict in enumerate(verdicts)
        ),
    )
