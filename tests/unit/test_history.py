"""Events, snapshots and checkpoints: written by a worker, read by whoever watches."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_app import storage
from mnist_app.training import history, leases, runs
from mnist_app.training.checkpoint import Checkpoint, CheckpointError, read_checkpoint
from mnist_app.training.history import (
    DRAWING,
    NO_SNAPSHOT,
    PROBABILITIES,
    RATE,
    TRAINING,
    VALIDATION,
    Event,
    History,
    read_history,
    read_snapshot,
)
from mnist_app.training.leases import LeaseLost
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import OPERATOR, Run
from mnist_app.training.settings import Settings
from tests.support.handwriting import drawn

EVENTS = [
    Event(VALIDATION, 0, (2.3, 0.1)),
    Event(TRAINING, 100, (1.5, 0.5)),
    Event(PROBABILITIES, 100, (0.1,) * 10),
    Event(RATE, 150, (0.003,)),
    Event(TRAINING, 200, (0.5, 0.75)),
]


@pytest.fixture
def training(store: str) -> tuple[Run, Recorder]:
    assert store
    runs.create(Settings(), "quick", OPERATOR)
    run = leases.claim_next("worker")
    assert run is not None
    return run, Recorder(run, "worker")


def test_events_become_curves(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    assert read_history(run, OPERATOR) == History()
    recorder.record(EVENTS[:2], progress=0.5, seconds_left=3.0)
    first = read_history(runs.read(run.name), OPERATOR)
    assert (first.training.images, first.training.loss, first.training.accuracy) == (
        (100,),
        (1.5,),
        (0.5,),
    )
    recorder.record(EVENTS[2:])
    run = runs.read(run.name)
    assert (run.progress, run.seconds_left) == (0.5, 3.0)
    whole = read_history(run, OPERATOR)
    assert whole.training.images == (100, 200)
    assert whole.validation.loss == (2.3,)
    assert whole.rates == ((150, 0.003),)
    assert whole.probability_trace == ((100, (0.1,) * 10),)
    assert first.training.images == (100,)  # whoever holds the old one sees no change


def test_another_drawing_begins_another_trace(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    recorder.record(
        [EVENTS[2], Event(DRAWING, 120), Event(PROBABILITIES, 130, (1.0,) + (0.0,) * 9)]
    )
    trace = read_history(runs.read(run.name), OPERATOR).probability_trace
    assert [images for images, _ in trace] == [130]


def test_what_was_read_is_not_read_again(
    training: tuple[Run, Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, recorder = training
    recorder.record(EVENTS[:2])
    read_history(runs.read(run.name), OPERATOR)
    asked: list[int] = []
    usual = history.read_events

    def counted(run: Run, after: int = 0) -> list[Event]:
        asked.append(after)
        return usual(run, after)

    monkeypatch.setattr(history, "read_events", counted)
    for _ in range(3):
        read_history(runs.read(run.name), OPERATOR)
    assert asked == []
    last = runs.read(run.name).last_event
    recorder.record(EVENTS[2:])
    assert len(read_history(runs.read(run.name), OPERATOR).training.images) == 2
    assert asked == [last]


def test_going_back_takes_back_what_came_later(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    assert recorder.go_back() is None
    recorder.record(EVENTS[:2])
    saved = Checkpoint(1, 2.5, 100, recorder.last_event, {"conv1/kernel": np.eye(3)})
    recorder.save(saved)
    recorder.record([*EVENTS[2:], Event(TRAINING, 300, (9.0, 0.0))])
    assert read_history(runs.read(run.name), OPERATOR).training.images[-1] == 300
    again = Recorder(runs.read(run.name), "worker").go_back()
    assert again is not None
    assert replace(again, arrays={}) == replace(saved, arrays={})
    assert np.array_equal(again.arrays["conv1/kernel"], np.eye(3))
    run = runs.read(run.name)
    assert (run.completed_epochs, run.seconds) == (1, 2.5)
    assert read_history(run, OPERATOR).training.images == (100,)
    recorder.record([Event(TRAINING, 150, (1.0, 0.6))])
    assert read_history(runs.read(run.name), OPERATOR).training.images == (100, 150)


def test_snapshots_replace_each_other(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    assert read_snapshot(run, OPERATOR) is NO_SNAPSHOT
    for kernels in (np.zeros((2, 5, 5), np.float32), np.ones((3, 5, 5), np.float32)):
        recorder.record([], snapshot=replace(NO_SNAPSHOT, kernels=kernels, drawing=drawn(3, 28)))
        shown = read_snapshot(runs.read(run.name), OPERATOR)
        assert np.array_equal(shown.kernels, kernels)
        assert np.array_equal(shown.drawing, drawn(3, 28))


@pytest.mark.parametrize("content", [b"", b"[1]", b"PK\x03\x04", b"nonsense"])
def test_a_damaged_snapshot_is_no_snapshot(training: tuple[Run, Recorder], content: bytes) -> None:
    run, recorder = training
    recorder.record([], snapshot=NO_SNAPSHOT)
    with storage.writing() as connection:
        connection.execute(storage.SNAPSHOTS.update().values(content=content))
    assert len(read_snapshot(runs.read(run.name), OPERATOR).wrong) == 0


def test_the_drawing_that_is_watched_reaches_the_worker(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    assert not recorder.watched_drawing().any()
    runs.watch(run.name, OPERATOR, drawn(5, 28))
    assert np.array_equal(recorder.watched_drawing(), drawn(5, 28))


def test_who_lost_the_run_writes_nothing(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    other = Recorder(run, "another worker")
    writings: tuple[Callable[[], None], ...] = (
        lambda: other.record(EVENTS),
        lambda: other.record([], snapshot=NO_SNAPSHOT),
        lambda: other.save(Checkpoint(1, 1.0, 1, 0, {})),
        lambda: other.finish("done", {"weights": b"w"}),
        other.requeue,
    )
    for write in writings:
        with pytest.raises(LeaseLost):
            write()
    assert storage.read_artifact(run.name, "weights") is None
    assert runs.read(run.name) == run
    recorder.finish("stopped", {})
    with pytest.raises(LeaseLost):
        recorder.set_status("running")


NAMES = st.text("abc/_123", min_size=1, max_size=20)


@given(st.dictionaries(NAMES, arrays(np.float32, st.integers(0, 4)), max_size=4), st.floats(0, 1e6))
def test_a_checkpoint_comes_back_as_it_was(values: dict[str, np.ndarray], seconds: float) -> None:
    saved = Checkpoint(3, seconds, 10**9, 42, values)
    again = read_checkpoint(saved.to_bytes())
    assert replace(again, arrays={}) == replace(saved, arrays={})
    assert again.arrays.keys() == values.keys()
    for name, value in values.items():
        np.testing.assert_array_equal(again.arrays[name], value)


@pytest.mark.parametrize("content", [b"", b"PK damaged", b"[]"])
def test_a_damaged_checkpoint_is_told(content: bytes) -> None:
    with pytest.raises(CheckpointError, match="The checkpoint of this run is damaged"):
        read_checkpoint(content)
