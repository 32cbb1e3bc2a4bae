"""evaluate: measure how well a network reads."""

import argparse
import json
from pathlib import Path

from mnist_app.analysis import benchmark, metrics, stroke_drawings
from mnist_app.analysis.benchmark import USUAL_PEN, Errors
from mnist_app.analysis.error_sheet import error_sheet
from mnist_app.cli.arguments import add_network
from mnist_app.cli.ending import printable, say
from mnist_app.cli.output import fail, progress_bar, write_picture
from mnist_app.cluster import ClusterError
from mnist_app.data import labeled_pictures
from mnist_app.data.datasets import SOURCES, DatasetError
from mnist_app.data.labeled_pictures import LabeledPicturesError
from mnist_app.data.stroke_files import StrokesError, read_strokes
from mnist_app.data.strokes import DRAWINGS_PER_DIGIT, PENS, POSITIONS, SIZES
from mnist_app.inference import on_cluster
from mnist_app.networks import evaluation, registry
from mnist_app.networks.card import Card
from mnist_app.networks.evaluation import Evaluation, Measurement, StrokeGrid, Writers
from mnist_app.networks.prediction import PredictionError, Predictor
from mnist_app.networks.registry import NetworkError
from mnist_app.storage import StorageError

HELP = "measure how well a network reads"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    add_network(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument(
        "--data",
        metavar="NAME",
        help=f"whose test images: {', '.join(SOURCES)}, or a folder of labeled pictures such as "
        "FOLDER/7/anna.png (default: what it learned from)",
    )
    parser.add_argument(
        "--strokes", type=Path, metavar="FILE", help="people's pen strokes, JSON or UNIPEN"
    )
    parser.add_argument(
        "--errors", type=Path, metavar="FILE", help="write a PNG picture of the errors"
    )
    parser.add_argument("--save", action="store_true", help="add the results to the card")


def run(arguments: argparse.Namespace) -> int:
    """Print how well a network reads; return 1 when it cannot be measured, else 0."""
    inference = on_cluster.new_predictor()
    try:
        card = registry.read_card(arguments.network)
        source = arguments.data or card.tested_on
        if source not in SOURCES:
            return _run_on_folder(inference, card, arguments)
        measured, errors = _measure(inference, card, source, arguments.strokes)
        if arguments.save:
            registry.add_evaluation(card.name, measured)
    except (
        StrokesError,
        ClusterError,
        LabeledPicturesError,
        PredictionError,
        DatasetError,
        NetworkError,
        StorageError,
    ) as error:
        return fail(error)
    except OSError as error:
        return fail(f"The card cannot be written: {error.strerror or error}.")
    finally:
        inference.stop()
    test, grid = measured.tests[source], measured.strokes
    as_object = {"network": card.name, **_as_object(source, test, grid)}
    say(json.dumps(as_object) if arguments.json else _report(card.name, source, test, grid))
    return 0 if arguments.errors is None else write_picture(arguments.errors, error_sheet(errors))


def _run_on_folder(predictor: Predictor, card: Card, arguments: argparse.Namespace) -> int:
    """Print how well a network reads labeled pictures. Raises as what it calls does."""
    if arguments.strokes is not None or arguments.save:
        return fail("A folder of pictures is measured alone: leave out --strokes and --save.")
    pictures = labeled_pictures.read_folder(Path(arguments.data))
    measured, errors = benchmark.evaluate_pictures(predictor, card, pictures, progress_bar)
    problems = {
        str(file): problem
        for file, problem in zip(pictures.files, pictures.problems, strict=True)
        if problem
    }
    if arguments.json:
        result = evaluation.measurement_as_json(measured) | {"problems": problems}
        say(json.dumps({"network": card.name, "pictures": result}))
    else:
        folder = printable(arguments.data)
        parts = [f"{card.name} on {measured.images:,} pictures in {folder}"]
        parts += [_lines(measured)]
        parts += ["\n".join(f"  {printable(file)}: {why}" for file, why in problems.items())]
        say("\n\n".join(filter(None, parts)))
    return 0 if arguments.errors is None else write_picture(arguments.errors, error_sheet(errors))


def _measure(
    predictor: Predictor, card: Card, source: str, strokes: Path | None
) -> tuple[Evaluation, Errors]:
    """Measure a network on test images, and on strokes where there are any, whose errors count."""
    written = [] if strokes is None else read_strokes(strokes)
    test, errors = benchmark.evaluate_test(predictor, card, source, progress_bar)
    grid = None
    if written:
        drawings = stroke_drawings.draw_all(written, progress_bar)
        grid, errors = benchmark.evaluate_strokes(predictor, card, drawings, progress_bar)
    return Evaluation({source: test}, grid), errors


def _as_object(source: str, test: Measurement, grid: StrokeGrid | None) -> dict[str, object]:
    results: dict[str, object] = {source: evaluation.measurement_as_json(test)}
    if grid is not None:
        means = {"mean": grid.mean, "worst": grid.worst}
        results["strokes"] = evaluation.grid_as_json(grid) | means
    return results


def _report(name: str, source: str, test: Measurement, grid: StrokeGrid | None) -> str:
    parts = [f"{name} on {test.images:,} {SOURCES[source].title} test images", _lines(test)]
    if grid is not None:
        parts += [
            f"{name} on {grid.digits:,} digits of people, each drawn in {DRAWINGS_PER_DIGIT} ways: "
            f"mean {_percent(grid.mean)}, worst {_percent(grid.worst)}",
            _table(grid),
            f"of which a pen of {PENS[USUAL_PEN]} px, sizes 50 and 80%, center",
            _lines(grid.usual),
        ]
        parts += [] if grid.writers is None else [_writers(grid.writers)]
    return "\n\n".join(parts)


def _writers(writers: Writers) -> str:
    return (
        f"of its {writers.count} writers\n\n"
        f"  right, of the median writer {_percent(writers.median)}\n"
        f"  right, of the worst writer  {_percent(writers.worst)}"
    )


def _lines(result: Measurement) -> str:
    shares = enumerate(result.per_digit)
    digits = "  ".join(f"{digit}: {_percent(share)}" for digit, share in shares)
    errors = "  ".join(f"{label} as {read}: {count}" for label, read, count in result.confusions)
    return (
        f"  right                       {_with_interval(result.accuracy, result.images)}\n"
        f"  no digit recognized         {_with_interval(result.rejected, result.images)}\n"
        f"  expected calibration error  {_percent(result.calibration_error)}\n"
        f"  right, by digit             {digits}\n"
        f"  most frequent errors        {errors or 'none'}"
    )


def _table(grid: StrokeGrid) -> str:
    lines = ["  pen    size " + "".join(f"{position:>14}" for position in POSITIONS)]
    for pen, table in zip(PENS, grid.accuracy, strict=True):
        for size, row in zip(SIZES, table, strict=True):
            cells = "".join(f"{_percent(share):>14}" for share in row)
            lines.append(f"  {pen:2} px   {size}%{cells}")
    return "\n".join(lines)


def _with_interval(share: float, images: int) -> str:
    low, high = metrics.wilson_interval(share, images)
    return f"{_percent(share)} (95% interval: {_percent(low)} to {_percent(high)})"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f}%"
