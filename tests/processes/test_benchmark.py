"""The measure: strokes drawn as the canvas draws them, and what is counted."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.analysis import benchmark, scores
from mnist_app.data import strokes
from mnist_app.data.strokes import PENS, POSITIONS, SIZES, StrokesError, WrittenDigit
from mnist_app.imaging import normalize
from tests.support.handwriting import DIGITS
from tests.support.serving import ROOT

ONE_POINT = [{"label": 1, "strokes": [[[3, 3]]]}]


def write(folder: Path, content: object) -> Path:
    file = folder / "strokes.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def written(label: int) -> WrittenDigit:
    return WrittenDigit(label, tuple(np.array(stroke, float) for stroke in DIGITS[label]))


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pen", PENS)
def test_the_ink_is_as_large_and_lies_where_it_should(pen: int, size: int, position: str) -> None:
    straight = WrittenDigit(1, (np.array([[0.0, 0], [0, 50], [0, 100]]),))
    canvas = strokes.move(strokes.draw(straight, pen, size), position)
    x, y, width, height = normalize.bounding_box(np.where(canvas > 127, canvas, 0).astype(np.uint8))
    assert canvas.shape == (280, 280)
    assert width == pytest.approx(pen, abs=1)
    assert height == pytest.approx(2.8 * size + pen, abs=1)
    across, down = POSITIONS[position]
    assert x == pytest.approx(across * (280 - width), abs=1)
    assert y == pytest.approx(down * (280 - height), abs=1)


@pytest.mark.parametrize("degrees", [0, 17, 45, 73, 90])
@pytest.mark.parametrize("pen", PENS)
def test_a_line_is_as_wide_as_the_pen(pen: int, degrees: int) -> None:
    """Without its two half circles, the ink's area is length times width."""
    along = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    line = WrittenDigit(1, (np.array([-along, along]),))
    length = 2.8 * 50 / np.abs(along).max()
    ink = strokes.draw(line, pen, 50).sum() / 255
    assert (ink - np.pi * (pen / 2) ** 2) / length == pytest.approx(pen, abs=0.7)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_unit_and_origin_of_the_points_do_not_matter(origin: float, unit: float) -> None:
    plain = written(4)
    moved = WrittenDigit(4, tuple(stroke * unit + origin for stroke in plain.strokes))
    drawn, again = strokes.draw(plain, 18, 50), strokes.draw(moved, 18, 50)
    assert cv2.absdiff(drawn, again).mean() < 0.5


@pytest.mark.parametrize("pen", PENS)
def test_a_single_point_is_a_round_dot(pen: int) -> None:
    canvas = strokes.draw(WrittenDigit(1, (np.array([[7.0, 7.0]]),)), pen, 50)
    rows, columns = np.indices(canvas.shape) + 0.5 - 140
    distance = np.hypot(rows, columns)
    assert canvas.sum() / 255 == pytest.approx(np.pi * (pen / 2) ** 2, rel=0.05)
    assert canvas[distance < pen / 2 - 1].min() == 255
    assert canvas[distance > pen / 2 + 1].max() == 0


def test_curves_go_through_the_middles_as_the_pencil_of_the_canvas() -> None:
    """A quadratic curve with the corner as its control point passes a quarter of the way in."""
    corner = WrittenDigit(7, (np.array([[0.0, 0], [100, 0], [100, 100]]),))
    canvas = strokes.draw(corner, 8, 80)
    assert canvas[28, 252] == 0  # the corner
    assert canvas[56, 224] == 255  # a quarter of the way to the middles (140, 28) and (252, 140)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("no json", "no JSON file"),
        ({}, "a list of digits"),
        ([], "a list of digits"),
        ([3], '"label" and "strokes"'),
        ([{"label": 1}], '"label" and "strokes"'),
        ([{"label": 10, "strokes": [[[0, 0]]]}], "0 to 9"),
        ([{"label": True, "strokes": [[[0, 0]]]}], "0 to 9"),
        ([{"label": 1, "strokes": []}], "at least one"),
        ([{"label": 1, "strokes": [[]]}], r"points \[x, y\]"),
        ([{"label": 1, "strokes": [[[0, 0, 0]]]}], r"points \[x, y\]"),
        ([{"label": 1, "strokes": [[[0, "a"]]]}], r"points \[x, y\]"),
        ('[{"label": 1, "strokes": [[[0, NaN]]]}]', r"points \[x, y\]"),
        ('[{"label": 1, "strokes": [[[0, 1e300]]]}]', r"points \[x, y\]"),
        (f'[{{"label": 1, "strokes": [[[0, 1{"0" * 400}]]]}}]', r"points \[x, y\]"),
        ("[" * 200_000, "no JSON file"),
        (ONE_POINT * 2 + [{"label": 1, "strokes": "x"}], "digit 2"),
    ],
)
def test_a_bad_file_gets_a_sentence(tmp_path: Path, content: object, sentence: str) -> None:
    with pytest.raises(StrokesError, match=sentence) as caught:
        strokes.read_strokes(write(tmp_path, content))
    assert str(caught.value).endswith(".")


