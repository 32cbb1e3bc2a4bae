"""The stream of a run: who hears what, and only what is new."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.requests import Request

from mnist_app import storage
from mnist_app.imaging.image_files import as_base64
from mnist_app.training import leases, runs
from mnist_app.training.history import NO_SNAPSHOT, TRAINING, VALIDATION, Event
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import Run
from mnist_app.training.settings import Settings
from mnist_app.ui import run_stream, visitor
from mnist_app.ui.run_stream import KERNEL_BYTES, OWNERS, Look, RunReaders, changes, look_at
from tests.support import asynchronous

NUMBER = "0123456789abcdef" * 2
OWNER = visitor.owner_by({"mnist_lab_visitor": NUMBER})
DRAWING = np.full((28, 28), 7, np.uint8)
SNAPSHOT = replace(
    NO_SNAPSHOT,
    kernels=np.linspace(-1, 1, 50, dtype=np.float32).reshape(2, 5, 5),
    wrong=np.array([3, 499], np.uint16),
    answers=np.array([4, 9], np.uint8),
    drawing=DRAWING,
    probabilities=np.eye(10, dtype=np.float32)[2],
)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    monkeypatch.setattr(run_stream, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(run_stream, "PAUSES", (0.01,))
    monkeypatch.setattr(run_stream, "IDLE_SECONDS", 0.1)
    yield
    storage.close()


def training() -> tuple[Run, Recorder]:
    runs.create(Settings(), "quick", OWNER)
    run = leases.claim_next("worker")
    assert run is not None
    recorder = Recorder(run, "worker")
    recorder.record([Event(TRAINING, 100, (2.3, 0.1)), Event(VALIDATION, 100, (2.2, 0.2))])
    recorder.record([], snapshot=SNAPSHOT)
    return run, recorder


class Watcher:
    """A browser that hears a run, with a visitor's cookie or none."""

    def __init__(self, readers: RunReaders, run: str, number: str = "") -> None:
        self.readers, self.heard, self.text = readers, asyncio.Event(), ""
        cookie = [(b"cookie", f"mnist_lab_visitor={number}".encode())] if number else []
        self.scope: dict[str, Any] = {
            "type": "http",
            "headers": cookie,
            "path_params": {"name": run},
            "asgi": {"spec_version": "2.3"},
        }
        self.watching = asyncio.ensure_future(self.watch())

    async def watch(self) -> None:
        answer = await self.readers.answer(Request(self.scope))
        await answer(self.scope, self.receive, self.send)

    async def receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Any) -> None:  # noqa: ANN401
        self.text += message.get("body", b"").decode()
        self.heard.set()

    async def wait_for(self, part: str) -> None:
        async with asyncio.timeout(10):
            while part not in self.text:
                self.heard.clear()
                await self.heard.wait()


def test_the_drawing_and_its_answers_are_the_owners_alone() -> None:
    run, recorder = training()

    async def hear() -> None:
        readers = RunReaders()
        own = Watcher(readers, run.name, NUMBER)
        others = [Watcher(readers, run.name, number) for number in ("", "f" * 32, "junk")]
        for watcher in (own, *others):
            await watcher.wait_for('"answers"')
        recorder.record([], snapshot=replace(SNAPSHOT, probabilities=np.eye(10, dtype="f4")[5]))
        await own.wait_for("[0.0,0.0,0.0,0.0,0.0,1.0")
        recorder.record([Event(TRAINING, 200, (1.25, 0.5))])
        recorder.finish("stopped", {})
        for watcher in (own, *others):
            await watcher.watching
        assert all(part in own.text for part in OWNERS)
        for watcher in others:
            assert not any(part in watcher.text for part in OWNERS)
            assert "1.25" in watcher.text

    asynchronous.run(hear())


def test_only_what_is_new_is_told() -> None:
    run, recorder = training()
    first = look_at(run.name)
    whole = changes(None, first, for_owner=True)
    assert whole["restart"]
    assert whole["training"] == {"images": (100,), "loss": (2.3,), "accuracy": (0.1,)}
    assert whole["moment"]["answers"] == "...4" + 495 * "." + "9"
    assert changes(first, look_at(run.name), for_owner=True) == {}
    recorder.record([Event(TRAINING, 200, (1.0, 0.7))], progress=0.5)
    second = look_at(run.name)
    assert changes(first, second, for_owner=True) == {
        "run": {"progress": 0.5},
        "training": {"images": (200,), "loss": (1.0,), "accuracy": (0.7,)},
    }
    json.dumps(whole, allow_nan=False)


def test_a_run_that_went_back_is_told_anew() -> None:
    run, recorder = training()
    before = look_at(run.name)
    assert recorder.go_back() is None
    after = changes(before, look_at(run.name), for_owner=False)
    assert after["restart"]
    assert "training" not in after


def test_many_who_watch_share_one_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    run, recorder = training()
    looks = 0

    def counted(name: str, trouble: str = "") -> Look:
        nonlocal looks
        looks += 1
        return look_at(name, trouble)

    monkeypatch.setattr(run_stream, "look_at", counted)
    monkeypatch.setattr(run_stream, "POLL_SECONDS", 0.05)

    async def hear() -> None:
        readers, began = RunReaders(), time.monotonic()
        watchers = [Watcher(readers, run.name, f"{number:032x}") for number in range(40)]
        for watcher in watchers:
            await watcher.wait_for("restart")
        await asyncio.sleep(0.3)
        assert looks <= 2 + (time.monotonic() - began) / run_stream.POLL_SECONDS
        runs.send_command(run.name, OWNER, "stop")
        recorder.finish("stopped", {})
        runs.delete(run.name, OWNER)
        for watcher in watchers:
            await watcher.watching
            assert "event: gone" in watcher.text or "stopped" in watcher.text

    asynchronous.run(hear())


def test_nobody_watches_what_is_not_there_or_anothers_alone() -> None:
    private = runs.create(Settings(), "fine-tuned", OWNER, b"drawings").name

    async def hear() -> None:
        for name in ("quick-99", "../../etc", "x" * 5000, private):
            watcher = Watcher(RunReaders(), name)
            await watcher.watching
            assert "event: gone" in watcher.text

    asynchronous.run(hear())


def test_large_kernels_come_less_often() -> None:
    run, recorder = training()
    large = replace(SNAPSHOT, kernels=np.ones((16, 28, 28), np.float32))

    async def hear() -> None:
        watcher, began = Watcher(RunReaders(), run.name), time.monotonic()
        await watcher.wait_for("restart")
        for change in range(20):
            recorder.record([], snapshot=replace(large, kernels=large.kernels * (change % 2 - 0.5)))
            await asyncio.sleep(0.02)
        recorder.finish("stopped", {})
        await watcher.watching
        one_each = len(as_base64(large.kernels.astype(np.uint8).tobytes())) / KERNEL_BYTES
        most = 3 + (time.monotonic() - began) / one_each  # the first small ones and the last, too
        assert 2 <= watcher.text.count('"kernels"') <= most

    asynchronous.run(hear())
