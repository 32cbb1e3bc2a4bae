"""The average of a network's weights: what it is of a few, and that it survives a break."""

import numpy as np
import pytest

from mnist_app.model.averaging import WeightAverage


def test_early_weights_count_alike_and_later_ones_fade() -> None:
    average = WeightAverage(keep=0.75)
    means = []
    for value in (1.0, 2.0, 6.0, 3.0, 11.0):
        average.add([np.full((2, 3), value, np.float32), np.zeros(1, np.float32)])
        means.append(float(average.weights[0][1, 2]))
    # The means of one, two and three; from the fourth on, a quarter is new.
    assert means == pytest.approx([1, 1.5, 3, 3, 5])
    assert average.weights[1] == [0]


def test_an_average_goes_on_from_a_checkpoint() -> None:
    generator = np.random.default_rng(1)
    every = [[generator.normal(size=(4, 2)).astype(np.float32)] for _ in range(6)]
    kept = [weights[0].copy() for weights in every]
    whole, broken, resumed = (WeightAverage(keep=0.6) for _ in range(3))
    for weights in every:
        whole.add(weights)
    for weights in every[:3]:
        broken.add(weights)
    learned = {"conv1/kernel": np.ones(3)}
    assert resumed.restore(learned | broken.state()) == learned
    for weights in every[3:]:
        resumed.add(weights)
    assert np.array_equal(resumed.weights[0], whole.weights[0])
    assert all(np.array_equal(one[0], was) for one, was in zip(every, kept, strict=True))


def test_without_averaging_a_checkpoint_is_what_it_was() -> None:
    older = {"conv1/kernel": np.ones(3)}
    average = WeightAverage(keep=0.0)
    assert average.restore(older) == older
    assert average.weights == []
