"""JSON lines: what they say, and what they never say."""

import base64
import json
import logging
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app import logs
from mnist_app.logs import ADDRESS, LEFT_OUT, LONGEST, JsonLines, without_people
from tests.support.handwriting import canvas_strokes_of, drawn


def line(message: str, *args: object, exc_info: Any = None) -> dict[str, object]:  # noqa: ANN401
    record = logging.LogRecord("a.room", logging.WARNING, "", 1, message, args, exc_info)
    text = JsonLines().format(record)
    assert "\n" not in text
    said: dict[str, object] = json.loads(text)
    return said


def test_a_line_says_when_who_and_what() -> None:
    said = line("The run %s failed.\nTwice.", "quick-3")
    assert (said["level"], said["logger"]) == ("warning", "a.room")
    assert said["message"] == "The run quick-3 failed.\nTwice."
    assert str(said["time"]).endswith("+00:00")
    assert "traceback" not in said


def test_a_traceback_stays_and_the_drawing_in_it_goes() -> None:
    secret = canvas_strokes_of(4)
    try:
        raise ValueError(f"{secret} from 203.0.113.7")
    except ValueError:
        said = line("It failed.", exc_info=sys.exc_info())
    traceback = str(said["traceback"])
    assert "Traceback (most recent call last)" in traceback
    assert "test_logs.py" in traceback
    assert f"ValueError: {LEFT_OUT} from {ADDRESS}" in traceback


@pytest.mark.parametrize(
    "address",
    ["203.0.113.7", "2001:db8::1", "::1", "fe80::1:2", "2001:db8:0:1:1:1:1:1", "::ffff:10.0.0.1"],
)
def test_no_address_is_logged(address: str) -> None:
    for text in (f"{address} came", f"('{address}', 5132)", f"from {address}:5132 - closed"):
        assert address not in without_people(text)
        assert ADDRESS in without_people(text)


@pytest.mark.parametrize("digit", range(10))
def test_the_shortest_strokes_are_not_logged(digit: int) -> None:
    strokes = canvas_strokes_of(digit)
    assert strokes not in without_people(f"{{'strokes': '{strokes}'}}")


@given(st.binary(min_size=30))
def test_no_base64_is_logged(content: bytes) -> None:
    assert base64.b64encode(content).decode().rstrip("=") not in without_people(
        f"data:image/png;base64,{base64.b64encode(content).decode()} refused"
    )


@pytest.mark.parametrize("digit", range(10))
def test_no_image_and_no_strokes_are_logged_as_numbers(digit: int) -> None:
    image = drawn(digit, 28)
    shown = (str(image.tolist()), np.array2string(image, threshold=10**6), str([[1.5, 2.0]] * 40))
    for text in shown:
        assert len(without_people(f"It saw {text}.")) < 60


@pytest.mark.parametrize(
    "text",
    [
        "The run fine-tuned-12 was taken away from this worker.",
        "12:34:56 at /work/main/.venv/lib/python3.11/site-packages/streamlit/runtime/context.py:42",
        "mnist_app.ui.server: worker 0 ended with status 1, 3 times now.",
        "ScriptRunContextError in StreamlitAPIException, deadbeefdeadbeef, /usr/lib/python3/dist",
        "C++ std::vector::size, Streamlit 1.67.0, 1,234 images, loss 0.123",
    ],
)
def test_what_is_neither_stays(text: str) -> None:
    assert without_people(text) == text


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    text = without_people("begin " + "word " * LONGEST + "end")
    assert len(text) <= LONGEST + 10
    assert (text[:5], text[-3:]) == ("begin", "end")


def test_text_is_logged_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_APP_LOG", raising=False)
    handlers = list(logging.root.handlers)
    logs.prepare()
    assert logging.root.handlers == handlers
