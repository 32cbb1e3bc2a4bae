"""What so many people need is computed as it says."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.capacity import Costs, Habits, enough_for, load, need, tables
from tests.support.serving import ROOT

COSTS = Costs(
    strokes_a_second=100,
    watcher_seconds=0.01,
    process_mb=200,
    person_mb=0.5,
    model_mb=300,
    worker_mb=1000,
    run_seconds=10,
    run_mb=2,
    stroke_kb=5,
    watcher_kb=10,
    writes_a_second=1000,
    writes_of_process=1,
    writes_of_training=4,
    network_mbit=100,
    busy=0.5,
)
HABITS = Habits(stroke_every=5, run_every=100, watching=0.1)


def test_a_thousand_people_by_hand() -> None:
    asked = load(1000, COSTS, HABITS)
    assert asked.strokes == 200
    assert asked.page_seconds == pytest.approx(200 / 100 + 100 * 0.01)
    assert asked.training_seconds == 100
    assert asked.writes == pytest.approx(3 / 0.5 + 100 * 4)
    assert asked.megabits == pytest.approx((200 * 5 + 100 * 10) * 8 / 1000)
    needed = need(1000, COSTS, HABITS)
    assert (needed.page_processes, needed.workers, needed.cores) == (6, 200, 208)
    assert needed.memory_gb == pytest.approx((6 * 500 + 1000 * 0.5 + 200 * 1000) / 1000)
    assert needed.store_gb == 2
    assert (needed.store_share, needed.network_share) == pytest.approx((0.406, 0.16))


def test_the_scarcest_comes_first() -> None:
    assert enough_for(COSTS, HABITS) == {
        "one worker": 5,
        "one page process": 166,
        "PostgreSQL on two cores": 2463,
        "a network of 100 Mbit/s": 6250,
    }
    assert next(iter(enough_for(COSTS, replace(HABITS, run_every=1e6)))) == "one page process"


@given(st.integers(1, 200_000), st.floats(0.5, 60), st.floats(10, 1e5), st.floats(0, 1))
def test_more_people_never_need_less(
    people: int, stroke_every: float, run_every: float, watching: float
) -> None:
    habits = Habits(stroke_every, run_every, watching)
    few, many = (need(number, Costs(), habits) for number in (people, 2 * people))
    for name in ("page_processes", "workers", "cores", "memory_gb", "writes", "megabits"):
        assert getattr(few, name) <= getattr(many, name)
    enough = enough_for(Costs(), habits)
    for name, count in (("one page process", "page_processes"), ("one worker", "workers")):
        assert (getattr(few, count) == 1) == (people <= enough[name])


def test_the_readme_has_the_tables() -> None:
    """Where this fails: `python -m tests.benchmarks.capacity` prints them."""
    assert tables(Costs(), Habits()) in (ROOT / "README.md").read_text()
