"""How well a network reads: a data set's test images, and people whom it has never met.

Two halves of one measure. The second draws pen strokes as the canvas would, with thin and thick
pens, small and large, in the middle and in the corners, and normalizes them as `digit` does.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
from loky import cpu_count, get_reusable_executor
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from mnist_app.analysis.scores import calibration_error
from mnist_app.data import datasets, strokes
from mnist_app.data.datasets import CLASSES, SOURCES
from mnist_app.data.strokes import PENS, POSITIONS, SIZES, WrittenDigit
from mnist_app.imaging import normalize
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.inference import Inference
from mnist_app.networks.card import Card
from mnist_app.networks.prediction import top_two_mass

BATCH = 500
CONFUSIONS = 8
# Digits that one process draws before it is given the next ones.
TASK = 50
# Height and width of a picture in the error sheet, in pixels.
TILE = (140, 124)
GRID = (len(PENS), len(SIZES), len(POSITIONS))
# The usual drawing: the pen's default width, half of the canvas or most of it, in its middle.
USUAL_PEN, USUAL_SIZES, CENTER = PENS.index(18), (SIZES.index(50), SIZES.index(80)), 0

T = TypeVar("T")
Probabilities = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Measure:
    """How a network reads some images."""

    images: int
    accuracy: float
    """The share that it gets right, 0 to 1, whether it says so or finds no digit."""
    rejected: float
    """The share in which the program recognizes no digit, 0 to 1."""
    calibration_error: float
    """The expected calibration error over 15 bins, 0 to 1."""
    per_digit: tuple[float | None, ...]
    """The accuracy for each digit, 0 to 9; None for one of which there is no image."""
    confusions: tuple[tuple[int, int, int], ...]
    """The most frequent errors: label, answer, how often."""


@dataclass(frozen=True)
class Grid:
    """How a network reads the same digits drawn in 45 ways."""

    digits: int
    accuracy: tuple[tuple[tuple[float, ...], ...], ...]
    """The share that it gets right for each pen, size and position, in the order of `strokes`."""
    usual: Measure
    """A pen of 18 pixels, 50 and 80% of the canvas, in its middle."""

    @property
    def mean(self) -> float:
        """The mean accuracy of the 45 cells."""
        return float(np.mean(self.accuracy))

    @property
    def worst(self) -> float:
        """The accuracy of the worst of the 45 cells."""
        return float(np.min(self.accuracy))


@dataclass(frozen=True)
class Drawn:
    """Strokes drawn in 45 ways and normalized."""

    images: Image
    """Every different image once, shape (n, 28, 28)."""
    which: NDArray[np.int64]
    """The index in `images` for each digit, pen, size and position."""
    refused: NDArray[np.bool_]
    """Where `normalize.normalize` found a problem, same shape."""
    labels: Labels
    """The label of each digit, shape (digits,)."""


@dataclass(frozen=True)
class Errors:
    """Images that a network gets wrong."""

    images: Image
    """Shape (n, 28, 28)."""
    labels: Labels
    probabilities: Probabilities


def evaluate_test(door: Inference, card: Card, source: str) -> tuple[Measure, Errors]:
    """Measure the network of `card` on the test images of a data set.

    Raises InferenceError when the network does not answer, and DatasetError.
    """
    split = datasets.load_test(source)
    labels = split.labels.astype(np.int64)
    probabilities = _ask(door, card.name, split.images, "Reading test images")
    refused = np.zeros(len(split), np.bool_)
    result = measure(probabilities, labels, card.reject_below, refused)
    return result, _errors(split.images, labels, probabilities)


def evaluate_strokes(door: Inference, card: Card, drawn: Drawn) -> tuple[Grid, Errors]:
    """Measure the network of `card` on pen strokes, drawn in 45 ways.

    Returns the grid and the errors among the usual drawings of half the canvas. Raises
    InferenceError when the network does not answer.
    """
    labels = drawn.labels
    answers = _ask(door, card.name, drawn.images, "Reading")
    right = (answers.argmax(axis=1)[drawn.which] == labels[:, None, None, None]) & ~drawn.refused
    usual = (slice(None), USUAL_PEN, list(USUAL_SIZES), CENTER)
    grid = Grid(
        digits=len(labels),
        accuracy=_as_tuples(right.mean(axis=0)),
        usual=measure(
            answers[drawn.which[usual]].reshape(-1, CLASSES),
            np.repeat(labels, len(USUAL_SIZES)),
            card.reject_below,
            drawn.refused[usual].reshape(-1),
        ),
    )
    shown = drawn.which[:, USUAL_PEN, USUAL_SIZES[0], CENTER]
    return grid, _errors(drawn.images[shown], labels, answers[shown])


def measure(
    probabilities: Probabilities,
    labels: Labels,
    reject_below: float,
    refused: NDArray[np.bool_],
) -> Measure:
    """Compare `probabilities`, shape (n, 10), with `labels`, shape (n,).

    An answer is rejected when its top_two_mass (see `answers`) lies below `reject_below`. A
    `refused` drawing, of which the network is not asked, counts as rejected and as wrong.
    """
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = (answers == labels) & ~refused
    wrong = ~right & ~refused
    confusions = Counter(zip(labels[wrong].tolist(), answers[wrong].tolist(), strict=True))
    return Measure(
        images=len(labels),
        accuracy=float(right.mean()),
        rejected=float(np.mean(refused | (top_two_mass(probabilities) < reject_below))),
        calibration_error=calibration_error(confidence[~refused], right[~refused]),
        per_digit=tuple(_mean(right[labels == label]) for label in range(CLASSES)),
        confusions=tuple((*pair, count) for pair, count in confusions.most_common(CONFUSIONS)),
    )


def draw_all(written: list[WrittenDigit]) -> Drawn:
    """Draw and normalize each digit with each pen, in each size and position, on all cores."""
    executor = get_reusable_executor(max_workers=cpu_count())
    tasks: list[Future[Drawn]] = [
        executor.submit(draw_some, written[i : i + TASK]) for i in range(0, len(written), TASK)
    ]
    parts = [task.result() for task in _progress(tasks, "Drawing")]
    offsets = np.cumsum([0, *(len(part.images) for part in parts)])
    return Drawn(
        images=np.concatenate([part.images for part in parts]),
        which=np.concatenate(
            [part.which + offset for part, offset in zip(parts, offsets[:-1], strict=True)]
        ),
        refused=np.concatenate([part.refused for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )


def draw_some(written: list[WrittenDigit]) -> Drawn:
    """Do the work of `draw_all` in this process."""
    images = np.empty((len(written), *GRID, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    refused = np.empty((len(written), *GRID), np.bool_)
    for index, pen, size in np.ndindex(len(written), *GRID[:2]):
        canvas = strokes.draw(written[index], PENS[pen], SIZES[size])
        for place, position in enumerate(POSITIONS):
            seen = normalize.normalize(strokes.move(canvas, position), background="black")
            images[index, pen, size, place] = seen.image
            refused[index, pen, size, place] = seen.problem is not None
    flat = images.reshape(-1, IMAGE_SIDE * IMAGE_SIDE)
    different, which = np.unique(flat, axis=0, return_inverse=True)
    return Drawn(
        images=different.reshape(-1, IMAGE_SIDE, IMAGE_SIDE),
        which=which.reshape(refused.shape),
        refused=refused,
        labels=np.array([each.label for each in written], np.int64),
    )


def as_object(source: str, test: Measure, grid: Grid | None) -> dict[str, Any]:
    """Return the results as objects for JSON, as they stand in a network's card."""
    results: dict[str, Any] = {source: asdict(test)}
    if grid is not None:
        results["strokes"] = asdict(grid) | {"mean": grid.mean, "worst": grid.worst}
    return results


