"""classify: say which digit each picture shows."""

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from mnist_app.cli.arguments import add_network
from mnist_app.cli.ending import printable, say
from mnist_app.cli.output import fail
from mnist_app.imaging.image_files import PictureError, read_picture
from mnist_app.imaging.normalize import Image, normalize
from mnist_app.inference import Inference
from mnist_app.networks import registry
from mnist_app.networks.card import Card
from mnist_app.networks.prediction import Prediction, PredictionError, Predictor
from mnist_app.networks.registry import NetworkError

HELP = "say which digit each picture shows"
# Pictures that are read and asked about at a time.
BATCH = 256


@dataclass(frozen=True)
class Picture:
    """A file and what it shows: an image of shape (28, 28), or why there is none."""

    file: str
    image: Image | None
    error: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    add_network(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object for each picture")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a PNG or JPEG picture")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each file; return 1 when any of them could not be read, else 0.

    What is wrong with a file stands in its line; all others are done all the same.
    """
    failures = 0
    inference = Inference()
    try:
        card = registry.read_card(arguments.network)
        for pictures in _batches(_read(file) for file in arguments.files):
            for picture, prediction in _predict(inference, pictures, card):
                say(_line(picture, prediction, arguments.json))
                failures += prediction is None
    except (PredictionError, NetworkError) as error:
        return fail(error)
    finally:
        inference.stop()
    return 1 if failures else 0


def _read(file: str) -> Picture:
    try:
        result = normalize(read_picture(Path(file).read_bytes()))
    except PictureError as error:
        return Picture(file, None, str(error))
    except OSError as error:
        return Picture(file, None, f"The file cannot be read: {error.strerror or error}.")
    if result.problem is not None:
        return Picture(file, None, result.problem.value)
    return Picture(file, result.image)


def _batches(pictures: Iterable[Picture]) -> Iterator[list[Picture]]:
    remaining = iter(pictures)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _predict(
    predictor: Predictor, pictures: list[Picture], card: Card
) -> Iterator[tuple[Picture, Prediction | None]]:
    """Yield each picture with the answer; None where there is no image."""
    images = [picture.image for picture in pictures if picture.image is not None]
    answers = iter(predictor.probabilities(np.stack(images), card.name) if images else ())
    for picture in pictures:
        is_readable = picture.image is not None
        yield picture, Prediction(next(answers), card.reject_below) if is_readable else None


def _line(picture: Picture, prediction: Prediction | None, as_json: bool) -> str:
    if as_json:
        return json.dumps(_as_object(picture, prediction))
    file = printable(picture.file)
    if prediction is None:
        return f"{file}: {picture.error}"
    if not prediction.is_digit:
        return f"{file}: no digit recognized"
    return f"{file}: {prediction.digit} ({100 * prediction.confidence:.1f}%)"


def _as_object(picture: Picture, prediction: Prediction | None) -> dict[str, object]:
    if prediction is None:
        return {"file": picture.file, "error": picture.error}
    return {
        "file": picture.file,
        "digit": prediction.digit if prediction.is_digit else None,
        "confidence": prediction.confidence,
        "probabilities": [float(share) for share in prediction.probabilities],
    }
