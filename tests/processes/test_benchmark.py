"""The benchmark: people's strokes drawn in all ways, and what the command measures and prints."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mnist_app.analysis import benchmark, stroke_drawings
from mnist_app.analysis.error_sheet import TILE, error_sheet
from mnist_app.data import strokes
from mnist_app.data.strokes import DRAWINGS_PER_DIGIT, PENS, POSITIONS, SIZES
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import Image, normalize
from mnist_app.networks import evaluation as evaluations
from mnist_app.networks.evaluation import Evaluation, Writers
from mnist_app.networks.registry import read_card
from tests.support.handwriting import DIGITS, drawn, written
from tests.support.serving import ROOT

WRITTEN = [written(label) for label in DIGITS]
DRAWINGS = stroke_drawings.draw(WRITTEN)


def test_each_digit_is_drawn_in_all_cells_of_the_grid() -> None:
    grid = (len(PENS), len(SIZES), len(POSITIONS))
    assert DRAWINGS.indices.shape == DRAWINGS.unreadable.shape == (10, *grid)
    assert np.prod(grid) == DRAWINGS_PER_DIGIT
    assert DRAWINGS.labels.tolist() == list(DIGITS)
    for index, pen, size, place in ((0, 0, 0, 0), (3, 1, 1, 3), (9, 2, 2, 4)):
        canvas = strokes.draw(WRITTEN[index], PENS[pen], SIZES[size])
        canvas = strokes.move(canvas, list(POSITIONS)[place])
        expected = normalize(canvas, "black").image
        assert np.array_equal(DRAWINGS.images[DRAWINGS.indices[index, pen, size, place]], expected)


def test_each_different_image_is_kept_once() -> None:
    assert len(np.unique(DRAWINGS.images, axis=0)) == len(DRAWINGS.images) < 10 * 45
    assert (DRAWINGS.indices == DRAWINGS.indices[..., :1]).all()  # the position does not matter


def test_several_processes_draw_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stroke_drawings, "TASK_DIGITS", 4)
    drawings = stroke_drawings.draw_all(WRITTEN)
    expected = DRAWINGS.images[DRAWINGS.indices]
    assert np.array_equal(drawings.images[drawings.indices], expected)
    assert np.array_equal(drawings.unreadable, DRAWINGS.unreadable)
    assert np.array_equal(drawings.labels, DRAWINGS.labels)


class OnlyZeros:
    """A network that is quite sure that everything is a 0."""

    def probabilities(self, images: Image, network: str) -> np.ndarray:
        assert network == "cnn"
        return np.tile(np.array([0.91] + [0.01] * 9, np.float32), (len(images), 1))

    def outputs(self, images: Image, layer: str, network: str) -> np.ndarray:
        raise NotImplementedError


def test_a_grid_and_its_errors_are_measured() -> None:
    grid, errors = benchmark.evaluate_strokes(OnlyZeros(), read_card("cnn"), DRAWINGS)
    assert grid.digits == 10
    assert np.shape(grid.accuracy) == (3, 3, 5)
    assert grid.worst == 0.1
    assert grid.mean == pytest.approx(0.1)
    assert grid.usual.images == 20
    assert grid.writers is None
    assert grid.usual.per_digit == (1.0,) + (0.0,) * 9
    assert errors.labels.tolist() == list(range(1, 10))
    assert errors.images.shape == (9, 28, 28)


def test_writers_are_compared() -> None:
    people = [replace(WRITTEN[0], writer="a"), replace(WRITTEN[0], writer="b")]
    people += [replace(WRITTEN[1], writer="b"), replace(WRITTEN[2], writer="c")]
    drawings = stroke_drawings.draw(people)
    grid, _ = benchmark.evaluate_strokes(OnlyZeros(), read_card("cnn"), drawings)
    assert grid.writers == Writers(count=3, worst=0.0, median=0.5)
    assert evaluations.from_json(evaluations.as_json(Evaluation({}, grid))).strokes == grid


def test_the_test_images_are_measured() -> None:
    measured, errors = benchmark.evaluate_test(OnlyZeros(), read_card("cnn"), "mnist")
    assert measured.images == 10_000
    assert measured.accuracy == 0.098  # 980 of them are a 0
    assert measured.rejected == 0
    assert measured.calibration_error == pytest.approx(0.91 - 0.098)
    assert len(errors.labels) == 10_000 - 980
    sheet = error_sheet(errors)
    assert sheet.shape == (24 * TILE[0], 10 * TILE[1])


def test_without_errors_the_sheet_is_empty() -> None:
    nothing = benchmark.Errors(
        np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8), np.zeros((0, 10), np.float32)
    )
    assert not error_sheet(nothing).any()


def evaluate(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mnist_app", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_measures_and_shows_the_errors(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"label": label, "writer": "a", "strokes": DIGITS[label]} for label in DIGITS
    ]
    entries[3]["label"] = 5  # so that there is an error to be shown
    file, sheet = tmp_path / "strokes.json", tmp_path / "errors.png"
    file.write_text(json.dumps(entries))
    result = evaluate("--strokes", file, "--errors", sheet, "--json")
    assert result.returncode == 0
    found = json.loads(result.stdout)
    assert found.keys() == {"network", "mnist", "strokes"}
    assert found["network"] == "cnn"
    assert found["mnist"]["accuracy"] >= 0.995
    assert found["mnist"]["calibration_error"] < 0.01
    assert np.shape(found["strokes"]["accuracy"]) == (3, 3, 5)
    assert found["strokes"]["mean"] == pytest.approx(np.mean(found["strokes"]["accuracy"]))
    assert found["strokes"]["worst"] == np.min(found["strokes"]["accuracy"])
    assert found["strokes"]["usual"]["accuracy"] == pytest.approx(0.9)
    assert found["strokes"]["usual"]["confusions"] == [[5, 3, 2]]
    picture = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture[4:116, 6:118].max() == 255


def test_the_command_prints_a_table() -> None:
    result = evaluate("--network", "softmax")
    assert result.returncode == 0
    assert "softmax on 10,000 MNIST test images" in result.stdout
    found = re.search(r"right +([\d.]+)% \(95% interval: ([\d.]+)% to ([\d.]+)%\)", result.stdout)
    assert found is not None, result.stdout
    share, low, high = map(float, found.groups())
    assert 80 < low < share < high < 95
    # Of 10,000 images at a share of p: about 1.96 standard deviations to either side.
    assert high - low == pytest.approx(2 * 1.96 * (share * (100 - share) / 10_000) ** 0.5, abs=0.02)


def test_the_command_measures_a_folder_of_pictures(tmp_path: Path) -> None:
    for digit in (3, 8):
        (tmp_path / str(digit)).mkdir()
        (tmp_path / str(digit) / "anna.png").write_bytes(encode_png(255 - drawn(digit)))
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "wrong.png").write_bytes(encode_png(drawn(3)))
    (tmp_path / "5" / "torn.png").write_bytes(b"torn")
    sheet = tmp_path / "errors.png"
    found = json.loads(evaluate("--data", tmp_path, "--errors", sheet, "--json").stdout)["pictures"]
    assert found["images"] == 4
    assert found["accuracy"] == 0.5
    assert found["confusions"] == [[5, 3, 1]]
    [(file, problem)] = found["problems"].items()
    assert file == str(tmp_path / "5" / "torn.png")
    assert problem.startswith("This is not a PNG or JPEG picture")
    assert sheet.stat().st_size > 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--data", "nowhere"], "nowhere has no pictures. Put them into folders"),
        (["--data", "tests", "--save"], "leave out --strokes and --save."),
    ],
)
def test_a_folder_that_cannot_be_measured_is_explained(options: list[str], sentence: str) -> None:
    result = evaluate(*options)
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    result = evaluate("--strokes", tmp_path / "missing.json")
    assert result.returncode == 1
    assert "cannot be read" in result.stderr
    assert "Traceback" not in result.stderr
