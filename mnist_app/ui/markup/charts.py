"""Curves over one number, such as the images that a network has seen, as SVG in one message."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from mnist_app.ui.markup.fragments import joined
from mnist_app.ui.markup.numbers import count, exact_percent

WIDTH, HEIGHT = 520, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 34, 12, 44
# Curves of so few points show them.
FEW_POINTS = 15


@dataclass(frozen=True)
class Line:
    """One curve of a chart."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    """As many as `x`."""
    color: str
    """As CSS writes it; see `colormap.SERIES`."""
    is_dashed: bool = False


@dataclass(frozen=True)
class Axis:
    """What is drawn along one side."""

    low: float
    high: float
    title: str = ""
    is_percent: bool = False
    """Whether the values are shares, which are shown in percent."""


def lines(
    title: str,
    shown: Sequence[Line],
    across: Axis,
    up: Axis,
    at: float | None = None,
    has_values: bool = True,
) -> Markup:
    """Return a chart with a legend as HTML. Its size is the same for whatever it shows.

    The legend says each curve's last value, or the one `at` a place, which is marked, too.

    Args:
        title: What the chart shows.
        shown: The curves; values beyond the axis `up` are drawn at its end.
        across: The axis below.
        up: The axis on the left.
        at: Where on the axis below the curves are read; None reads them at their ends. In the
            browser a slider moves this place, see `components/chart`.
        has_values: Whether the legend says values at all, or names alone.
    """
    values = [_read(line, up, at) if has_values else "" for line in shown]
    names = [f"{line.name} {value}".strip() for line, value in zip(shown, values, strict=True)]
    return Markup(
        '<figure class="lab-lines"><figcaption><strong>{title}</strong>{keys}</figcaption>'
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}"{axes}>{drawn}'
        '<text x="{right}" y="{bottom}" text-anchor="end">{axis}</text></svg></figure>'
    ).format(
        title=title,
        keys=joined(map(_key, shown, values)),
        width=WIDTH,
        height=HEIGHT,
        label=f"{title}: {', '.join(names)}",
        axes="" if at is None else _axes(across, up),
        drawn=_drawn(shown, across, up) + ("" if at is None else _mark(at, across)),
        right=WIDTH - RIGHT,
        bottom=HEIGHT - 4,
        axis=across.title,
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


def _drawn(shown: Sequence[Line], across: Axis, up: Axis) -> Markup:
    """Return what lies in the frame: the grid first, the curves over all else."""
    parts = [_grid_line(value, up) for value in ticks(up.low, up.high)]
    parts += [_foot(value, across) for value in ticks(across.low, across.high)]
    parts += [_curve(line, across, up) for line in shown]
    return joined(parts)


def _x(value: float, across: Axis) -> float:
    share = (value - across.low) / (across.high - across.low)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, up: Axis) -> float:
    share = (min(max(value, up.low), up.high) - up.low) / (up.high - up.low)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _grid_line(value: float, up: Axis) -> Markup:
    y = _y(value, up)
    return Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
        '<text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    ).format(LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 5, _tick_label(value, up))


def _foot(value: float, across: Axis) -> Markup:
    return Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
        _x(value, across), HEIGHT - BOTTOM + 19, _tick_label(value, across)
    )


def _mark(value: float, across: Axis) -> Markup:
    """Return the upright line where curves are read."""
    x = _x(value, across)
    return Markup('<line class="mark at" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
        x, x, TOP, HEIGHT - BOTTOM
    )


def _axes(across: Axis, up: Axis) -> Markup:
    """Return where the axes' ends lie, for the browser: it moves the place that is read."""
    return Markup(' data-across="{} {} {} {}" data-up="{} {} {} {}"').format(
        *(across.low, across.high, LEFT, WIDTH - RIGHT),
        *(up.low, up.high, HEIGHT - BOTTOM, TOP),
    )


def _curve(line: Line, across: Axis, up: Axis) -> Markup:
    places = [(_x(x, across), _y(y, up)) for x, y in zip(line.x, line.y, strict=True)]
    curve = Markup(
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="3"{} stroke-linejoin="round"/>'
    ).format(
        " ".join(f"{x:.1f},{y:.2f}" for x, y in places),
        line.color,
        Markup(' stroke-dasharray="7 5"') if line.is_dashed else "",
    )
    return curve + (_points(places, line.color) if len(places) <= FEW_POINTS else "")


def _points(places: Sequence[tuple[float, float]], color: str) -> Markup:
    """Return a dot at each place: lines without a length, whose round ends are the dots."""
    dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)
    return Markup(
        '<path class="dots" d="{}" stroke="{}" stroke-width="8" stroke-linecap="round"/>'
    ).format(dots, color)


def _key(line: Line, value: str) -> Markup:
    style = f"border-top: 4px {'dashed' if line.is_dashed else 'solid'} {line.color}"
    return Markup('<span><i style="{}"></i>{} <b>{}</b></span>').format(style, line.name, value)


def _read(line: Line, up: Axis, at: float | None) -> str:
    if not line.y:
        return "–"
    value = line.y[-1] if at is None else float(np.interp(at, line.x, line.y))
    return exact_percent(value) if up.is_percent else f"{value:.3f}"


def _tick_label(value: float, axis: Axis) -> str:
    if axis.is_percent:
        return f"{100 * value:.3g}%"
    if value and abs(value) >= 1000:
        return count(round(value)) if abs(value) < 1e7 else f"{value:.0e}"
    return f"{value:.4g}"
