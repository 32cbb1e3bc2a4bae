"""The store under processes that are killed: python -m tests.benchmarks.store

Four processes share one store. Each creates runs, claims them as a worker, sends commands, takes
them, ends and deletes the run, again and again; each second a random one is killed with -9 and
replaced. At the end: no command was lost or taken twice, and nothing is left by halves. On SQLite
and, where it can be had, on PostgreSQL. `--cycles` says how many times in all (default: 10,000).
"""

import argparse
import multiprocessing
import os
import platform
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

import sqlalchemy as sa

from mnist_app import storage
from mnist_app.storage import ARTIFACTS, COMMANDS, EVENTS, RUNS
from mnist_app.training import leases, runs
from mnist_app.training.history import TRAINING, Event, read_history
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import OPERATOR, RunError
from mnist_app.training.settings import Settings
from tests.support.postgres import fresh_database, no_postgres, postgres_server

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["mnist_app.training.recorder", "mnist_app.training.runs"])
DONE = "done"
PROCESSES = 4
CYCLES = 10_000
KILL_INTERVAL = 1.0
COMMANDS_SENT = (("pause", None), ("continue", None), ("learning_rate", 0.01))


@dataclass(frozen=True)
class Outcome:
    """What a storm of processes left behind."""

    cycles: int
    killed: int
    seconds: float
    faults: tuple[str, ...]


def main() -> None:
    from tests.benchmarks.draw import processor  # it loads a browser, which no fork needs

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=CYCLES)
    arguments = parser.parse_args()
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| store | cycles | processes killed | seconds | faults |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_APP_HOME"] = folder
        show("SQLite", storm(arguments.cycles))
    if reason := no_postgres():
        print(reason)
        return
    with postgres_server() as server, fresh_database(server) as url:
        os.environ["MNIST_APP_STORE"] = url
        show("PostgreSQL", storm(arguments.cycles))
        storage.close()


def show(store: str, outcome: Outcome) -> None:
    faults = "; ".join(outcome.faults) or "none"
    row = (store, f"{outcome.cycles:,}", str(outcome.killed), f"{outcome.seconds:.0f}", faults)
    print(f"| {' | '.join(row)} |", flush=True)


def storm(cycles: int) -> Outcome:
    """Let four processes work on this store until they have done so many cycles together."""
    runs.list_runs()
    began = time.monotonic()
    done = killed = 0
    faults: list[str] = []
    with working_processes() as working:
        due = time.monotonic() + KILL_INTERVAL
        while done < cycles:
            for number, one in enumerate(working):
                lines = one.collect()
                done += lines.count(DONE)
                faults += [line for line in lines if line != DONE]
                if not one.process.is_alive():
                    working[number] = Working()
            faults += half_runs()
            if time.monotonic() >= due:
                random.choice(working).process.kill()
                killed += 1
                due = time.monotonic() + KILL_INTERVAL
            time.sleep(0.05)
    faults += leftovers()
    return Outcome(done, killed, time.monotonic() - began, tuple(dict.fromkeys(faults)))


class Working:
    """A process that works on the store, forked from one that has imported everything."""

    def __init__(self) -> None:
        self._pipe, other_end = FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=work, args=(other_end,), daemon=True)
        self.process.start()
        other_end.close()

    def collect(self) -> list[str]:
        """Return what it has told since the last call."""
        told: list[str] = []
        with suppress(EOFError, OSError):  # it was killed, perhaps in the middle of a word
            while self._pipe.poll():
                told.append(self._pipe.recv())
        return told


@contextmanager
def working_processes() -> Iterator[list[Working]]:
    working = [Working() for _ in range(PROCESSES)]
    try:
        yield working
    finally:
        for one in working:
            one.process.kill()
            one.process.join()


def half_runs() -> list[str]:
    """Return what is wrong with the runs that can be seen now."""
    return [f"{run.name} reads as damaged" for run in runs.list_runs() if run.status == "damaged"]


def leftovers() -> list[str]:
    """Return what belongs to no run, or is not as its run says."""
    faults = []
    with storage.reading() as connection:
        for table in (EVENTS, COMMANDS):
            orphans = sa.select(sa.func.count()).where(table.c.run_id.not_in(sa.select(RUNS.c.id)))
            if count := connection.execute(orphans).scalar_one():
                faults.append(f"{count} rows of {table.name} without a run")
        orphans = sa.select(sa.func.count()).where(ARTIFACTS.c.run.not_in(sa.select(RUNS.c.name)))
        if count := connection.execute(orphans).scalar_one():
            faults.append(f"{count} artifacts without a run")
    for run in runs.list_runs():
        if run.last_event and len(read_history(run, OPERATOR).training.images) == 0:
            faults.append(f"{run.name} speaks of events that are not there")
    return faults


def work(pipe: Connection) -> None:
    """Create, command and delete runs until somebody kills this process."""
    me = f"worker-{os.getpid()}"
    while True:
        try:
            pipe.send("\n".join(cycle(me)) or DONE)
        except (RunError, leases.LeaseLost) as error:
            pipe.send(f"{type(error).__name__}: {error}")


def cycle(worker: str) -> list[str]:
    """Do everything that happens to a run; return what was wrong."""
    runs.create(Settings(), "storm", OPERATOR)
    run = leases.claim_next(worker)
    if run is None:
        return []
    recorder = Recorder(run, worker)
    for kind, value in COMMANDS_SENT:
        runs.send_command(run.name, OPERATOR, kind, value)
    recorder.record([Event(TRAINING, 100, (1.0, 0.5))])
    taken = recorder.take_commands() + recorder.take_commands()
    recorder.finish("done", {"scores": os.urandom(2000)})
    seen = runs.read(run.name)
    runs.delete(run.name, OPERATOR)
    faults = [] if taken == list(COMMANDS_SENT) else [f"sent {COMMANDS_SENT}, taken {taken}"]
    return faults if seen.status == "done" else [*faults, f"{seen.name} is {seen.status}"]


if __name__ == "__main__":
    main()
