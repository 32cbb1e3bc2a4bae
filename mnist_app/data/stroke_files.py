"""Files of people's pen strokes: a JSON file, or UNIPEN as UCI's pen digits come in.

UNIPEN: Guyon, Schomaker, Plamondon, Liberman and Janet, UNIPEN project of on-line data exchange and
recognizer benchmarks (1994). Of its words, the files `pendigits-orig.tra` and `pendigits-orig.tes`
use a few: a segment with its label, a comment that says label, writer and number, and pens that go
down and up with a point a line between.
"""

import io
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES

Stroke = NDArray[np.float64]
"""Points of a pen stroke, shape (n, 2): x to the right and y down, in any unit."""

# The tablet of UCI's pen digits has 500 units a side, and its y points up.
_TABLET_SIDE = 500
_SEGMENT = re.compile(r'\.SEGMENT\s+DIGIT\s+\S+\s+\S+\s+"(?P<label>[0-9])"\s*')
_COMMENT = re.compile(r"\.COMMENT\s+[0-9]\s+(?P<writer>[0-9]{1,6})\s+[0-9]+\s*")
_POINT = re.compile(r"\s*(?P<x>-?[0-9]{1,6})\s+(?P<y>-?[0-9]{1,6})\s*")


class StrokesError(Exception):
    """A file of strokes that cannot be read; the message is a sentence for the person."""


@dataclass(frozen=True)
class WrittenDigit:
    """A digit as somebody wrote it."""

    label: int
    """0 to 9."""
    strokes: tuple[Stroke, ...]
    """In the order in which they were written; at least one, of at least one point."""
    writer: str = ""
    """Who wrote it; empty where that is not known."""


def read_strokes(file: Path) -> list[WrittenDigit]:
    """Return the digits of a file, in its order.

    The file is a JSON list of {"label": 7, "writer": "anna", "strokes": [[[x, y], ...], ...]}, y
    pointing down, where the writer may be left out; or a UNIPEN file as UCI's `pendigits-orig.tra`.

    Raises StrokesError when there is no such file or it holds anything else.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise StrokesError(f"{file} cannot be read: {error.strerror or error}.") from error
    if content.startswith(b"\x1f\x9d"):
        raise StrokesError(f"{file} is compressed. Unpack it first: uncompress {file}")
    if content.lstrip()[:1] == b".":
        return _read_unipen(content.decode("latin-1"), file)
    return _read_json(content, file)


def held_apart(written: Sequence[WrittenDigit], writers: int) -> list[WrittenDigit]:
    """Return the digits of some writers, who are the same for the same file: none learns from them.

    Whole writers, because a network that has seen a hand once knows it. There are at most half of
    all writers, and none where a file does not say who wrote.
    """
    names = sorted({digit.writer for digit in written})
    count = min(writers, len(names) // 2)
    chosen = set(np.random.default_rng(len(names)).permutation(names)[:count].tolist())
    return [digit for digit in written if digit.writer in chosen]


def as_npz(written: Sequence[WrittenDigit]) -> bytes:
    """Return digits as a file of arrays, a fifth as long as their JSON, for `from_npz`."""
    strokes = [stroke for digit in written for stroke in digit.strokes]
    names, writers = np.unique([digit.writer for digit in written], return_inverse=True)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        labels=np.array([digit.label for digit in written], np.uint8),
        names=names,
        writers=writers.astype(np.int32),
        strokes=np.array([len(digit.strokes) for digit in written], np.int32),
        lengths=np.array([len(stroke) for stroke in strokes], np.int32),
        points=np.concatenate(strokes).astype(np.float32),
    )
    return buffer.getvalue()


def from_npz(content: bytes) -> list[WrittenDigit]:
    """Return the digits that `as_npz` wrote, their points to seven digits."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        ends = np.cumsum(arrays["lengths"])[:-1]
        strokes = iter(np.split(arrays["points"].astype(np.float64), ends))
        writers = arrays["names"][arrays["writers"]]
        rows = zip(arrays["labels"], arrays["strokes"], writers, strict=True)
        return [
            WrittenDigit(int(label), tuple(next(strokes) for _ in range(count)), str(writer))
            for label, count, writer in rows
        ]


def _read_unipen(text: str, file: Path) -> list[WrittenDigit]:
    digits = [_read_segment(lines, f"{file}, line {at}") for at, lines in _segments(text)]
    if not digits:
        raise StrokesError(f'{file} has no line such as .SEGMENT DIGIT 0 ? "8".')
    return digits


def _segments(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of each digit, from its .SEGMENT on, with the number of the first."""
    lines = text.splitlines()
    starts = [at for at, line in enumerate(lines) if line.lstrip().startswith(".SEGMENT")]
    for start, end in itertools.pairwise([*starts, len(lines)]):
        yield start + 1, lines[start:end]


def _read_segment(lines: list[str], where: str) -> WrittenDigit:
    segment = _SEGMENT.fullmatch(lines[0].strip())
    if segment is None:
        raise StrokesError(f'{where} should be a segment such as .SEGMENT DIGIT 0 ? "8".')
    strokes: list[list[tuple[int, int]]] = []
    writer, is_down = "", False
    for line in lines[1:]:
        if line.lstrip().startswith("."):
            is_down = line.split()[0] == ".PEN_DOWN"
            strokes += [[]] if is_down else []
            comment = _COMMENT.fullmatch(line.strip())
            writer = comment["writer"] if comment else writer
        elif is_down and (point := _POINT.fullmatch(line)):
            strokes[-1].append((int(point["x"]), _TABLET_SIDE - int(point["y"])))
        elif line.strip():
            raise StrokesError(f"{where}: {line.strip()[:40]!r} is no point of a stroke.")
    if not strokes or not all(strokes):
        raise StrokesError(f"{where} has no stroke, or one without points.")
    return WrittenDigit(
        int(segment["label"]), tuple(np.array(points, np.float64) for points in strokes), writer
    )


def _read_json(content: bytes, file: Path) -> list[WrittenDigit]:
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StrokesError(f"{file} is neither JSON nor UNIPEN: {error}.") from error
    if not isinstance(entries, list) or not entries:
        raise StrokesError(f"{file} should hold a list of digits with labels and strokes.")
    return [_read_digit(entry, f"{file}, digit {index}") for index, entry in enumerate(entries)]


def _read_digit(entry: object, where: str) -> WrittenDigit:
    if not isinstance(entry, dict) or not {"label", "strokes"} <= entry.keys():
        raise StrokesError(f'{where} should be an object with "label" and "strokes".')
    label, strokes, writer = entry["label"], entry["strokes"], entry.get("writer", "")
    if not isinstance(label, int) or isinstance(label, bool) or not 0 <= label < CLASSES:
        raise StrokesError(f"{where} has the label {label!r}; it should be a digit from 0 to 9.")
    if not isinstance(strokes, list) or not strokes:
        raise StrokesError(f"{where} has no strokes; it should have at least one.")
    if not isinstance(writer, str):
        raise StrokesError(f"{where} has a writer that is not a name.")
    return WrittenDigit(label, tuple(_read_stroke(stroke, where) for stroke in strokes), writer)


def _read_stroke(stroke: object, where: str) -> Stroke:
    points = stroke if isinstance(stroke, list) else []
    if not points or not all(_is_point(point) for point in points):
        raise StrokesError(f"{where} has a stroke that is not a list of points [x, y].")
    return np.array(points, dtype=np.float64)


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(value, int | float) and abs(value) < 1e9 for value in point)
    )
