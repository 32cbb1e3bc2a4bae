"""Measures of quality, computed by hand and by plain Python."""

import statistics
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.analysis import metrics
from mnist_app.networks.evaluation import Confusion

ANSWERS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=80)
"""Labels, each with what was read."""


def probabilities_of(predicted: list[int], sure: list[float]) -> np.ndarray:
    """Answers of such digits, each with such a confidence, the rest spread evenly."""
    rest = (1 - np.array(sure, np.float32)) / 9
    probabilities = np.repeat(rest[:, None], 10, axis=1)
    probabilities[np.arange(len(predicted)), predicted] = sure
    return probabilities


def test_a_measurement_by_hand() -> None:
    probabilities = probabilities_of([3, 3, 5, 7], [0.9, 0.9, 0.4, 0.9])
    labels = np.array([3, 8, 5, 7])
    unreadable = np.array([False, False, False, True])
    result = metrics.measure(probabilities, labels, 0.6, unreadable)
    assert result.images == 4
    assert result.accuracy == 0.5  # the 3 and the 5; the 7 is unreadable
    assert result.rejected == 0.5  # the unsure 5 and the unreadable 7
    assert result.per_digit[3] == 1
    assert result.per_digit[8] == result.per_digit[7] == 0
    assert result.per_digit[0] is None
    assert result.confusions == (Confusion(label=8, predicted=3, images=1),)
    expected = (2 * abs(0.5 - 0.9) + abs(1 - 0.4)) / 3
    assert result.calibration_error == pytest.approx(expected)


def test_without_unreadable_drawings_all_are_asked() -> None:
    probabilities, labels = probabilities_of([1, 2], [0.8, 0.3]), np.array([1, 3], np.uint8)
    assert metrics.measure(probabilities, labels, 0.5) == metrics.measure(
        probabilities, labels, 0.5, np.array([False, False])
    )


def test_nothing_can_be_measured() -> None:
    empty = np.zeros((0, 10), np.float32), np.zeros(0, np.uint8)
    result = metrics.measure(*empty, 0.5)
    assert (result.images, result.accuracy, result.rejected) == (0, 0, 0)
    assert result.calibration_error == 0
    assert result.per_digit == (None,) * 10
    assert result.confusions == ()


@given(ANSWERS)
def test_counts_are_those_of_a_counter(answers: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in answers], np.uint8)
    predicted = np.array([read for _, read in answers], np.int64)
    matrix = metrics.confusion_matrix(predicted, labels)
    counts = Counter(answers)
    assert {cell: matrix[cell] for cell in counts} == counts
    assert matrix.sum() == len(answers)
    top = metrics.top_confusions(matrix)
    wrong = sorted((counts[cell] for cell in counts if cell[0] != cell[1]), reverse=True)
    assert [one.images for one in top] == wrong[: metrics.TOP_CONFUSIONS]
    assert all(counts[one.label, one.predicted] == one.images for one in top)


@given(ANSWERS)
def test_accuracies_are_those_of_plain_python(answers: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in answers], np.uint8)
    probabilities = probabilities_of([read for _, read in answers], [0.6] * len(answers))
    right = [label == read for label, read in answers]
    expected = statistics.fmean(right) if right else 0
    assert metrics.accuracy(probabilities, labels) == pytest.approx(expected)
    per_digit = metrics.accuracy_per_digit(metrics.is_right(probabilities, labels), labels)
    for digit, share in enumerate(per_digit):
        of_digit = [label == read for label, read in answers if label == digit]
        assert share == (pytest.approx(statistics.fmean(of_digit)) if of_digit else None)


def test_the_most_confident_error_comes_first() -> None:
    probabilities = probabilities_of([3, 3, 5, 7], [0.82, 0.80, 0.95, 0.65])
    assert metrics.errors(probabilities, np.array([3, 8, 6, 7])).tolist() == [2, 1]


def test_reliability_bins_by_hand() -> None:
    sure = np.array([0.82, 0.80, 0.95, 0.65])
    right = np.array([True, False, False, True])
    bins = metrics.reliability_bins(sure, right)
    assert [(one.images, one.accuracy) for one in bins] == [(1, 1.0), (2, 0.5), (1, 0.0)]
    assert bins[1].confidence == pytest.approx(0.81)


def test_certainty_and_impossibility_lie_in_the_outer_bins() -> None:
    bins = metrics.reliability_bins(np.array([0.0, 1.0]), np.array([False, True]))
    assert [(one.confidence, one.accuracy) for one in bins] == [(0, 0), (1, 1)]


def test_calibration_error_by_hand() -> None:
    """Bins of 1/15: two answers at 0.95, one of them right; two at 0.5, both right."""
    sure = np.array([0.95, 0.95, 0.5, 0.5])
    right = np.array([True, False, True, True])
    expected = 0.5 * abs(0.5 - 0.95) + 0.5 * abs(1 - 0.5)
    assert metrics.calibration_error(sure, right) == pytest.approx(expected)


def test_calibration_error_of_a_calibrated_network() -> None:
    generator = np.random.default_rng(1)
    sure = generator.uniform(0.1, 1, 200_000)
    right = generator.random(200_000) < sure
    assert metrics.calibration_error(sure, right) < 0.01
    assert metrics.calibration_error(sure, ~right) > 0.2
    assert metrics.calibration_error(sure[:0], right[:0]) == 0


def test_the_interval_is_wilsons() -> None:
    """Brown, Cai and DasGupta (2001) give 0.2366 to 0.7634 for five of ten."""
    assert metrics.wilson_interval(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    low, high = metrics.wilson_interval(1.0, 10_000)
    assert low == pytest.approx(1 / (1 + 1.959964**2 / 10_000))
    assert high == 1


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_the_interval_contains_the_share(share: float, images: int) -> None:
    low, high = metrics.wilson_interval(share, images)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1