def test_a_missing_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StrokesError, match="cannot be read: No such file"):
        strokes.read_strokes(tmp_path / "missing.json")


def test_calibration_error_of_an_example_by_hand() -> None:
    """Bins of 1/15: two answers at 0.95, one of them right; two at 0.5, both right."""
    confidence = np.array([0.95, 0.95, 0.5, 0.5])
    right = np.array([True, False, True, True])
    assert scores.calibration_error(confidence, right) == pytest.approx(
        0.5 * abs(0.5 - 0.95) + 0.5 * abs(1 - 0.5)
    )


def test_calibration_error_of_who_is_right_as_often_as_sure() -> None:
    generator = np.random.default_rng(1)
    confidence = generator.uniform(0.1, 1, 200_000)
    right = generator.random(200_000) < confidence
    assert scores.calibration_error(confidence, right) < 0.01
    assert scores.calibration_error(confidence, ~right) > 0.2
    assert scores.calibration_error(confidence[:0], right[:0]) == 0


def test_what_is_counted() -> None:
    probabilities = np.full((4, 10), 0.01, np.float32)
    probabilities[[0, 1, 2, 3], [3, 3, 5, 7]] = [0.9, 0.9, 0.4, 0.9]
    labels = np.array([3, 8, 5, 7])
    result = benchmark.measure(probabilities, labels, 0.5, np.array([False] * 3 + [True]))
    assert result.images == 4
    assert result.accuracy == 0.5  # the 3 and the 5; the 7 was refused
    assert result.rejected == 0.5  # the unsure 5 and the refused 7
    assert result.per_digit[3] == 1
    assert result.per_digit[8] == result.per_digit[7] == 0
    assert result.per_digit[0] is None
    assert result.confusions == ((8, 3, 1),)


def test_all_45_drawings_of_a_digit_and_each_different_image_once() -> None:
    digits = [written(label) for label in DIGITS]
    drawn = benchmark.draw_some(digits)
    assert drawn.which.shape == (10, 3, 3, 5)
    assert len(np.unique(drawn.images, axis=0)) == len(drawn.images) < 10 * 45
    for index, label in enumerate(DIGITS):
        canvas = strokes.move(strokes.draw(digits[index], 18, 50), "bottom left")
        assert label == digits[index].label
        expected = normalize.normalize(canvas, "black").image
        assert np.array_equal(drawn.images[drawn.which[index, 1, 1, 3]], expected)
    assert (drawn.which == drawn.which[..., :1]).all()  # the position does not matter


def evaluate(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mnist_app", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_measures_prints_and_shows_the_errors(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"label": label, "writer": "a", "strokes": DIGITS[label]} for label in DIGITS
    ]
    entries[3]["label"] = 5  # so that there is an error to be shown
    file, sheet = write(tmp_path, entries), tmp_path / "errors.png"
    result = evaluate("--strokes", file, "--errors", sheet, "--json")
    assert result.returncode == 0
    found = json.loads(result.stdout)
    assert found["network"] == "cnn"
    assert found["mnist"]["accuracy"] >= 0.995
    assert found["mnist"]["calibration_error"] < 0.01
    assert np.shape(found["strokes"]["accuracy"]) == (3, 3, 5)
    assert found["strokes"]["usual"]["accuracy"] == pytest.approx(0.9)
    assert found["strokes"]["usual"]["confusions"] == [[5, 3, 2]]
    picture = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture[4:116, 6:118].max() == 255


def test_the_command_prints_a_table_or_a_sentence(tmp_path: Path) -> None:
    result = evaluate("--network", "softmax")
    assert result.returncode == 0
    assert re.search(r"right +8\d\.\d\d %", result.stdout)
    bad = evaluate("--strokes", tmp_path / "missing.json")
    assert bad.returncode == 1
    assert "cannot be read" in bad.stderr
    assert "Traceback" not in bad.stderr
