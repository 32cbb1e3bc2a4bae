"""Wrong labels on purpose: what a network makes of a data set whose labels are not all right."""

import numpy as np
from numpy.typing import NDArray


def mislabel(labels: NDArray[np.uint8], share: float, seed: int) -> NDArray[np.uint8]:
    """Return labels, (n,) of 0 to 9, of which a share, 0 to 1, is replaced by wrong ones.

    Each of the nine other digits is equally probable. The same seed gives the same labels.
    """
    generator = np.random.default_rng([seed, len(labels)])
    chosen = generator.permutation(len(labels))[: round(share * len(labels))]
    wrong = labels.copy()
    wrong[chosen] = (labels[chosen] + generator.integers(1, 10, len(chosen))) % 10
    return wrong