def report(name: str, source: str, test: Measure, grid: Grid | None) -> str:
    """Return the results as text to be read in a terminal."""
    title = SOURCES[source].title
    parts = [f"{name} on {test.images:,} {title} test images", _report_measure(test)]
    if grid is not None:
        parts += [
            f"{name} on {grid.digits:,} digits of people, drawn in {strokes.WAYS} ways: "
            f"mean {_percent(grid.mean)}, worst {_percent(grid.worst)}",
            _report_grid(grid),
            f"of which a pen of {PENS[USUAL_PEN]} px, 50 and 80%, center",
            _report_measure(grid.usual),
        ]
    return "\n\n".join(parts)


def error_sheet(errors: Errors, columns: int = 10) -> Image:
    """Return a picture of the errors, the most confident first, uint8 in gray.

    Each shows what the network saw, the label, the answer and how sure it was; at most 240.
    """
    order = np.argsort(-errors.probabilities.max(axis=1))[:240]
    tiles = [_tile(errors.images[i], int(errors.labels[i]), errors.probabilities[i]) for i in order]
    missing = -len(tiles) % columns if tiles else columns
    tiles += [np.zeros(TILE, np.uint8)] * missing
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    return np.vstack(rows)


def _tile(image: Image, label: int, probabilities: Probabilities) -> Image:
    tile = np.full(TILE, 32, np.uint8)
    tile[4:116, 6:118] = cv2.resize(image, (112, 112), interpolation=cv2.INTER_NEAREST)
    answer = int(probabilities.argmax())
    words = f"{label} read as {answer}, {100 * probabilities[answer]:.0f}%"
    cv2.putText(tile, words, (6, 132), cv2.FONT_HERSHEY_SIMPLEX, 0.38, 255, 1, cv2.LINE_AA)
    return tile


def _ask(door: Inference, network: str, images: Image, task: str) -> Probabilities:
    batches = [images[i : i + BATCH] for i in range(0, len(images), BATCH)]
    return np.concatenate([door.classify(batch, network) for batch in _progress(batches, task)])


def _progress(things: list[T], task: str) -> Iterator[T]:
    yield from track(things, task, console=Console(stderr=True), transient=True)


def _errors(images: Image, labels: Labels, probabilities: Probabilities) -> Errors:
    wrong = probabilities.argmax(axis=1) != labels
    return Errors(images[wrong], labels[wrong], probabilities[wrong])


def _mean(right: NDArray[np.bool_]) -> float | None:
    return float(right.mean()) if right.size else None


def _as_tuples(cells: NDArray[np.float64]) -> tuple[tuple[tuple[float, ...], ...], ...]:
    return tuple(tuple(tuple(row) for row in table) for table in cells.tolist())


def _report_measure(result: Measure) -> str:
    digits = "  ".join(
        f"{label}: {_percent(share)}" for label, share in enumerate(result.per_digit)
    )
    errors = "  ".join(f"{label} as {answer}: {n}" for label, answer, n in result.confusions)
    return (
        f"  right                       {_percent(result.accuracy)}\n"
        f"  no digit recognized         {_percent(result.rejected)}\n"
        f"  expected calibration error  {_percent(result.calibration_error)}\n"
        f"  per digit    {digits}\n"
        f"  confusions   {errors or 'none'}"
    )


def _report_grid(grid: Grid) -> str:
    lines = ["  pen    size " + "".join(f"{position:>14}" for position in POSITIONS)]
    for pen, table in zip(PENS, grid.accuracy, strict=True):
        for size, row in zip(SIZES, table, strict=True):
            cells = "".join(f"{_percent(share):>14}" for share in row)
            lines.append(f"  {pen:2} px   {size}%{cells}")
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f}%"
