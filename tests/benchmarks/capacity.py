"""What so many people at once need, on paper: python -m tests.benchmarks.capacity

Computed from what was measured: `Costs` names where each figure was printed, `Habits` what people
do. `--measure` measures what stands in no other table: memory, one run, the first visit.
"""

import argparse
import math
from dataclasses import dataclass, fields, replace

STEPS = (1_000, 10_000, 100_000)


@dataclass(frozen=True)
class Habits:
    """What people do who are there at the same time."""

    stroke_every: float = 5.0
    """Seconds between two strokes of a person; so often phones draw in `benchmarks.room`."""
    run_every: float = 1200.0
    """Seconds between two trainings, of the preset quick, of a person."""
    watching: float = 0.1
    """The share of people who watch a training."""


@dataclass(frozen=True)
class Costs:
    """What was measured on two cores of an AMD EPYC, and where it was printed."""

    strokes_a_second: float = 100.0
    """Of one page process: `benchmarks.draw`, 200 people, a stroke each every 2 s, p95 15 ms."""
    watcher_seconds: float = 0.0113
    """Of a page process, a second and a watcher: `benchmarks.watching`."""
    process_mb: float = 199.0
    """A page process: `benchmarks.draw`."""
    person_mb: float = 0.63
    """Each further session in it: `benchmarks.draw`."""
    model_mb: float = 723.0
    """The model process beside each page process: `--measure`."""
    worker_mb: float = 1060.0
    """A worker while it trains: `--measure`."""
    run_seconds: float = 12.5
    """For which a run of quick keeps a worker and its core busy: `--measure`."""
    run_mb: float = 0.82
    """What a run of quick leaves in the store: `--measure`."""
    stroke_kb: float = 6.0
    """Sent to the browser a stroke, on Draw: `benchmarks.live`."""
    watcher_kb: float = 2.9
    """Sent to a watcher a second: `benchmarks.watching`."""
    writes_a_second: float = 720.0
    """Transactions that PostgreSQL takes: `benchmarks.store`, 10,003 cycles of 9 in 125 s."""
    writes_of_process: float = 1.0
    """A second of a page process, where there are several: what it keeps of its open pages."""
    writes_of_training: float = 4.5
    """A second of training: four events, and a lease every two seconds."""
    network_mbit: float = 1000.0
    """What a network carries; not measured."""
    busy: float = 0.7
    """How busy a process may be on average, so that nobody waits long."""


@dataclass(frozen=True)
class Load:
    """What people ask for in all, a second."""

    strokes: float
    page_seconds: float
    """Of page processes."""
    training_seconds: float
    """Of workers; as many train at a time."""
    writes: float
    megabits: float


@dataclass(frozen=True)
class Need:
    """What that takes."""

    people: int
    page_processes: int
    workers: int
    cores: int
    """One a page process with its model process, one a worker, two for store and proxy."""
    memory_gb: float
    megabits: float
    writes: float
    store_gb: float
    """Where each person's newest run is kept."""
    store_share: float
    """How much of what PostgreSQL takes that is; above 1 it does not."""
    network_share: float


def load(people: float, costs: Costs, habits: Habits) -> Load:
    """Return what so many people ask for."""
    strokes = people / habits.stroke_every
    watchers = people * habits.watching
    pages = strokes / costs.strokes_a_second + watchers * costs.watcher_seconds
    training = people / habits.run_every * costs.run_seconds
    kilobytes = strokes * costs.stroke_kb + watchers * costs.watcher_kb
    return Load(
        strokes=strokes,
        page_seconds=pages,
        training_seconds=training,
        writes=pages / costs.busy * costs.writes_of_process + training * costs.writes_of_training,
        megabits=kilobytes * 8 / 1000,
    )


def need(people: int, costs: Costs, habits: Habits) -> Need:
    """Return what so many people need."""
    asked = load(people, costs, habits)
    processes = max(1, math.ceil(asked.page_seconds / costs.busy))
    workers = max(1, math.ceil(asked.training_seconds / costs.busy))
    process_mb = costs.process_mb + costs.model_mb
    megabytes = processes * process_mb + people * costs.person_mb + workers * costs.worker_mb
    return Need(
        people=people,
        page_processes=processes,
        workers=workers,
        cores=processes + workers + 2,
        memory_gb=megabytes / 1000,
        megabits=asked.megabits,
        writes=asked.writes,
        store_gb=people * costs.run_mb / 1000,
        store_share=asked.writes / costs.writes_a_second,
        network_share=asked.megabits / costs.network_mbit,
    )


def enough_for(costs: Costs, habits: Habits) -> dict[str, int]:
    """Return for how many people one of each is enough, the scarcest first."""
    each = load(1, costs, habits)
    people = {
        "one page process": costs.busy / each.page_seconds,
        "one worker": costs.busy / each.training_seconds,
        "PostgreSQL on two cores": costs.writes_a_second / each.writes,
        f"a network of {costs.network_mbit:.0f} Mbit/s": costs.network_mbit / each.megabits,
    }
    return {name: int(people[name]) for name in sorted(people, key=lambda one: people[one])}


def tables(costs: Costs, habits: Habits) -> str:
    """Return what the README shows."""
    lines = ["| one of each | is enough for |", "|---|---|"]
    lines += [
        f"| {name} | {people:,} people |" for name, people in enough_for(costs, habits).items()
    ]
    needs = [need(people, costs, habits) for people in STEPS]
    lines += ["", f"| people at once | {' | '.join(f'{one.people:,}' for one in needs)} |"]
    lines += [f"|---|{'---|' * len(needs)}"]
    rows = {
        "page processes, each with its model process": "{0.page_processes:,}",
        "workers": "{0.workers:,}",
        "cores": "{0.cores:,}",
        "memory": "{0.memory_gb:,.0f} GB",
        "sent to browsers": "{0.megabits:,.0f} Mbit/s",
        "transactions a second": "{0.writes:,.0f}",
        "of what one PostgreSQL takes": "{0.store_share:.0%}",
        "store, a run a person": "{0.store_gb:,.1f} GB",
    }
    for what, form in rows.items():
        lines.append(f"| {what} | {' | '.join(form.format(one) for one in needs)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for one in fields(Habits):
        option = f"--{one.name.replace('_', '-')}"
        parser.add_argument(option, type=float, default=one.default)
    parser.add_argument("--measure", action="store_true")
    arguments = vars(parser.parse_args())
    if arguments.pop("measure"):
        from tests.benchmarks import capacity_measured

        capacity_measured.main()
        return
    print(tables(Costs(), replace(Habits(), **arguments)))


if __name__ == "__main__":
    main()
