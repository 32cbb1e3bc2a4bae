"""Statistics of a split, against the same computed image by image."""

import math

import numpy as np
import pytest

from mnist_app.data import datasets, statistics
from mnist_app.data.datasets import Split

SPLIT = datasets.load_test()
STATISTICS = statistics.compute(SPLIT)


def test_counts_means_and_deviations() -> None:
    for digit in (0, 1, 9):
        images = [
            image for image, label in zip(SPLIT.images, SPLIT.labels, strict=True) if label == digit
        ]
        assert STATISTICS.counts[digit] == len(images)
        for place in ((0, 0), (14, 14), (20, 9)):
            values = [int(image[place]) for image in images]
            mean = sum(values) / len(values)
            spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
            assert STATISTICS.means[digit][place] == pytest.approx(mean, abs=0.01)
            assert STATISTICS.deviations[digit][place] == pytest.approx(spread, abs=0.01)
    assert STATISTICS.counts.sum() == 10_000


@pytest.mark.parametrize("index", [0, 18, 947, 9999])
def test_typicality_is_the_cosine_with_the_mean_image(index: int) -> None:
    image = SPLIT.images[index].astype(float).ravel()
    mean = SPLIT.images[SPLIT.labels == SPLIT.labels[index]].mean(axis=0).ravel()
    cosine = sum(image * mean) / math.sqrt(sum(image**2) * sum(mean**2))
    assert STATISTICS.typicality[index] == pytest.approx(cosine, abs=1e-5)


def test_the_least_typical_images_come_first() -> None:
    which = np.flatnonzero(SPLIT.labels == 7)
    ordered = STATISTICS.least_typical_first(which)
    assert sorted(ordered) == which.tolist()
    assert (np.diff(STATISTICS.typicality[ordered]) >= 0).all()


def test_a_split_without_some_digits() -> None:
    found = statistics.compute(Split(np.zeros((2, 28, 28), np.uint8), np.array([3, 3], np.uint8)))
    assert found.counts.tolist() == [0, 0, 0, 2, 0, 0, 0, 0, 0, 0]
    assert np.isfinite(found.typicality).all()
    assert not found.means.any()
