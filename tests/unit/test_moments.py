"""The moments of a run: kept densely in the beginning, few in all, and taken back with the run."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mnist_app import limits, storage
from mnist_app.imaging import colormap
from mnist_app.training import leases, runs
from mnist_app.training.checkpoint import Checkpoint
from mnist_app.training.history import NO_SNAPSHOT, TRAINING, Event, Snapshot
from mnist_app.training.moments import (
    MOST_MOMENTS,
    Moment,
    moment,
    read_moment,
    read_moments,
    superfluous,
)
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import OPERATOR, Run
from mnist_app.training.settings import Settings

KERNELS = np.linspace(-1, 1, 32 * 25, dtype=np.float32).reshape(32, 5, 5)


@pytest.fixture
def training(store: str) -> tuple[Run, Recorder]:
    assert store
    runs.create(Settings(), "quick", OPERATOR)
    run = leases.claim_next("worker")
    assert run is not None
    return run, Recorder(run, "worker")


def some(images: int, wrong: int = 3) -> Moment:
    indices = np.arange(wrong, dtype=np.uint16)
    answers = np.full(wrong, 7, np.uint8)
    return moment(images, replace(NO_SNAPSHOT, kernels=KERNELS, wrong=indices, answers=answers))


def places(run: Run) -> list[int]:
    return [one.images for one in read_moments(run)]


def write(recorder: Recorder, *images: int) -> None:
    for one in images:
        recorder.record([Event(TRAINING, one, (1.0, 0.5))], [some(one)])


@given(
    arrays(np.float32, array_shapes(min_dims=3, max_dims=3), elements=st.floats(-9, 9, width=32)),
    st.dictionaries(st.integers(0, 499), st.integers(0, 9)),
)
def test_a_moment_comes_back_as_it_was(kernels: np.ndarray, wall: dict[int, int]) -> None:
    wrong = np.array(sorted(wall), np.uint16)
    answers = np.array([wall[int(one)] for one in wrong], np.uint8)
    snapshot = Snapshot(kernels, wrong, answers, NO_SNAPSHOT.drawing, NO_SNAPSHOT.probabilities)
    read = read_moment(640, moment(640, snapshot).to_bytes())
    assert read is not None
    assert read.images == 640
    assert np.array_equal(read.wrong, wrong)
    assert np.array_equal(read.answers, answers)
    shown = colormap.around_zero(kernels).indices(kernels)
    assert np.array_equal(read.kernels, shown)
    assert read.limit == pytest.approx(float(np.abs(kernels).max()) or 1.0)


@given(st.integers(0, 200), st.binary(max_size=8))
def test_a_damaged_moment_is_none_or_a_whole_one(place: int, damage: bytes) -> None:
    content = some(640).to_bytes()
    read = read_moment(640, content[:place] + damage + content[place + len(damage) :])
    if read is not None:
        assert read.kernels.ndim == 3
        assert read.wrong.shape == read.answers.shape


@pytest.mark.parametrize("images", [-1, "many", None, 2.5])
def test_a_moment_without_its_place_is_none(images: object) -> None:
    assert read_moment(images, some(0).to_bytes()) is None


def test_kernels_that_are_no_numbers_are_left_out() -> None:
    kernels = np.full((2, 3, 3), np.nan, np.float32)
    kept = read_moment(1, moment(1, replace(NO_SNAPSHOT, kernels=kernels)).to_bytes())
    assert kept is not None
    assert len(kept.kernels) == 0


@given(st.sets(st.integers(0, 10**9), max_size=3 * MOST_MOMENTS), st.integers(1, 40_000))
def test_of_too_many_moments_the_first_and_last_stay(found: set[int], size: int) -> None:
    images = sorted(found)
    dropped = superfluous(images, [size] * len(images))
    kept = [one for one in images if one not in dropped]
    most = 1000 * limits.MOMENTS_KB.value()
    assert len(kept) <= MOST_MOMENTS
    assert size * len(kept) <= most or len(kept) == 2
    assert kept[:1] + kept[-1:] == images[:1] + images[-1:]
    if len(images) <= MOST_MOMENTS and size * len(images) <= most:
        assert dropped == []


@given(st.integers(1, 512), st.integers(10, 2000))
def test_moments_that_come_one_by_one_stay_dense_early(batch: int, batches: int) -> None:
    kept = [0]
    for number in range(1, batches):
        kept.append(number * batch)
        dropped = superfluous(kept, [100] * len(kept))
        kept = [one for one in kept if one not in dropped]
    assert kept[0] == 0
    assert kept[-1] == (batches - 1) * batch
    assert kept[:8] == [number * batch for number in range(8)]
    later = [one for one in kept if one > 30 * batch]
    growths = [after / before for before, after in pairwise(later)]
    assert all(growth < 1.12 for growth in growths)


def test_a_run_that_goes_back_drops_later_moments(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    write(recorder, 0, 100)
    recorder.save(Checkpoint(1, 2.5, 100, recorder.last_event, {}))
    write(recorder, 150, 200)
    again = Recorder(runs.read(run.name), "worker")
    again.go_back()
    assert places(run) == [0, 100]
    write(again, 130)
    assert places(run) == [0, 100, 130]
    wrong = read_moments(run)[2].wrong
    assert np.array_equal(wrong, [0, 1, 2])


def test_a_run_that_begins_anew_keeps_no_moment(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    write(recorder, 0, 100)
    Recorder(runs.read(run.name), "worker").go_back()
    assert places(run) == []


def test_moments_are_few_and_small_and_go_with_the_run(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    recorder.record([], [some(128 * number, 400) for number in range(MOST_MOMENTS + 40)])
    kept = places(run)
    assert len(kept) == MOST_MOMENTS
    assert kept[:3] == [0, 128, 256]
    recorder.record([], [some(kept[-1], 5)])
    assert len(read_moments(run)[-1].wrong) == 5
    assert recorder.fail("It is over.")
    runs.delete(run.name, OPERATOR)
    assert read_moments(run) == []


def test_bytes_are_limited(training: tuple[Run, Recorder], monkeypatch: pytest.MonkeyPatch) -> None:
    run, recorder = training
    monkeypatch.setenv(limits.MOMENTS_KB.variable, "5")
    recorder.record([], [some(128 * number, 400) for number in range(30)])
    kept = read_moments(run)
    assert 2 <= len(kept) < 30
    assert sum(len(one.to_bytes()) for one in kept) <= 5000


def test_a_damaged_moment_hides_no_other(training: tuple[Run, Recorder]) -> None:
    run, recorder = training
    write(recorder, 0, 100, 200)
    with storage.writing() as connection:
        damaged = storage.MOMENTS.update().where(storage.MOMENTS.c.images == 100)
        connection.execute(damaged.values(content=b"nonsense"))
    assert places(run) == [0, 200]
