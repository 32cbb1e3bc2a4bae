"""Curves over the images a network has seen, as SVG that stands in one message."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.colormap import Scale
from mnist_app.imaging.image_files import data_uri, encode_png
from mnist_app.ui.markup.figures import percent

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 34, 12, 44
# Blue and orange first: color-blind people tell them apart, too. No chart has more curves.
COLORS = ("#2f6fdb", "#e07b00", "#7d8aa0", "#b0348f", "#1f9e77", "#8a6d1d", "#c0392b")
# Curves of so few points show them.
FEW_POINTS = 15
OPINION_COLUMNS = 160


@dataclass(frozen=True)
class Line:
    """One curve of a chart."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: str
    is_dashed: bool = False


@dataclass(frozen=True)
class Axis:
    """What is drawn along one side."""

    low: float
    high: float
    title: str = ""
    is_percent: bool = False


def lines(
    title: str,
    shown: Sequence[Line],
    across: Axis,
    up: Axis,
    marks: Sequence[float] = (),
    at: float | None = None,
    has_values: bool = True,
) -> str:
    """Return a chart with a legend as HTML; `marks` are upright lines, where a rate was changed.

    The legend says each curve's last value, or the one `at` a place, which is marked, too, or
    without `has_values` its name alone. Its size is the same for whatever it shows.
    """
    if at is not None:
        marks = [*marks, at]
    grid = "".join(_grid_line(value, up) for value in ticks(up.low, up.high))
    feet = "".join(_foot(value, across) for value in ticks(across.low, across.high))
    curves = "".join(_curve(line, across, up) for line in shown)
    upright = "".join(_mark(value, across) for value in marks)
    said = [_said(line, up, at) if has_values else "" for line in shown]
    names = [f"{line.name} {value}".strip() for line, value in zip(shown, said, strict=True)]
    label = f"{title}: {', '.join(names)}"
    return (
        f'<figure class="lab-lines"><figcaption><strong>{escape(title)}</strong>'
        f"{''.join(map(_key, shown, said))}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{grid}{feet}{upright}{curves}"
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">'
        f"{escape(across.title)}</text></svg></figure>"
    )


def opinions(seen: Sequence[tuple[int, Sequence[float]]], most: float) -> str:
    """Return ten probabilities over the images seen, a row a digit, as HTML.

    `seen` has the images seen and shares of 0 to 1; `most` is where the time ends.
    """
    shares = np.zeros((CLASSES, OPINION_COLUMNS))
    columns = [int(images / most * (OPINION_COLUMNS - 1)) for images, _ in seen]
    for column, (_, probabilities) in zip(columns, seen, strict=True):
        shares[:, column:] = np.asarray(probabilities)[:, np.newaxis]
    end = int(seen[-1][0] / most * OPINION_COLUMNS) if seen else 0
    picture = Scale("viridis", 0, 1).paint(shares)
    picture[:, end + 1 :] = picture[:, : min(columns, default=0)] = 128
    source = data_uri(encode_png(picture))
    last = seen[-1][1] if seen else [0.0] * CLASSES
    best = int(np.argmax(last))
    shown = [percent(share) if seen else "–" for share in last]
    rows = "".join(
        f'<div class="{"first" if digit == best and seen else ""}">'
        f"<span>{digit}</span><span>{escape(share)}</span></div>"
        for digit, share in enumerate(shown)
    )
    words = f"{best} at {percent(last[best])}" if seen else "nothing yet"
    return (
        '<div class="lab-opinions"><div class="lab-opinion-picture">'
        f'<img src="{source}" alt="Probabilities of your digit while it learns, now '
        f'{escape(words)}"></div>'
        f'<div class="lab-opinion-names">{rows}</div></div>'
    )


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return about so many round numbers from `low` to `high`: steps of 1, 2 or 5 times 10^n."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _x(value: float, across: Axis) -> float:
    share = (value - across.low) / (across.high - across.low)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, up: Axis) -> float:
    share = (min(max(value, up.low), up.high) - up.low) / (up.high - up.low)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _grid_line(value: float, up: Axis) -> str:
    y = _y(value, up)
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 8}" y="{y + 5:.1f}" text-anchor="end">{_short(value, up)}</text>'
    )


def _foot(value: float, across: Axis) -> str:
    x = _x(value, across)
    return (
        f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 19}" text-anchor="middle">'
        f"{_short(value, across)}</text>"
    )


def _mark(value: float, across: Axis) -> str:
    x = _x(value, across)
    return f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'


def _curve(line: Line, across: Axis, up: Axis) -> str:
    places = [f"{_x(x, across):.1f},{_y(y, up):.1f}" for x, y in zip(line.x, line.y, strict=True)]
    dashes = ' stroke-dasharray="7 5"' if line.is_dashed else ""
    style = f'fill="none" stroke="{line.color}" stroke-width="3"{dashes}'
    curve = f'<polyline points="{" ".join(places)}" {style} stroke-linejoin="round"/>'
    return curve + (_points(places, line.color) if len(places) <= FEW_POINTS else "")


def _points(places: Sequence[str], color: str) -> str:
    centers = [place.split(",") for place in places]
    return "".join(f'<circle cx="{x}" cy="{y}" r="4" fill="{color}"/>' for x, y in centers)


def _key(line: Line, value: str) -> str:
    style = "dashed" if line.is_dashed else "solid"
    return (
        f'<span><i style="border-top: 4px {style} {line.color}"></i>{escape(line.name)} '
        f"<b>{value}</b></span>"
    )


def _said(line: Line, up: Axis, at: float | None) -> str:
    if not line.y:
        return "–"
    value = line.y[-1] if at is None else float(np.interp(at, line.x, line.y))
    return f"{100 * value:.1f}%" if up.is_percent else f"{value:.3f}"


def _short(value: float, axis: Axis) -> str:
    if axis.is_percent:
        return f"{100 * value:.3g}%"
    if value and abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) < 1e7 else f"{value:.0e}"
    return f"{value:.4g}"
