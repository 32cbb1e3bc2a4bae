"""What was measured of a network, as its card keeps it: on test images, and on people's strokes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np


class Confusion(NamedTuple):
    """One kind of error."""

    label: int
    """The digit that was written, 0 to 9."""
    predicted: int
    """The digit that the network read instead, 0 to 9."""
    images: int
    """How often."""


@dataclass(frozen=True)
class Measurement:
    """How a network reads some images."""

    images: int
    accuracy: float
    """The share that it gets right, 0 to 1, whether it says so or recognizes no digit."""
    rejected: float
    """The share in which the program recognizes no digit, 0 to 1."""
    calibration_error: float
    """The expected calibration error over 15 bins, 0 to 1."""
    per_digit: tuple[float | None, ...]
    """The accuracy for each digit, 0 to 9; None for one of which there is no image."""
    confusions: tuple[Confusion, ...]
    """The most frequent errors, the most frequent one first."""


@dataclass(frozen=True)
class Writers:
    """How differently a network reads people."""

    count: int
    """How many people wrote."""
    worst: float
    """The share of the usual drawings that it gets right, 0 to 1, of whom it reads worst."""
    median: float
    """The same share of the person in the middle."""


@dataclass(frozen=True)
class StrokeGrid:
    """How a network reads people's digits, each drawn with every pen, in every size and position.

    `data.strokes` says which: PENS, SIZES and POSITIONS.
    """

    digits: int
    """How many digits people wrote; each is drawn once for each cell of the grid."""
    accuracy: tuple[tuple[tuple[float, ...], ...], ...]
    """The share that it gets right, 0 to 1, by pen, size and position."""
    usual: Measurement
    """The usual drawing: a pen of 18 pixels, 50 and 80% of the canvas, in its middle."""
    writers: Writers | None = None
    """None where the file does not say who wrote, or was measured before this was asked."""

    @property
    def mean(self) -> float:
        """The mean accuracy of all cells."""
        return float(np.mean(self.accuracy))

    @property
    def worst(self) -> float:
        """The accuracy of the worst cell."""
        return float(np.min(self.accuracy))


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured of a network; what was not measured yet is missing."""

    tests: Mapping[str, Measurement] = field(default_factory=dict)
    """Data set, one of `data.datasets.SOURCES` -> how its test images are read."""
    strokes: StrokeGrid | None = None

    def updated(self, newer: "Evaluation") -> "Evaluation":
        """Return both together; what was measured twice is the newer one's."""
        return Evaluation(
            {**self.tests, **newer.tests},
            self.strokes if newer.strokes is None else newer.strokes,
        )


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as objects for JSON; `from_json` gives back the same one."""
    return {
        "tests": {name: measurement_as_json(test) for name, test in evaluation.tests.items()},
        "strokes": None if evaluation.strokes is None else grid_as_json(evaluation.strokes),
    }


def from_json(values: Mapping[str, Any]) -> Evaluation:
    """Return the evaluation that `as_json` made these objects of.

    Unknown fields are ignored: a newer program may have measured more. Raises KeyError, TypeError
    or ValueError for objects of another form.
    """
    grid = values.get("strokes")
    return Evaluation(
        {name: _measurement(test) for name, test in values.get("tests", {}).items()},
        None if grid is None else _grid(grid),
    )


def measurement_as_json(measurement: Measurement) -> dict[str, Any]:
    """Return a measurement as an object for JSON, a confusion as [label, predicted, images]."""
    return {
        "images": measurement.images,
        "accuracy": measurement.accuracy,
        "rejected": measurement.rejected,
        "calibration_error": measurement.calibration_error,
        "per_digit": list(measurement.per_digit),
        "confusions": [list(confusion) for confusion in measurement.confusions],
    }


def grid_as_json(grid: StrokeGrid) -> dict[str, Any]:
    """Return a grid as an object for JSON; its mean and worst cell follow from the others."""
    return {
        "digits": grid.digits,
        "accuracy": [[list(row) for row in table] for table in grid.accuracy],
        "usual": measurement_as_json(grid.usual),
        "writers": None if grid.writers is None else asdict(grid.writers),
    }


def _measurement(values: Mapping[str, Any]) -> Measurement:
    return Measurement(
        images=int(values["images"]),
        accuracy=_share(values["accuracy"]),
        rejected=_share(values["rejected"]),
        calibration_error=_share(values["calibration_error"]),
        per_digit=tuple(None if share is None else _share(share) for share in values["per_digit"]),
        confusions=tuple(
            Confusion(*(int(number) for number in numbers)) for numbers in values["confusions"]
        ),
    )


def _grid(values: Mapping[str, Any]) -> StrokeGrid:
    return StrokeGrid(
        digits=int(values["digits"]),
        accuracy=tuple(
            tuple(tuple(_share(share) for share in row) for row in table)
            for table in values["accuracy"]
        ),
        usual=_measurement(values["usual"]),
        writers=_writers(values.get("writers")),
    )


def _writers(values: Mapping[str, Any] | None) -> Writers | None:
    if values is None:
        return None
    return Writers(int(values["count"]), _share(values["worst"]), _share(values["median"]))


def _share(value: float) -> float:
    """Return a share, 0 to 1. Raises ValueError for any other number."""
    if not 0 <= (share := float(value)) <= 1:
        raise ValueError(f"{share} is no share.")
    return share
