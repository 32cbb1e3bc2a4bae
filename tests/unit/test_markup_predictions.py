"""Answers in HTML: what they say, and that nothing in them is taken for HTML that is not."""

import re

import numpy as np
from markupsafe import Markup

from mnist_app.networks.prediction import Prediction
from mnist_app.ui.markup import predictions
from mnist_app.ui.markup.predictions import PredictionView

IMAGE = np.zeros((28, 28), np.uint8)
SURE = np.array([0.01, 0.97, 0.02, 0, 0, 0, 0, 0, 0, 0], np.float32)


def test_chart_has_a_row_a_digit_with_its_share() -> None:
    html = predictions.probability_chart(SURE)
    rows = re.findall(
        r'<div class="([a-z]*)" style="--share: (.*?)">(\d)<span>(.*?)</span></div>', html
    )
    assert [int(digit) for _, _, digit, _ in rows] == list(range(10))
    np.testing.assert_allclose([float(share) for _, share, _, _ in rows], SURE, atol=6e-4)
    assert [first for first, _, _, _ in rows] == ["", "first", *[""] * 8]
    assert [text for _, _, _, text in rows][:4] == ["1.0%", "97.0%", "2.0%", ""]
    empty = predictions.probability_chart(None)
    assert empty.count('class="" style="--share: 0.000"') == 10
    assert "%" not in empty


def test_words_say_how_sure_it_is() -> None:
    assert predictions.in_words(Prediction(SURE)) == "<strong>97.0% sure</strong>Then 2: 2.0%"
    alone = np.array([0.99975, 0.00025, *[0] * 8], np.float32)
    assert predictions.in_words(Prediction(alone)) == "<strong>&gt; 99.9% sure</strong>"
    unsure = np.array([0.6, 0.4, *[0] * 8], np.float32)
    assert predictions.in_words(Prediction(unsure)) == (
        "<strong>Not sure: 0 or 1</strong>0: 60.0%, 1: 40.0%"
    )
    nothing = predictions.in_words(Prediction(np.full(10, 0.1, np.float32), 0.7))
    assert "I don&#39;t recognize a digit here" in nothing
    assert "The nearest is 0, at 10.0%." in nothing


def test_answer_has_the_digit_or_a_dash() -> None:
    words = predictions.in_words(Prediction(SURE))
    html = predictions.answer(IMAGE, Prediction(SURE), words, "<from>")
    assert '<div class="lab-digit" role="status" aria-label="Prediction">1</div>' in html
    assert 'data-answer data-digit="1" data-source="server"' in html
    assert f"{words}<small>&lt;from&gt;</small></div>" in html
    html = predictions.answer(IMAGE, None, predictions.explanation("Draw <1>", "a & b"))
    assert 'class="lab-digit lab-nothing" role="status" aria-label="Prediction">–<' in html
    assert "<strong>Draw &lt;1&gt;</strong>a &amp; b</div>" in html


def test_titles_and_troubles_are_no_html() -> None:
    views = [
        PredictionView("<i>", IMAGE, Prediction(SURE)),
        PredictionView('a" onload="b', None, None, "<script>"),
    ]
    html = predictions.predictions(views)
    assert isinstance(html, Markup)
    assert not re.search(r'<i>|<script>|" onload="', html)
    assert html.count("lab-chart") == 2
    assert html.count("<img") == 1
    compact = predictions.compact_predictions(views)
    assert "lab-chart" not in compact
    assert compact.startswith('<div class="lab-compact"><div class="lab-predictions">')
