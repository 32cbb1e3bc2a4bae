"""Charts and traces: points where the values are, text that is no HTML."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from mnist_app.imaging.colormap import SERIES
from mnist_app.ui.markup import charts, style
from mnist_app.ui.markup.charts import Axis, Line

ACROSS, UP = Axis(0, 1000, "images <seen>"), Axis(0, 1, is_percent=True)


def points(html: str) -> list[np.ndarray]:
    found = re.findall(r'<polyline points="(.*?)"', html)
    return [np.array([place.split(",") for place in one.split()], float) for one in found]


def test_points_lie_where_their_values_are() -> None:
    line = Line("a", [0, 500, 1000], [0, 0.5, 1.5], SERIES[0])
    (places,) = points(charts.lines("T", [line], ACROSS, UP))
    left, right = charts.LEFT, charts.WIDTH - charts.RIGHT
    bottom, top = charts.HEIGHT - charts.BOTTOM, charts.TOP
    middle = [(left + right) / 2, (bottom + top) / 2]
    np.testing.assert_allclose(places, [[left, bottom], middle, [right, top]], atol=0.051)


def test_legend_says_the_last_value_or_the_one_at_a_place() -> None:
    lines = [
        Line("a", [0, 1000], [0.2, 0.9], SERIES[0]),
        Line("<b>", [0, 1000], [1, 1], SERIES[1], is_dashed=True),
        Line("none", [], [], SERIES[2]),
    ]
    html = charts.lines("T & U", lines, ACROSS, UP)
    assert re.findall(r"<b>(.*?)</b>", html) == ["90.0%", "100%", "–"]
    assert 'aria-label="T &amp; U: a 90.0%, &lt;b&gt; 100%, none –"' in html
    assert html.count("stroke-dasharray") == 1
    assert "images &lt;seen&gt;</text>" in html
    halfway = charts.lines("T", lines[:1], ACROSS, UP, at=500)
    assert "<b>55.0%</b>" in halfway
    assert halfway.count('class="mark at"') == 1
    assert "%</b>" not in charts.lines("T", lines, ACROSS, UP, has_values=False)


def test_chart_is_well_formed_however_its_lines_are_called() -> None:
    lines = [Line('"><script>', [0, 1], [0, 1], SERIES[0])]
    html = charts.lines("<T>", lines, ACROSS, Axis(0, 4), at=100)
    tree = ElementTree.fromstring(html.replace("&#34;", "&quot;"))
    assert not list(tree.iter("script"))
    assert [one.get("d", "").count("M") for one in tree.iter("path")] == [2]
    assert [one.get("class") for one in tree.iter("line")].count("mark at") == 1


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 60_000, [0, 20_000, 40_000, 60_000]),
        (-8, 8, [-5, 0, 5]),
        (3, 3, [3]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert charts.ticks(low, high) == pytest.approx(expected)


def test_style_sheet_is_one_style_element_with_every_accent() -> None:
    assert style.SHEET.count("<style>") == style.SHEET.count("</style>") == 1
    assert style.SHEET.startswith("<style>")
    assert f"--lab-blue: {SERIES[0]};" in style.SHEET
    assert f"--lab-gray: {SERIES[2]};" in style.SHEET
