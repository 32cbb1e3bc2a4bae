"""What a monitor and a log are told of a server on which somebody draws, fails and trains."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_app import limits, storage, workers
from mnist_app.training import labeled_drawings, runs
from tests.benchmarks.visitors import STROKES, Visitor
from tests.support import asynchronous
from tests.support.handwriting import drawn
from tests.support.process_control import end_workers
from tests.support.serving import ROOT, free_port, serve

ADDRESS = "203.0.113.7"
DIGITS = (4, 7, 7, 1)
PAGE = """
import streamlit as st

from mnist_app.ui import canvas, session_record

session_record.resume()


@st.fragment
def part() -> None:
    drawing = canvas.show()
    if drawing.has_ink:
        sent = st.session_state["canvas_0"]["drawing"]
        raise ValueError(f"{sent} {drawing.normalized.image.tolist()} {st.context.ip_address}")
    elif st.context.ip_address != "%s":
        raise ValueError("The proxy was not believed.")


part()
"""
PAGE = PAGE % ADDRESS


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A home of its own, and what is set for the server and its workers; the monitor's port."""
    port = free_port()
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    monkeypatch.setenv(limits.LOG.variable, "json")
    monkeypatch.setenv(limits.METRICS_PORT.variable, str(port))
    monkeypatch.setenv("STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE", "true")  # it says the server's own
    storage.close()
    yield port
    end_workers()
    storage.close()


def test_a_server_tells_what_happens_and_nothing_of_people(settings: int, tmp_path: Path) -> None:
    (tmp_path / "page.py").write_text(PAGE)
    own = (ROOT / "streamlit_app.py").read_text()
    own = own.replace("mnist_app/ui/entry/navigation.py", str(tmp_path / "page.py"))
    (tmp_path / "streamlit_app.py").write_text(own)
    (tmp_path / ".streamlit").mkdir()
    config = (ROOT / ".streamlit" / "config.toml").read_text()
    (tmp_path / ".streamlit" / "config.toml").write_text(config)
    run = begin_to_train()
    with serve(tmp_path / "log", tmp_path / "streamlit_app.py") as server:
        before = measured(settings)
        during = asynchronous.run(draw_and_fail(server.url, settings))
        wait_until_failed(run)
        after = measured(settings)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{server.url}/metrics", timeout=10)
    assert (before["mnist_lab_sessions"], during["mnist_lab_sessions"]) == (0, 1)
    assert before["mnist_lab_strokes_total"] == 0
    assert after["mnist_lab_strokes_total"] == 3  # one was sent twice
    assert after['mnist_lab_message_seconds_count{kind="stroke"}'] == 3
    assert after['mnist_lab_message_seconds_bucket{kind="stroke",le="+Inf"}'] == 3
    assert after['mnist_lab_errors_total{where="page"}'] == len(DIGITS)
    assert after['mnist_lab_responses_total{status="200"}'] >= 1
    assert (after["mnist_lab_store_up"], after["mnist_lab_workers"]) == (1, 1)
    assert (after["mnist_lab_runs_queued"], after["mnist_lab_runs_training"]) == (0, 0)
    log = (tmp_path / "log").read_text()
    records = records_in(log)
    assert any("ValueError" in str(record) for record in records), log
    workers_log = (tmp_path / "worker-0.log").read_text()
    assert any("Traceback" in record.get("traceback", "") for record in records_in(workers_log))
    for text in (log, workers_log):
        assert ADDRESS not in text
        assert not re.search(r"\d+\.\d+\.\d+\.\d+:\d+", text)
        assert not any(part in text for digit in DIGITS for part in parts_of(digit))


async def draw_and_fail(url: str, port: int) -> dict[str, float]:
    """Draw where each stroke fails; what is measured while the page is open."""
    visitor = Visitor(url, address=ADDRESS)
    await visitor.enter()
    for digit in DIGITS:
        await visitor.draw(digit)
    during = measured(port)
    await visitor.leave()
    return during


def begin_to_train() -> str:
    """Let a worker, which starts meanwhile, meet drawings that nobody can read; the run's name."""
    labeled_drawings.keep("somebody", drawn(4, 28), 4)
    run = labeled_drawings.fine_tune("somebody", "softmax")
    with storage.writing() as connection:
        storage.put_artifact(connection, run.name, "drawings", STROKES[4].encode())
    workers.start()
    return run.name


def wait_until_failed(run: str) -> None:
    for _ in range(600):
        if runs.read(run).status == "failed":
            return
        time.sleep(0.1)
    raise AssertionError(runs.read(run))


def measured(port: int) -> dict[str, float]:
    """What the monitor is told, by name and labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def records_in(log: str) -> list[dict[str, str]]:
    """The JSON lines of a log; TensorFlow and Streamlit's greeting print others."""
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def parts_of(digit: int) -> list[str]:
    """Parts of what a browser sends for a digit that stand in nothing else."""
    sent = json.loads(STROKES[digit])["drawing"]
    picture = sent["data"].split("base64,")[1]
    return [sent["strokes"], *(picture[at : at + 24] for at in range(40, len(picture) - 24, 200))]
