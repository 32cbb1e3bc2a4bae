"""Numbers as people read them: none claims more than is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.ui.markup import numbers


@given(st.floats(0, 1), st.integers(0, 3))
def test_percent_is_near_and_never_claims_none_or_all(share: float, decimals: int) -> None:
    text = numbers.percent(share, decimals)
    step = 10.0**-decimals
    assert float(text.strip("<> %")) == pytest.approx(100 * share, abs=step * 1.001)
    rounded = f"{100 * share:.{decimals}f}"
    if text[0] in "<>":
        assert float(rounded) in (0, 100)
    else:
        assert text == f"{rounded}%"
        assert 0 < float(rounded) < 100


def test_percent_says_bounds() -> None:
    shown = [numbers.percent(share) for share in (0, 0.0004, 0.0006, 0.5, 0.9994, 0.9996, 1)]
    assert shown == ["< 0.1%", "< 0.1%", "0.1%", "50.0%", "99.9%", "> 99.9%", "> 99.9%"]
    assert numbers.percent(0.99996, 2) == "> 99.99%"
    assert numbers.percent(0.99496, 2) == "99.50%"
    # Half a step: Python rounds 0.5 to the even 0.
    assert numbers.percent(0.005, 0) == "< 1%"


def test_only_what_was_counted_is_none_or_all() -> None:
    shown = [numbers.exact_percent(share) for share in (0.0, 0.0001, 0.25, 0.9999, 1.0)]
    assert shown == ["0%", "< 0.1%", "25.0%", "> 99.9%", "100%"]
    assert [numbers.exact_percent(share, 2) for share in (0.995, 1.0)] == ["99.50%", "100%"]
    assert numbers.percent_range(0.99341, 0.99622) == "99.34 to 99.62"


def test_short_shares_have_five_characters_at_most() -> None:
    shares = (0, 0.0004, 0.0005, 0.99949, 0.9996, 1)
    assert [numbers.short_share(share) for share in shares] == [
        "0",
        "<.001",
        "0.001",
        "0.999",
        ">.999",
        "1",
    ]


def test_durations_have_the_unit_that_suits() -> None:
    shown = [numbers.duration(seconds) for seconds in (0.2, 12, 99, 101, 5940, 6001, 86400)]
    assert shown == ["0 s", "12 s", "99 s", "2 min", "99 min", "1.7 h", "24.0 h"]


def test_shown_numbers_are_short() -> None:
    shown = [numbers.short_number(value) for value in (0, -0.5, 1.23456, 999.4, -1234.5, 1e-7)]
    assert shown == ["0", "−0.5", "1.23", "999", "−1,234", "1e−07"]
    assert [numbers.count(number) for number in (7, 60_000)] == ["7", "60,000"]
