"""Numbers as people read them: percents, durations, counts and short numbers."""


def percent(share: float, decimals: int = 1) -> str:
    """Return an estimated share of 0 to 1 as a percent that claims no more than is known.

    What would be rounded to 0% or 100% becomes a bound: "< 0.1%", "> 99.9%".

    Args:
        share: 0 to 1.
        decimals: How many digits stand behind the point.
    """
    step = 10.0**-decimals
    rounded = f"{100 * share:.{decimals}f}"
    if float(rounded) >= 100:
        return f"> {100 - step:.{decimals}f}%"
    if float(rounded) <= 0:
        return f"< {step:.{decimals}f}%"
    return f"{rounded}%"


def exact_percent(share: float, decimals: int = 1) -> str:
    """Return a counted share of 0 to 1 as a percent: unlike in `percent`, none is 0%, all is 100%.

    Args:
        share: 0 to 1.
        decimals: How many digits stand behind the point, where it is neither none nor all.
    """
    return f"{100 * share:.0f}%" if share in (0.0, 1.0) else percent(share, decimals)


def percent_range(low: float, high: float, decimals: int = 2) -> str:
    """Return an interval of shares of 0 to 1 in percent, to stand in brackets: "99.34 to 99.62"."""
    return f"{100 * low:.{decimals}f} to {100 * high:.{decimals}f}"


def short_share(share: float) -> str:
    """Return a share of 0 to 1 in at most five characters: "0.998", "0", "1", "<.001", ">.999"."""
    if 0 < share < 0.0005:
        return "<.001"
    if 0.9995 <= share < 1:
        return ">.999"
    return f"{share:.3f}" if 0 < share < 1 else f"{share:.0f}"


def duration(seconds: float) -> str:
    """Return a time, at least 0 s, in the unit that suits it: "12 s", "3 min", "1.8 h"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def count(number: int) -> str:
    """Return a whole number with commas between its thousands: "60,000"."""
    return f"{number:,}"


def short_number(value: float) -> str:
    """Return a number in three significant digits, or whole where large, with a true minus sign."""
    return f"{value:{',.0f' if abs(value) >= 999.5 else '.3g'}}".replace("-", "−")
