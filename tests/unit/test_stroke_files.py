"""Files of people's strokes: JSON and UNIPEN, what is wrong with them, writers held apart."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.data import stroke_files
from mnist_app.data.stroke_files import StrokesError, WrittenDigit, read_strokes

ONE_POINT = [{"label": 1, "strokes": [[[3, 3]]]}]
# The words that UCI's pendigits-orig.tra uses, and its blanks; the points are made up.
UNIPEN = """.INCLUDE dene.doc
.LEXICON "0" "1" "2" "3" "4" "5" "6" "7" "8" "9"
.HIERARCHY DIGIT

.SEGMENT DIGIT 0 ? "8"
.COMMENT 8 12 33
.PEN_DOWN
 267  333
 266  330
.PEN_UP
.DT 151
.SEGMENT DIGIT 1-2 ? "5"
.COMMENT 5 3 34
.PEN_DOWN
 100  400
 120  410
 140  400
.PEN_UP
.DT 80
.PEN_DOWN
 0  500
.PEN_UP
"""


def saved(folder: Path, content: object) -> Path:
    file = folder / "strokes.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_a_good_file_is_read(tmp_path: Path) -> None:
    [first, second] = read_strokes(
        saved(tmp_path, [*ONE_POINT, {"label": 7, "strokes": [[[0, 1], [2, 3.5]], [[4, 5]]]}])
    )
    assert (first.label, second.label) == (1, 7)
    assert [stroke.tolist() for stroke in second.strokes] == [[[0, 1], [2, 3.5]], [[4, 5]]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("no json", "neither JSON nor UNIPEN"),
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
        ("[" * 200_000, "neither JSON nor UNIPEN"),
        (ONE_POINT * 2 + [{"label": 1, "strokes": "x"}], "digit 2"),
        ([ONE_POINT[0] | {"writer": 3}], "not a name"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, content: object, sentence: str) -> None:
    with pytest.raises(StrokesError, match=sentence) as caught:
        read_strokes(saved(tmp_path, content))
    assert str(caught.value).endswith(".")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StrokesError, match="cannot be read: No such file"):
        read_strokes(tmp_path / "missing.json")


def test_unipen_gives_labels_writers_and_strokes(tmp_path: Path) -> None:
    eight, five = read_strokes(saved(tmp_path, UNIPEN))
    assert (eight.label, eight.writer, five.label, five.writer) == (8, "12", 5, "3")
    assert [stroke.tolist() for stroke in eight.strokes] == [[[267, 167], [266, 170]]]
    assert [stroke.tolist() for stroke in five.strokes] == [
        [[100, 100], [120, 90], [140, 100]],
        [[0, 0]],
    ]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"8"', '"eight"', r"line 5 should be a segment such as"),
        (" 266  330", " 266", "'266' is no point"),
        (" 266  330", " 266 330 1", "no point"),
        (" 0  500\n", "", "line 12 has no stroke, or one without points"),
        (".SEGMENT", ".WORD", "has no line such as .SEGMENT"),
        (" 267  333", " 267  " + "3" * 100_000, "no point"),
    ],
)
def test_damaged_unipen_is_refused(tmp_path: Path, before: str, after: str, sentence: str) -> None:
    assert before in UNIPEN
    with pytest.raises(StrokesError, match=sentence):
        read_strokes(saved(tmp_path, UNIPEN.replace(before, after)))


def test_a_compressed_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "pendigits-orig.tra.Z"
    file.write_bytes(b"\x1f\x9d\x90.SEG")
    with pytest.raises(StrokesError, match="Unpack it first: uncompress"):
        read_strokes(file)


POINTS = st.lists(st.tuples(*[st.floats(-1e8, 1e8, width=32)] * 2), min_size=1, max_size=9)
DIGITS = st.builds(
    lambda label, strokes, writer: WrittenDigit(
        label, tuple(np.array(stroke, np.float64) for stroke in strokes), writer
    ),
    st.integers(0, 9),
    st.lists(POINTS, min_size=1, max_size=3),
    st.text("abc ü", max_size=5),
)


@given(st.lists(DIGITS, min_size=1, max_size=20))
def test_digits_come_back_from_arrays(written: list[WrittenDigit]) -> None:
    back = stroke_files.from_npz(stroke_files.as_npz(written))
    assert [(digit.label, digit.writer) for digit in back] == [
        (digit.label, digit.writer) for digit in written
    ]
    for one, other in zip(back, written, strict=True):
        assert len(one.strokes) == len(other.strokes)
        assert all(map(np.array_equal, one.strokes, other.strokes))


@given(st.lists(DIGITS, min_size=1, max_size=30), st.integers(0, 8))
def test_whole_writers_are_held_apart(written: list[WrittenDigit], writers: int) -> None:
    apart = {id(digit) for digit in stroke_files.held_apart(written, writers)}
    chosen = {digit.writer for digit in written if id(digit) in apart}
    others = {digit.writer for digit in written if id(digit) not in apart}
    assert not chosen & others
    assert len(chosen) == min(writers, len(chosen | others) // 2)
    assert stroke_files.held_apart(written, writers) == [d for d in written if id(d) in apart]
