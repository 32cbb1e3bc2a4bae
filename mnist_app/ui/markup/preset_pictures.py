"""A small picture for each preset of a training, as SVG: what its lesson looks like."""

import itertools
from collections.abc import Callable, Sequence

from markupsafe import Markup

from mnist_app.ui.markup.fragments import joined

WIDTH, HEIGHT = 192, 80
# A stroke for each digit, in a box of 20 by 28.
_DIGITS = (
    "M10 2C4 2 2 8 2 14S4 26 10 26 18 20 18 14 16 2 10 2Z",
    "M5 8 11 2V26",
    "M3 8C4 3 8 2 10 2 15 2 17 5 17 9 17 14 8 19 3 26H18",
    "M3 5C6 2 8 2 10 2 14 2 16 5 16 8 16 12 12 13 9 13 14 13 17 16 17 20 17 24 13 26 9 26 6 26 4 "
    "25 2 23",
    "M12 2 2 18H18M14 10V26",
    "M16 2H5L4 12C6 11 8 10 10 10 15 10 17 14 17 18 17 23 13 26 9 26 6 26 4 25 2 23",
    "M14 2C7 5 3 12 3 18 3 23 6 26 10 26 15 26 17 22 17 19 17 15 14 12 10 12 6 12 4 15 3 18",
    "M2 2H18C13 9 10 17 8 26",
    "M10 13C5 12 4 9 4 7 4 4 6 2 10 2S16 4 16 7 15 12 10 13C4 14 3 18 3 20 3 23 6 26 10 26S17 23 "
    "17 20 16 14 10 13Z",
    "M17 10C16 14 13 16 10 16 6 16 3 13 3 9 3 5 6 2 10 2S17 5 17 10C17 16 14 22 9 26",
)
_BLUE, _ORANGE, _GRAY, _WHITE = "#6aa3ff", "#ff9b2e", "#7d8aa0", "#ffffff"


def picture(preset: str) -> Markup:
    """Return the picture of a preset by its name, to lie on a dark panel."""
    return Markup('<svg viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(
        WIDTH, HEIGHT, _DRAWN[preset]()
    )


def _quick() -> Markup:
    """Accuracy from guessing to certain."""
    curve = "M12 68C30 66 34 20 58 15S120 11 176 10"
    return _axes() + _line(curve, _BLUE) + _dot(176, 10, _BLUE)


def _best() -> Markup:
    """The same digit in many hands."""
    changes = (
        "translate(14 26)",
        "translate(54 22) rotate(12)",
        "translate(92 26) skewX(-14)",
        "translate(122 30) rotate(-14) scale(1.05 .9)",
        "translate(156 24) skewX(8)",
    )
    widths = (3.0, 5.0, 2.0, 3.5, 6.0)
    return joined(
        _digit(3, change, _WHITE, width) for change, width in zip(changes, widths, strict=True)
    )


def _overfit() -> Markup:
    """Training loss falls for ever, validation loss does not."""
    training = "M12 12C30 54 50 64 90 67S150 69 178 69"
    validation = "M12 12C28 44 44 52 62 52S120 40 178 16"
    return _axes() + _line(training, _BLUE) + _line(validation, _ORANGE)


def _high_rate() -> Markup:
    """Steps that climb out of the valley."""
    valley = "M20 8C56 88 136 88 172 8"
    places = ((84, 66), (120, 61), (66, 56), (140, 44), (42, 40), (158, 26), (28, 20))
    steps = "M" + "L".join(f"{x} {y}" for x, y in places)
    return (
        _line(valley, _GRAY)
        + _line(steps, _ORANGE, 1.5)
        + joined(_dot(x, y, _ORANGE) for x, y in places)
    )


def _dense() -> Markup:
    """Every unit joined to every unit."""
    layers = [
        [(x, 40 + 14 * (place - (count - 1) / 2)) for place in range(count)]
        for x, count in ((30, 5), (96, 5), (162, 4))
    ]
    lines = joined(
        _line(f"M{a} {b}L{c} {d}", _GRAY, 0.8)
        for left, right in itertools.pairwise(layers)
        for a, b in left
        for c, d in right
    )
    return lines + joined(_dot(x, y, _BLUE) for layer in layers for x, y in layer)


def _label_noise() -> Markup:
    """Five digits and their labels; one is wrong."""
    return joined(
        _digit(digit, f"translate({left} 10)", _WHITE)
        + _text(left + 10, 68, label, _GRAY if str(digit) == label else _ORANGE)
        for left, digit, label in _apart((3, 0, 4, 7, 2), ("3", "0", "9", "7", "2"))
    )


def _ten_images() -> Markup:
    """A few of each digit and no more."""
    hands = ("scale(.55)", "scale(.55) skewX(-12)", "scale(.5 .6) skewX(8)")
    return joined(
        _digit(digit, f"translate({10 + 18 * digit} {8 + 23 * row}) {hand}", _WHITE)
        for row, hand in enumerate(hands)
        for digit in range(10)
    )


def _apart(digits: Sequence[int], labels: Sequence[str]) -> list[tuple[int, int, str]]:
    return [
        (14 + 36 * place, digit, label)
        for place, (digit, label) in enumerate(zip(digits, labels, strict=True))
    ]


def _axes() -> Markup:
    return _line("M8 4V74H186", _GRAY, 1)


def _line(path: str, color: str, width: float = 3) -> Markup:
    return Markup('<path d="{}" fill="none" stroke="{}" stroke-width="{}" {}/>').format(
        path, color, width, Markup('stroke-linecap="round" stroke-linejoin="round"')
    )


def _digit(digit: int, change: str, color: str, width: float = 3.5) -> Markup:
    return Markup('<g transform="{}">{}</g>').format(change, _line(_DIGITS[digit], color, width))


def _dot(x: float, y: float, color: str) -> Markup:
    return Markup('<circle cx="{}" cy="{}" r="3.5" fill="{}"/>').format(x, y, color)


def _text(x: float, y: float, text: str, color: str) -> Markup:
    return Markup(
        '<text x="{}" y="{}" fill="{}" font-size="18" font-weight="600" text-anchor="middle">{}'
        "</text>"
    ).format(x, y, color, text)


_DRAWN: dict[str, Callable[[], Markup]] = {
    "quick": _quick,
    "best": _best,
    "overfit": _overfit,
    "label-noise": _label_noise,
    "ten-images": _ten_images,
    "high-rate": _high_rate,
    "dense": _dense,
}
