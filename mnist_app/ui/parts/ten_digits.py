"""Ten digits read: the chosen network's answers, and which strokes misled it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mnist_app.analysis import metrics, ten_digits
from mnist_app.analysis.ten_digits import Challenge, DrawnDigit, Piece
from mnist_app.classroom import drawings, rooms
from mnist_app.classroom.room import RoomError
from mnist_app.data.datasets import CLASSES
from mnist_app.data.strokes import draw_canvas, paint
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image, place_on_canvas
from mnist_app.inference import Pending, Refused
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import resources, session, visitor
from mnist_app.ui.drawing import SIDE
from mnist_app.ui.markup.numbers import percent
from mnist_app.ui.markup.ten_digits import ReadDigit, Share
from mnist_app.ui.parts import asking

READ, READ_AS, SKIPPED, UNREADABLE = "read", "read as {}", "skipped", "not read"


def read(challenge: Challenge) -> list[ReadDigit] | Pending | Refused:
    """Return what the chosen network reads in all drawings, in their order. Inside a fragment.

    It is asked once about all drawings, and once about the wrong ones without their strokes.
    """
    drawn = [one for one in challenge.drawn if one is not None]
    answers = _ask([one.image for one in drawn])
    if isinstance(answers, Pending | Refused):
        return answers
    rest = iter(answers)
    rows = [
        (asked, one, None if one is None else next(rest))
        for asked, one in zip(challenge.order, challenge.drawn, strict=True)
    ]
    shown = [_read(*row) for row in rows]
    pieces = [
        [] if one is None or digit.is_right else ten_digits.pieces(one.strokes)
        for digit, (_, one, _) in zip(shown, rows, strict=True)
    ]
    without = _ask([piece.without for some in pieces for piece in some])
    if isinstance(without, Pending | Refused):
        return without
    ends = np.cumsum([len(some) for some in pieces])[:-1]
    return [
        _with_misleading(digit, some, said, row[2])
        for digit, some, said, row in zip(shown, pieces, np.split(without, ends), rows, strict=True)
    ]


def shares(digits: Sequence[ReadDigit]) -> list[Share]:
    """Return how many were read right: of these digits, of the visitor's room's, of MNIST's."""
    drawn = [one for one in digits if one.is_drawn]
    card = resources.card(session.network())
    tested = card.evaluation.tests[card.tested_on]
    own = _counted("You", [one.is_right for one in drawn])
    return [*own, *_of_room(), _share(card.tested_on_title, tested.accuracy, tested.images)]


def _of_room() -> list[Share]:
    """Return how many of the digits in the visitor's own room were read; none without a room."""
    owner = visitor.owner()
    try:
        room = rooms.latest(owner)
        sent = [] if room is None else drawings.list_drawings(room, owner)
    except RoomError:
        return []
    asked = [one for one in sent if one.label in range(CLASSES) and not one.is_hidden]
    return _counted("The room", [not one.is_wrong for one in asked if one.reading is not None])


def _counted(title: str, are_right: Sequence[bool]) -> list[Share]:
    """Return the share of what is right; none of nothing."""
    return [_share(title, sum(are_right) / len(are_right), len(are_right))] if are_right else []


def _share(title: str, accuracy: float, digits: int) -> Share:
    return Share(title, accuracy, *metrics.wilson_interval(accuracy, digits), digits)


def _ask(images: Sequence[Image]) -> Array | Pending | Refused:
    """Return the chosen network's probabilities, float32 (n, 10)."""
    if not images:
        return np.empty((0, 10), np.float32)
    network = session.network()
    answers = asking.predictions(np.stack(images), [network])
    return answers if isinstance(answers, Pending | Refused) else answers[network]


def _read(asked: int, drawn: DrawnDigit | None, probabilities: Array | None) -> ReadDigit:
    if drawn is None or probabilities is None:
        return ReadDigit(asked, np.zeros((SIDE, SIDE), np.uint8), SKIPPED, False, is_drawn=False)
    drawing = draw_canvas(drawn.strokes) if drawn.strokes else place_on_canvas(drawn.image, SIDE)
    if drawn.problem:
        return ReadDigit(asked, drawing, UNREADABLE, is_right=False)
    answer = Prediction(probabilities, resources.card(session.network()).reject_below)
    is_right = answer.digit == asked
    said = READ if is_right else READ_AS.format(answer.digit)
    return ReadDigit(asked, drawing, said, is_right, sure=percent(answer.confidence, 0))


def _with_misleading(
    digit: ReadDigit, pieces: Sequence[Piece], without: Array, probabilities: Array | None
) -> ReadDigit:
    """Return a wrong digit with the stroke that misled the network, where one did.

    `without` is float32 (n, 10), what it says without each of the pieces.
    """
    if probabilities is None or not pieces:
        return digit
    before = float(probabilities[digit.asked])
    found = ten_digits.most_misleading(pieces, without[:, digit.asked], before)
    if found is None:
        return digit
    piece, share = found
    return replace(
        digit,
        misleading=paint([(piece.pen, piece.path)]),
        without=f"Without the orange part: {digit.asked}, {percent(share, 0)}.",
    )
