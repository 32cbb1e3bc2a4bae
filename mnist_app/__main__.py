"""The command line: python -m mnist_app classify | evaluate | train | score | map | samples."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from mnist_app import workers
from mnist_app.analysis import benchmark, embedding, scores
from mnist_app.analysis.benchmark import error_sheet
from mnist_app.analysis.embedding import EmbeddingError
from mnist_app.cli import follow
from mnist_app.data import epochs
from mnist_app.data.datasets import SOURCES, DatasetError
from mnist_app.data.strokes import StrokesError, read_strokes
from mnist_app.imaging import normalize
from mnist_app.imaging.image_files import PictureError, encode_png, read_picture
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Inference, InferenceError
from mnist_app.networks import registry
from mnist_app.networks.card import add_evaluation
from mnist_app.networks.prediction import Prediction
from mnist_app.networks.registry import NETWORKS
from mnist_app.training import runs, settings
from mnist_app.training.runs import Run, RunError
from mnist_app.training.settings import Settings, SettingsError

BATCH = 256


@dataclass(frozen=True)
class Picture:
    """A file on its way to an answer: an image of shape (28, 28), or what is wrong with it."""

    file: str
    image: Image | None
    error: str = ""


def main() -> int:
    """Run the command that the arguments name and return the exit status."""
    arguments = _parse_arguments()
    if arguments.command == "classify":
        return classify(arguments.files, arguments.network, arguments.json)
    if arguments.command == "evaluate":
        return evaluate(arguments)
    if arguments.command == "score":
        return score(arguments.network)
    if arguments.command == "map":
        return make_map()
    if arguments.command == "samples":
        return samples(arguments.seed, arguments.output)
    return train(arguments)


def classify(files: Iterable[str], network: str, as_json: bool) -> int:
    """Print a line for each picture file; return 1 when any of them could not be read, else 0.

    All other files are done first. Raises nothing: what is wrong stands in the file's line.
    """
    failures = 0
    door = Inference()
    try:
        for pictures in _batches(_read(file) for file in files):
            for picture, answer in _answer(door, pictures, network):
                print(_line(picture, answer, as_json), flush=True)
                failures += answer is None
    except InferenceError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        door.stop()
    return 1 if failures else 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Print how well a network reads; return 1 when strokes or network cannot be had, else 0."""
    door = Inference()
    try:
        written = [] if arguments.strokes is None else read_strokes(arguments.strokes)
        card = registry.read_card(arguments.network)
        source = arguments.data or card.tested_on
        test, errors = benchmark.evaluate_test(door, card, source)
        grid = None
        if written:
            drawn = benchmark.draw_all(written)
            grid, errors = benchmark.evaluate_strokes(door, card, drawn)
    except (StrokesError, InferenceError, DatasetError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        door.stop()
    results = benchmark.as_object(source, test, grid)
    text = benchmark.report(card.name, source, test, grid)
    print(json.dumps({"network": card.name} | results) if arguments.json else text)
    if arguments.save:
        add_evaluation(card.name, results, runs.network_folder(card.name))
    return 0 if arguments.errors is None else _write(arguments.errors, error_sheet(errors))


def train(arguments: argparse.Namespace) -> int:
    """Train a network as a run and follow it; return 0 when it learned something, else 1."""
    try:
        run = _resumed(arguments) if arguments.resume else _created(arguments)
        workers.start()
        status = follow.follow(run, arguments.json)
        if status == 0 and arguments.output is not None:
            follow.export(runs.read(run.name), arguments.output)
        return status
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (RunError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _created(arguments: argparse.Namespace) -> Run:
    """Begin with the preset, or with how the network was trained that ships."""
    kind = arguments.preset or arguments.network or registry.DEFAULT_NETWORK
    start = (
        settings.PRESETS[kind].settings
        if arguments.preset
        else settings.SHIPPED.get(kind, Settings())
    )
    names = settings.as_dictionary(start)
    given = {name: value for name in names if (value := getattr(arguments, name, None)) is not None}
    return runs.create(settings.read(names | given), kind)


def _resumed(arguments: argparse.Namespace) -> Run:
    """Go on with a run: to its end, or for as many more epochs as are given."""
    run = runs.read(arguments.resume)
    runs.go_on(run, arguments.epochs or 0)
    return runs.read(run.name)


def score(network: str) -> int:
    """Measure a network on all test images and on spoiled ones, and keep that beside its weights.

    Returns 1 where it cannot be measured, else 0.
    """
    door = Inference()
    try:
        card = registry.read_card(network)
        for share in scores.measure(door, card):
            print(f"\r{network}: {100 * share:3.0f}%", end="", file=sys.stderr, flush=True)
    except (InferenceError, RunError, DatasetError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        door.stop()
    print(file=sys.stderr)
    kept = scores.read(card)
    print(json.dumps({"network": network, **scores.summary(kept)} if kept else {}))
    return 0


def make_map() -> int:
    """Make the map of the digits that ships with the program; return 1 where that fails, else 0."""
    door = Inference()
    try:
        embedding.build(door)
    except (EmbeddingError, InferenceError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        door.stop()
    return 0


def samples(seed: int, file: Path) -> int:
    """Write a picture of digits and other drawings that the program makes to train on."""
    sheet = cv2.resize(epochs.sample_sheet(seed), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    return _write(file, np.asarray(sheet, dtype=np.uint8))


def _write(file: Path, picture: Image) -> int:
    try:
        file.write_bytes(encode_png(picture))
    except OSError as error:
        print(f"{file} cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mnist_app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    reading = commands.add_parser("classify", help="say which digit each picture shows")
    _add_network(reading)
    reading.add_argument("--json", action="store_true", help="one JSON object a line")
    reading.add_argument("files", nargs="+", metavar="FILE", help="a PNG or JPEG picture")
    measuring = commands.add_parser("evaluate", help="measure how well a network reads")
    _add_network(measuring)
    measuring.add_argument("--json", action="store_true", help="one JSON object")
    measuring.add_argument(
        "--data", choices=SOURCES, help="whose test images (default: what it learned from)"
    )
    measuring.add_argument(
        "--strokes", type=Path, metavar="FILE", help="pen strokes of people, a JSON file"
    )
    measuring.add_argument(
        "--errors", type=Path, metavar="FILE", help="write a PNG picture of the errors"
    )
    measuring.add_argument("--save", action="store_true", help="add the results to the card")
    scoring = commands.add_parser(
        "score", help="measure a network on each test image and on spoiled ones, for the pages"
    )
    _add_network(scoring)
    commands.add_parser("map", help="make the map of the digits anew, for the page MNIST")
    writing = commands.add_parser("samples", help="show digits that the program writes to train on")
    writing.add_argument("--seed", type=int, default=1, help="another seed, other samples")
    writing.add_argument(
        "--output",
        type=Path,
        default=Path("samples.png"),
        metavar="FILE",
        help="the PNG file to write (default: %(default)s)",
    )
    _add_training(commands.add_parser("train", help="train a network on MNIST"))
    return parser.parse_args()


def _add_training(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--preset",
        choices=settings.PRESETS,
        help="settings to begin with; without it, those of the network that ships",
    )
    command.add_argument("--resume", metavar="RUN", help="go on with a run")
    command.add_argument("--json", action="store_true", help="the last line is a JSON object")
    command.add_argument(
        "--output", type=Path, metavar="FOLDER", help="write card and weights there, too"
    )
    for field in fields(Settings):
        if field.name == "start_from":
            continue
        option = f"--{field.name.replace('_', '-')}"
        if field.name in settings.CHOICES:
            command.add_argument(option, choices=settings.CHOICES[field.name])
        elif isinstance(field.default, bool):
            command.add_argument(option, action=argparse.BooleanOptionalAction)
        else:
            low, high = settings.BOUNDS[field.name]
            read = _number(field.name, int if isinstance(field.default, int) else float)
            command.add_argument(option, type=read, help=f"from {low:g} to {high:.12g}")


def _add_network(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--network",
        type=_network,
        default=registry.DEFAULT_NETWORK,
        metavar="NAME",
        help=f"one of {', '.join(NETWORKS)}, or a run (default: %(default)s)",
    )


def _number(setting: str, kind: type[int] | type[float]) -> Callable[[str], float]:
    """Return what reads a number for a setting from the command line, within its bounds."""

    def read(text: str) -> float:
        try:
            value = kind(text)
            settings.check(setting, value)
        except SettingsError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return value

    read.__name__ = "number"  # argparse says: invalid number value
    return read


def _network(name: str) -> str:
    if name not in NETWORKS and not registry.exists(name):
        raise argparse.ArgumentTypeError(f"there is no network {name!r}: {', '.join(NETWORKS)}")
    return name


def _read(file: str) -> Picture:
    try:
        seen = normalize.normalize(read_picture(Path(file).read_bytes()))
    except PictureError as error:
        return Picture(file, None, str(error))
    except OSError as error:
        return Picture(file, None, f"The file cannot be read: {error.strerror or error}.")
    if seen.problem is not None:
        return Picture(file, None, seen.problem.value)
    return Picture(file, seen.image)


def _batches(pictures: Iterator[Picture]) -> Iterator[list[Picture]]:
    while batch := list(islice(pictures, BATCH)):
        yield batch


def _answer(
    door: Inference, pictures: list[Picture], network: str
) -> Iterator[tuple[Picture, Prediction | None]]:
    images = [picture.image for picture in pictures if picture.image is not None]
    answers = iter(door.classify(np.stack(images), network)) if images else iter(())
    reject_below = registry.read_card(network).reject_below
    for picture in pictures:
        yield picture, None if picture.image is None else Prediction(next(answers), reject_below)


def _line(picture: Picture, answer: Prediction | None, as_json: bool) -> str:
    if as_json:
        return json.dumps(_as_object(picture, answer))
    if answer is None:
        return f"{picture.file}: {picture.error}"
    if not answer.is_digit:
        return f"{picture.file}: no digit recognized"
    return f"{picture.file}: {answer.digit} ({100 * answer.confidence:.1f}%)"


def _as_object(picture: Picture, answer: Prediction | None) -> dict[str, object]:
    if answer is None:
        return {"file": picture.file, "error": picture.error}
    return {
        "file": picture.file,
        "digit": answer.digit if answer.is_digit else None,
        "confidence": answer.confidence,
        "probabilities": [float(share) for share in answer.probabilities],
    }


if __name__ == "__main__":
    sys.exit(main())
