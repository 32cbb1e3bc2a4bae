"""What several networks read in the corrupted digit, side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mnist_app.imaging.convolution import Array
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.imaging.image_files import as_base64
from mnist_app.inference import Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import session
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup.predictions import PredictionView
from mnist_app.ui.parts import asking, corrupting, live_network


def ask(
    subject: Drawing, name: str, strength: float, cards: list[Card]
) -> Mapping[str, Array] | Pending | Refused:
    """Return what all networks read in the corrupted digit, and then in the digit as it is."""
    corrupted = CORRUPTIONS[name].apply(subject.image, strength)
    images = np.stack([corrupted, subject.image])
    return asking.predictions(images, [card.name for card in cards])


def views(
    answers: Mapping[str, Array] | Pending | Refused, cards: list[Card], version: str
) -> list[PredictionView]:
    """Return each network's answer, or the sentence that stands in its place."""
    if isinstance(answers, Pending | Refused):
        trouble = asking.why_not(answers)
        return [_view(card, None, version, trouble=trouble) for card in cards]
    digit = corrupting.read_by_most(answers[card.name][1].argmax() for card in cards)
    read = [Prediction(answers[card.name][0], card.reject_below) for card in cards]
    return [
        _view(card, answer, version, is_wrong=answer.is_digit and answer.digit != digit)
        for card, answer in zip(cards, read, strict=True)
    ]


def _view(card: Card, answer: Prediction | None, version: str, **more: Any) -> PredictionView:  # noqa: ANN401
    """Return a network's answer as it is shown; the browser answers in the same place."""
    title = registry.title(card.name)
    return PredictionView(title, None, answer, live=card.name, version=version, **more)


def answer_live(
    subject: Drawing,
    name: str,
    strength: float,
    cards: list[Card],
    answers: Mapping[str, Array] | Pending | Refused,
) -> None:
    """Let all networks answer in the browser while one draws and while the slider moves."""
    said = {} if isinstance(answers, Pending | Refused) else answers
    chosen_first = sorted(cards, key=lambda card: card.name != session.network())
    asked = [
        live_network.Asked(
            card.name, said[card.name][0] if card.name in said else None, network=card.name
        )
        for card in chosen_first
    ]
    example = {"example": as_base64(subject.image.tobytes())} if subject.is_example else {}
    live_network.show(subject, *asked, prepare=corrupting.prepare(name, strength) | example)
