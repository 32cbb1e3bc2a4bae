"""Tables and bars: every number in its place."""

import re

import numpy as np
import pytest

from mnist_app.ui.markup import bars, tables
from mnist_app.ui.markup.tables import Result


def test_loss_is_the_cross_entropy() -> None:
    one_hot = np.eye(10, dtype=np.float32)[3]
    probabilities = np.full(10, 0.05, np.float32)
    probabilities[3] = 0.55
    html = tables.one_hot_table(one_hot, probabilities)
    assert "Loss = −ln 0.55 = <strong>0.5978</strong>" in html
    row = '<tr class="first"><th>3</th><td>1</td><td>0.550</td><td>0.550</td></tr>'
    assert row in html
    assert '<tr class=""><th>4</th><td>0</td><td>0.050</td><td>0</td></tr>' in html
    certain = tables.one_hot_table(one_hot, one_hot)
    assert "0.9999… &lt; <strong>0.0001</strong>" in certain


def test_results_come_largest_error_first() -> None:
    html = tables.results_table(
        [
            Result(0.0021, "<A>", "2016", "B & C", "committee", "https://example.org/?a=1&b=2"),
            Result(0.2, "Worst", "1998", "D", "published"),
            Result(0.005, "Ours", "here", "5 parameters", "here"),
        ]
    )
    assert re.findall(r"<b>(.*?)</b>", html) == ["20.00%", "0.50%", "0.21%"]
    assert re.findall(r'<tr class="(\w+)">', html) == ["published", "here", "committee"]
    shares = [float(share) for share in re.findall(r"--share: ([\d.]+)", html)]
    assert shares == pytest.approx(
        [1, np.log(10) / np.log(400), np.log(4.2) / np.log(400)], abs=1e-3
    )
    assert '<a href="https://example.org/?a=1&amp;b=2">B &amp; C</a>' in html
    assert "&lt;A&gt;" in html


def test_bars_are_as_high_as_what_they_show() -> None:
    html = bars.bars([1, 4, 2], ["<a>", "b", "c"], ["0", "1", "2"], "How many")
    heights = [float(height) for height in re.findall(r"height:([\d.]+)rem", html)]
    assert heights == [2, 8, 4]
    assert 'aria-label="How many: 0: &lt;a&gt;, 1: b, 2: c"' in html
