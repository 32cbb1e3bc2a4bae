"""What a learner's answer is held against: what the networks do with the learner's own drawing."""

import numpy as np

from mnist_app.imaging import convolution
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.inference import Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.registry import DEFAULT_NETWORK
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup.numbers import percent, short_number
from mnist_app.ui.parts import asking, inside

MOVED, TURNED = 4, 60
"""Pixels and degrees."""
COMPARED = ("softmax", "mlp", "rnn", "cnn")


def sentence(check: str, drawing: Drawing) -> str:
    """Return what a check of `lessons.reading.CHECKS` finds in a drawing; "" for no check."""
    subject = inside.subject(drawing)
    whose = "the example" if subject.is_example else "your digit"
    match check:
        case "numbers":
            ink = np.count_nonzero(subject.image)
            return f"Of the 784 numbers of {whose}, {784 - ink} are 0 and {ink} are not."
        case "pooled":
            image = subject.image.astype(np.float32)
            pooled = convolution.share_unchanged_by_shift(image, 2, 2, "max")
            plain = convolution.share_unchanged_by_shift(image, 1, 1, "max")
            return (
                f"Move {whose} by one pixel: {percent(pooled)} of the pooled values stay the same, "
                f"and {percent(plain)} of the values without pooling."
            )
        case "moved":
            return _compared(drawing, "shift", MOVED, f"{MOVED} pixels to the right, {whose}")
        case "turned":
            return _compared(drawing, "turn", TURNED, f"By {TURNED} degrees to the left, {whose}")
        case "answer" | "loss":
            return _answer(drawing, whose, with_loss=check == "loss")
    return ""


def _answer(drawing: Drawing, whose: str, *, with_loss: bool) -> str:
    """Say what the usual network reads."""
    found = asking.predictions(inside.subject(drawing).image[None], [DEFAULT_NETWORK])
    if isinstance(found, Pending | Refused):
        return asking.why_not(found)
    said = found[DEFAULT_NETWORK][0]
    title, sure = registry.title(DEFAULT_NETWORK), float(said.max())
    if with_loss:
        loss = short_number(float(-np.log(sure)))
        return f"“{title}” gives {whose} {percent(sure)} for {said.argmax()}: a loss of {loss}."
    return f"“{title}” reads {whose} as {said.argmax()}, {percent(sure)} sure."


def _compared(drawing: Drawing, name: str, strength: float, where: str) -> str:
    """Say what several networks read in the corrupted digit."""
    image = CORRUPTIONS[name].apply(inside.subject(drawing).image, strength)
    found = asking.predictions(image[None], COMPARED)
    if isinstance(found, Pending | Refused):
        return asking.why_not(found)
    said = ", ".join(f"{found[one][0].argmax()} by “{registry.title(one)}”" for one in COMPARED)
    return f"{where} is read as {said}."
