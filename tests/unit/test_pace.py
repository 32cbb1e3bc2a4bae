"""When a training writes what: most in the beginning, and never for too much of its time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mnist_app.training.pace import EARLY_LOOKS, LOOKING_SHARE, Clock, Growth, Pace


class Watch(Clock):
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def seconds(self) -> float:
        return self.now


def looks(batches: int, batch_seconds: float, look_seconds: float) -> tuple[list[int], float]:
    """Let batches of 100 images pass; return after how many of them was looked, and the time."""
    pace, watch = Pace(), Watch()
    pace.clock = watch
    seen = []
    for batch in range(1, batches + 1):
        watch.now += batch_seconds
        pace.count_batch()
        if pace.is_look_due(100 * batch):
            with pace.looking(100 * batch):
                watch.now += look_seconds
            seen.append(batch)
    return seen, watch.now


def test_the_first_batches_get_most_looks() -> None:
    seen, _ = looks(1000, 0.01, 0.01)
    assert seen[:10] == [1, 2, 3, 5, 8, 12, 18, 27, 41, 62]


@given(st.integers(1, 3000), st.floats(1e-4, 1), st.floats(1e-4, 1))
def test_looking_takes_a_small_share_of_the_time(
    batches: int, batch_seconds: float, look_seconds: float
) -> None:
    seen, seconds = looks(batches, batch_seconds, look_seconds)
    assert seen[0] == 1
    later = (len(seen) - EARLY_LOOKS - 1) * look_seconds
    assert later <= LOOKING_SHARE * seconds + 1e-9


def test_one_look_at_more_images_delays_the_next_no_longer() -> None:
    pace, watch = Pace(), Watch()
    pace.clock = watch
    with pace.looking(100, looks=6.0):
        watch.now += 6.0
    watch.now += 1 / LOOKING_SHARE
    assert pace.is_look_due(101)


@given(st.lists(st.integers(1, 5000), min_size=1), st.floats(1.001, 3))
def test_what_grows_is_noted_when_it_has_grown_enough(steps: list[int], factor: float) -> None:
    growth, number, noted = Growth(factor), 0, []
    for step in steps:
        number += step
        if growth.has_come(number):
            growth.begin(number)
            noted.append(number)
    assert noted[0] == steps[0]
    for before, after in pairwise(noted):
        assert after >= max(before + 1, before * factor) * (1 - 1e-12)
