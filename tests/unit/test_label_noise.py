"""Wrong labels on purpose."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.data.label_noise import mislabel


@given(
    st.lists(st.integers(0, 9), max_size=300).map(lambda digits: np.array(digits, np.uint8)),
    st.floats(0, 1),
    st.integers(0, 2**31 - 1),
)
def test_just_this_share_is_wrong_and_always_the_same(
    labels: np.ndarray, share: float, seed: int
) -> None:
    before = labels.copy()
    wrong = mislabel(labels, share, seed)
    assert np.array_equal(labels, before)
    assert wrong.dtype == np.uint8
    assert wrong.shape == labels.shape
    assert np.count_nonzero(wrong != labels) == round(share * len(labels))
    assert not len(wrong) or wrong.max() <= 9
    assert np.array_equal(wrong, mislabel(labels, share, seed))


def test_each_other_digit_is_equally_probable() -> None:
    wrong = mislabel(np.full(9000, 4, np.uint8), 1.0, 1)
    counts = np.bincount(wrong, minlength=10)
    assert counts[4] == 0
    assert np.delete(counts, 4).min() > 900
