"""What a split looks like as a whole, against figures computed image by image."""

import math

import numpy as np
import pytest

from mnist_app.data import datasets, statistics
from mnist_app.data.datasets import Split

SPLIT = datasets.load_test()
FOUND = statistics.look_at(SPLIT)


def test_counts_and_averages() -> None:
    for digit in (0, 1, 9):
        images = [
            image for image, label in zip(SPLIT.images, SPLIT.labels, strict=True) if label == digit
        ]
        assert FOUND.counts[digit] == len(images)
        for place in ((0, 0), (14, 14), (20, 9)):
            values = [int(image[place]) for image in images]
            mean = sum(values) / len(values)
            spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
            assert FOUND.averages[digit][place] == pytest.approx(mean, abs=0.01)
            assert FOUND.spreads[digit][place] == pytest.approx(spread, abs=0.01)
    assert FOUND.counts.sum() == 10_000


@pytest.mark.parametrize("index", [0, 18, 947, 9999])
def test_likeness_is_the_cosine_with_the_average(index: int) -> None:
    image = SPLIT.images[index].astype(float).ravel()
    average = SPLIT.images[SPLIT.labels == SPLIT.labels[index]].mean(axis=0).ravel()
    cosine = sum(image * average) / math.sqrt(sum(image**2) * sum(average**2))
    assert FOUND.likeness[index] == pytest.approx(cosine, abs=1e-5)


def test_the_least_alike_come_first() -> None:
    which = np.flatnonzero(SPLIT.labels == 7)
    ordered = FOUND.unusual_first(which)
    assert sorted(ordered) == which.tolist()
    assert (np.diff(FOUND.likeness[ordered]) >= 0).all()


def test_a_split_without_some_digits() -> None:
    found = statistics.look_at(Split(np.zeros((2, 28, 28), np.uint8), np.array([3, 3], np.uint8)))
    assert found.counts.tolist() == [0, 0, 0, 2, 0, 0, 0, 0, 0, 0]
    assert np.isfinite(found.likeness).all()
    assert not found.averages.any()
