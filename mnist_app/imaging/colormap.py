"""Values become colors: one scale for one figure, so that the same value has the same color.

This is the one place where colors are computed. A browser gets indices and the palette's colors.

Gray for pixels, as MNIST has them; black, orange, pale yellow for values from zero up; blue, black,
orange for values around zero. Both stay apart for color-blind people, and black is zero in all.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnist_app.imaging.normalize import Image

Palette = Literal["gray", "sequential", "diverging"]

# Red, green and blue from zero to the largest value, and from the most negative value to zero.
_RISING = [(0, 0, 0), (180, 85, 5), (250, 150, 35), (255, 230, 170)]
_FALLING = [(190, 225, 255), (75, 155, 245), (25, 85, 180)]
_STOPS = {"sequential": _RISING, "diverging": _FALLING + _RISING}

MARK = (255, 79, 216)
"""The color, RGB, of what is drawn over a picture to point at something."""
SERIES = ("#2f6fdb", "#e07b00", "#7d8aa0", "#b0348f", "#1f9e77", "#8a6d1d", "#c0392b")
"""The colors of curves, in CSS's notation. No chart has more curves.

Blue and orange come first: color-blind people tell them apart, too.
"""


@dataclass(frozen=True)
class Scale:
    """Which color a value has."""

    palette: Palette
    low: float
    high: float
    stretched: bool = False
    """Whether small values get more of the colors: by the cube root of their share of `high`."""

    def indices(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return each value's index in the palette, 0 to 255, in the shape of `values`.

        Values beyond the scale get the index of its end; halves are rounded to the even number.
        """
        shares = (np.asarray(values, np.float64) - self.low) / (self.high - self.low)
        if self.stretched:
            ratio = np.asarray(values, np.float64) / self.high
            shares = 0.5 + 0.5 * np.cbrt(ratio)
        return np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8)

    def paint(self, values: NDArray[Any]) -> Image:
        """Return values of shape (rows, columns) as RGB, uint8 (rows, columns, 3)."""
        return colors(self.palette)[self.indices(values)]

    def ticks(self) -> list[float]:
        """Return the values at the scale's beginning, its quarters and its end.

        Those of pixels from 0 to 255 are whole numbers.
        """
        if self.stretched:
            return [float(value) for value in self.high * np.linspace(-1, 1, 5) ** 3]
        values = np.linspace(self.low, self.high, 5)
        are_bytes = self.palette == "gray" and self.high > 1
        return [float(value) for value in (np.rint(values) if are_bytes else values)]


def pixels(white: float = 255.0) -> Scale:
    """Return the scale of pixels, from 0 (black) to `white`."""
    return Scale("gray", 0.0, white)


def from_zero(*arrays: NDArray[Any]) -> Scale:
    """Return a scale from 0 to the largest value of all `arrays`."""
    return Scale("sequential", 0.0, _largest(arrays))


def around_zero(*arrays: NDArray[Any], stretched: bool = False) -> Scale:
    """Return a scale centered at zero that holds all values of all `arrays`."""
    limit = _largest(arrays)
    return Scale("diverging", -limit, limit, stretched)


def fitting(*arrays: NDArray[Any]) -> Scale:
    """Return a scale from zero where no value is negative, else one around zero."""
    negative = any(array.size and array.min() < 0 for array in arrays)
    return around_zero(*arrays) if negative else from_zero(*arrays)


@cache
def colors(palette: Palette) -> NDArray[np.uint8]:
    """Return a palette's 256 colors, RGB, uint8 (256, 3)."""
    steps = np.arange(256, dtype=np.uint8)
    if palette == "gray":
        return np.asarray(np.stack([steps] * 3, axis=1), dtype=np.uint8)
    colors = _STOPS[palette]
    stops = np.linspace(0, 255, len(colors))
    channels = [np.interp(steps, stops, channel) for channel in zip(*colors, strict=True)]
    return np.asarray(np.rint(np.stack(channels, axis=1)), dtype=np.uint8)


def _largest(arrays: tuple[NDArray[Any], ...]) -> float:
    """Return the largest magnitude, or 1 where all values are 0."""
    return max((float(np.abs(array).max()) for array in arrays if array.size), default=0.0) or 1.0
