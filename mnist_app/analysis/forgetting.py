"""What a network that has learned more reads differently: what it forgot, and what it learned."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Digits = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Difference:
    """The images that a network reads differently than before, by their indices."""

    forgotten: NDArray[np.int64]
    """Right before, wrong now."""
    learned: NDArray[np.int64]
    """Wrong before, right now."""
    images: int
    """How many were compared."""


def compare(before: Digits, after: Digits, labels: Digits) -> Difference:
    """Compare two networks' answers to the same images, 0 to 9, each of shape (n,)."""
    was_right, is_right = before == labels, after == labels
    return Difference(
        np.flatnonzero(was_right & ~is_right), np.flatnonzero(~was_right & is_right), len(labels)
    )


def most_frequent(answers: Digits) -> tuple[int, int]:
    """Return the digit that stands most often in answers, 0 to 9, and how often; at least one."""
    counts = np.bincount(answers, minlength=1)
    return int(counts.argmax()), int(counts.max())
