"""In which order runs are trained, and what becomes of those that lost their worker."""

import pytest

from mnist_app import limits, storage
from mnist_app.storage import RUNS
from mnist_app.training import leases, queue, runs
from mnist_app.training.leases import LeaseLost
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import Run
from mnist_app.training.settings import Settings

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture(autouse=True)
def many_runs_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.RUNS_PER_VISITOR.variable, "5")


def created(owner: str, seed: int = 0) -> Run:
    return runs.create(Settings(seed=seed), owner, owner)


def claimed(worker: str = "worker") -> Run:
    run = leases.claim_next(worker)
    assert run is not None
    return run


def lose(run: Run) -> None:
    with storage.writing() as connection:
        lost = storage.Now() - 1
        connection.execute(RUNS.update().where(RUNS.c.id == run.number).values(lease_until=lost))


def test_people_take_turns_however_many_runs_they_have() -> None:
    eager = [created("eager", seed) for seed in range(3)]
    late = [created("late", seed) for seed in range(2)]
    expected = [eager[0], late[0], eager[1], late[1], eager[2]]
    assert [name for name, _ in queue.waiting()] == [run.name for run in expected]
    assert [runs.place_in_queue(run) for run in expected] == [(n, 5) for n in range(1, 6)]
    assert [claimed(str(n)).name for n in range(5)] == [run.name for run in expected]


def test_who_comes_later_goes_before_anybodys_third() -> None:
    eager = [created("eager", seed) for seed in range(3)]
    for _ in range(2):
        Recorder(claimed(), "worker").finish("done", {})
    late = created("late")
    assert [name for name, _ in queue.waiting()] == [late.name, eager[2].name]


def test_what_ended_before_costs_no_turn() -> None:
    created("one")
    Recorder(claimed(), "worker").finish("done", {})
    second, other = created("one", 1), created("other")
    assert [name for name, _ in queue.waiting()] == [second.name, other.name]


def test_a_lost_run_is_put_back_to_its_place() -> None:
    first, second = created("one"), created("two")
    recorder = Recorder(claimed(), "worker")
    queue.put_back_lost()
    assert runs.read(first.name).status == "running"
    lose(first)
    queue.put_back_lost()
    assert [name for name, _ in queue.waiting()] == [first.name, second.name]
    with pytest.raises(LeaseLost):
        recorder.set_status("running")


def test_what_loses_its_worker_again_and_again_is_tried_no_more() -> None:
    run = created("one")
    for _ in range(queue.MOST_LOSSES):
        assert runs.read(run.name).status == "queued"
        claimed("worker")
        queue.put_back("another")
        queue.put_back("worker")
    assert runs.read(run.name).status == "failed"
    assert "lost its worker 10 times" in runs.read(run.name).message
    runs.resume(run.name, "one")
    assert claimed().name == run.name


def test_what_is_forgotten_stays_interrupted() -> None:
    run = created("one")
    claimed()
    with storage.writing() as connection:
        connection.execute(RUNS.update().values(lease_until=1.0))
    queue.put_back_lost()
    assert runs.read(run.name).status == "interrupted"


def test_a_worker_that_took_a_run_unawares_finds_it() -> None:
    run = created("one")
    assert leases.read_held("worker") is None
    claimed("worker")
    held = leases.read_held("worker")
    assert held is not None
    assert held.name == run.name
