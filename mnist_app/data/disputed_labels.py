"""The test images of MNIST whose labels people dispute."""

from dataclasses import dataclass

PAPER = (
    "Northcutt, Athalye and Mueller, Pervasive Label Errors in Test Sets Destabilize Machine "
    "Learning Benchmarks (2021)"
)
LINK = "https://arxiv.org/abs/2103.14749"


@dataclass(frozen=True)
class Dispute:
    """What five people said about an image, asked to choose between two digits."""

    label: int
    """MNIST's label."""
    other: int
    """The digit that a network read."""
    for_label: int
    """How many people chose MNIST's label."""
    for_other: int
    """How many chose the other digit."""
    neither: int
    """How many chose neither."""


# From mturk/mnist_mturk.json in https://github.com/cleanlab/label-errors: of the 100 test images
# whose labels a network doubts most, those where fewer than three of five people chose the label.
DISPUTES: dict[int, Dispute] = {
    947: Dispute(8, 9, 0, 5, 0),
    1621: Dispute(0, 6, 2, 3, 0),
    1901: Dispute(9, 4, 2, 3, 0),
    2130: Dispute(4, 9, 2, 2, 1),
    2462: Dispute(2, 0, 0, 4, 1),
    2597: Dispute(5, 3, 0, 4, 1),
    2654: Dispute(6, 1, 0, 2, 3),
    3520: Dispute(6, 4, 2, 0, 3),
    3558: Dispute(5, 0, 1, 4, 0),
    5937: Dispute(5, 3, 1, 3, 1),
    6651: Dispute(0, 6, 0, 5, 0),
    6783: Dispute(1, 6, 2, 3, 0),
    8527: Dispute(4, 9, 2, 2, 1),
    9679: Dispute(6, 3, 2, 0, 3),
    9729: Dispute(5, 6, 2, 3, 0),
}
"""By the index of the test image."""


def describe(dispute: Dispute) -> str:
    """Return what people said about the image, in a sentence."""
    return (
        f"Of five people who looked at this image, {dispute.for_label} chose the label "
        f"{dispute.label}, {dispute.for_other} chose {dispute.other}, and {dispute.neither} chose "
        "neither."
    )
