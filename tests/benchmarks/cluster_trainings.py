"""A hundred short trainings by forty people on a Dask cluster whose parts are killed twenty times.

    python -m tests.benchmarks.cluster_trainings

starts PostgreSQL, a scheduler and two workers, prints what was killed and how long people waited,
and, as the last line, how many runs were lost, ran twice, or ended with other weights than an
undisturbed one of a worker of this machine with SQLite. Takes ten minutes on two cores.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from mnist_app import limits, storage, workers
from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.run import OPERATOR, Run, RunError
from mnist_app.training.settings import Settings
from mnist_app.workers import WorkerError
from tests.support.dask_cluster import DaskCluster, Part, dask_cluster, trainers
from tests.support.postgres import Restart, fresh_database, restartable_postgres
from tests.support.process_control import end_workers, kill

SEEDS = 5
# Seconds without any progress after which nothing is waited for.
PATIENCE = 180.0
MOST_RUNS_EACH = 3
# So long PostgreSQL is down when it was killed.
DOWN_SECONDS = 3.0
# What of a run changes hands is noted by the database itself.
LOG = """
CREATE TABLE run_log (
  id serial PRIMARY KEY, run integer, old_status text, status text, old_worker text, worker text,
  at double precision DEFAULT extract(epoch from clock_timestamp()));
CREATE FUNCTION log_run() RETURNS trigger AS $$ BEGIN
  IF NEW.status IS DISTINCT FROM OLD.status OR NEW.worker IS DISTINCT FROM OLD.worker THEN
    INSERT INTO run_log (run, old_status, status, old_worker, worker)
    VALUES (NEW.id, OLD.status, NEW.status, OLD.worker, NEW.worker);
  END IF;
  RETURN NEW;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER log_run AFTER UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION log_run();
"""
OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass
class Asked:
    """A run that somebody asked for."""

    run: Run
    turn: int
    """0 for a person's first run, 1 for the second, ..."""
    seed: int


@dataclass
class Outcome:
    """What became of the trainings."""

    runs: int = 0
    lost: int = 0
    twice: int = 0
    unequal: int = 0
    unfair: int = 0
    """How often a third run began while somebody's first one waited."""
    seconds: float = 0.0
    waits: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds from asking to training, by turn."""
    pauses: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds from a fault until the next run was taken, by what was killed."""


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in (("runs", 100), ("people", 40), ("workers", 2), ("kills", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    outcome = measure(given.runs, given.people, given.workers, given.kills)
    print_table(outcome)
    print(f"\nlost {outcome.lost}, run twice {outcome.twice}, results unequal {outcome.unequal}")


def measure(count: int, people: int, workers_count: int, kills: int) -> Outcome:
    """Train so many runs of so many people on a cluster of its own, and return what became of it.

    Changes this process's environment.
    """
    os.environ[limits.RUNS_PER_VISITOR.variable] = str(MOST_RUNS_EACH)
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as folder:
        expected = train_undisturbed(Path(folder) / "alone")
        os.environ["MNIST_APP_HOME"] = folder
        with (
            restartable_postgres() as (server, restart),
            logged_store(server) as database,
            dask_cluster(Path(folder), workers_count) as cluster,
        ):
            faults = Faults(cluster, database, restart)
            return train_under_faults(expected, faults, count, people, kills)


def settings(seed: int) -> Settings:
    return Settings(images=600, batch_size=50, epochs=4, dropout=0.3, seed=seed)


def train_undisturbed(home: Path) -> dict[int, bytes]:
    """Train each seed by a worker of this machine; return the weights by seed."""
    os.environ["MNIST_APP_HOME"] = str(home)
    try:
        made = {seed: runs.create(settings(seed), "alone", OPERATOR) for seed in range(SEEDS)}
        while any(runs.read(run.name).is_active for run in made.values()):
            workers.start()
            time.sleep(0.2)
        return {seed: weights(run) for seed, run in made.items()}
    finally:
        end_workers()
        storage.close()


@contextmanager
def logged_store(server: str) -> Iterator[sa.Engine]:
    """Let this process use a new database of PostgreSQL that notes whose each run is."""
    with fresh_database(server) as url:
        os.environ["MNIST_APP_STORE"] = url
        runs.list_runs()  # makes the tables
        database = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with database.connect() as connection:
            connection.exec_driver_sql(LOG)
        try:
            yield database
        finally:
            storage.close()
            del os.environ["MNIST_APP_STORE"]


class Faults:
    """The parts that are killed, one after the other."""

    def __init__(self, cluster: DaskCluster, database: sa.Engine, restart: Restart) -> None:
        self.database = database
        self.happened: list[tuple[str, float]] = []
        self._workers = cluster.workers
        self._kinds: list[tuple[str, Callable[[], None]]] = [
            ("a worker's process", lambda: kill(_worker_process(self._next()))),
            ("PostgreSQL", lambda: restart(DOWN_SECONDS)),
            ("the process that trains", lambda: kill(trainers(self._next()))),
            ("the scheduler", cluster.scheduler.kill),
            ("PostgreSQL's connections", self._disconnect),
            ("a worker with its nanny", lambda: self._next().kill()),
            ("all of a worker at once", lambda: self._next().kill_all()),
        ]

    def strike(self) -> None:
        """Kill what comes next."""
        name, act = self._kinds[len(self.happened) % len(self._kinds)]
        self.happened.append((name, time.time()))
        act()

    def _next(self) -> Part:
        return self._workers[(len(self.happened) // 2) % len(self._workers)]

    def _disconnect(self) -> None:
        with self.database.connect() as connection:
            connection.exec_driver_sql(OTHERS)


def train_under_faults(
    expected: dict[int, bytes], faults: Faults, count: int, people: int, kills: int
) -> Outcome:
    """Let people train while parts are killed, and return what became of it.

    The people come one after the other, a quarter of them at once, each with all runs.
    """
    asked: list[Asked] = []
    began = progress_at = time.monotonic()
    done = 0
    while done < count and time.monotonic() - progress_at < PATIENCE:
        asked += _ask(asked, _wanted(count, people, done))
        with suppress(WorkerError, StorageError):
            workers.start()
        ended = sum(one.status == "done" for one in runs.list_runs())
        if ended > done:
            done, progress_at = ended, time.monotonic()
        if len(faults.happened) < kills and done > (len(faults.happened) + 1) * count / (kills + 1):
            faults.strike()
        time.sleep(0.1)
    outcome = Outcome(runs=len(asked), seconds=time.monotonic() - began)
    _examine(outcome, asked, expected, faults)
    return outcome


def _wanted(count: int, people: int, done: int) -> list[tuple[int, int]]:
    """Return who has asked for which of his runs when so many are done: person and turn."""
    arrived = people // 4 + round((people - people // 4) * min(1.0, done / (0.6 * count)))
    turns = [(person, turn) for turn in range(MOST_RUNS_EACH) for person in range(people)][:count]
    return sorted((person, turn) for person, turn in turns if person < arrived)


def _ask(asked: Sequence[Asked], wanted: Sequence[tuple[int, int]]) -> list[Asked]:
    """Ask for the runs that are not asked for; a store that does not answer is asked again."""
    owners = {(one.run.owner, one.turn) for one in asked}
    new = []
    for person, turn in wanted:
        owner, seed = f"person {person}", (person + turn) % SEEDS
        if (owner, turn) not in owners:
            new.append(Asked(_create(settings(seed), owner), turn, seed))
    return new


def _create(chosen: Settings, owner: str) -> Run:
    while True:
        try:
            return runs.create(chosen, "short", owner)
        except RunError:
            time.sleep(0.2)


def _examine(
    outcome: Outcome, asked: Sequence[Asked], expected: dict[int, bytes], faults: Faults
) -> None:
    with faults.database.connect() as connection:
        log = connection.exec_driver_sql("SELECT * FROM run_log ORDER BY id").mappings().all()
    begun: dict[int, float] = {}
    for row in log:
        if row["status"] == "running":
            begun.setdefault(row["run"], row["at"])
    for one in asked:
        is_done = runs.read(one.run.name).status == "done"
        outcome.lost += not is_done
        outcome.unequal += is_done and weights(one.run) != expected[one.seed]
        outcome.twice += _has_run_twice([row for row in log if row["run"] == one.run.number])
        if one.run.number in begun:
            outcome.waits[one.turn].append(begun[one.run.number] - one.run.queued_at)
    outcome.unfair = _count_unfair(asked, begun)
    taken = [row["at"] for row in log if row["status"] == "running"]
    for name, at in faults.happened:
        outcome.pauses[name].append(min((one for one in taken if one > at), default=at) - at)


def _has_run_twice(log: Sequence[sa.RowMapping]) -> bool:
    """Say whether a run ended twice, or was taken from a worker that had it."""
    ended = sum(row["status"] == "done" for row in log)
    changed = any(
        row["old_worker"] and row["worker"] != row["old_worker"]
        for row in log
        if row["old_status"] == row["status"] == "running"
    )
    return ended > 1 or changed


def _count_unfair(asked: Sequence[Asked], begun: dict[int, float]) -> int:
    """Count third runs that began while somebody's first one waited."""
    firsts = [one.run for one in asked if one.turn == 0 and one.run.number in begun]
    thirds = [begun[one.run.number] for one in asked if one.turn == 2 and one.run.number in begun]
    return sum(any(first.queued_at < at < begun[first.number] for first in firsts) for at in thirds)


def weights(run: Run) -> bytes:
    floats = storage.read_artifact(run.name, "floats")
    assert floats, runs.read(run.name)
    return floats


def _worker_process(part: Part) -> list:
    """Return the process of a Dask worker that its nanny has started."""
    return [one for one in part.processes()[1:] if "spawn_main" in " ".join(one.cmdline())]


def print_table(outcome: Outcome) -> None:
    print(f"{outcome.runs} trainings in {outcome.seconds:.0f} s\n")
    print("| killed | how often | until the next run was taken, median / worst |\n|---|---|---|")
    for name, pauses in outcome.pauses.items():
        median, worst = statistics.median(pauses), max(pauses)
        print(f"| {name} | {len(pauses)} | {median:.1f} / {worst:.1f} s |")
    print("\n| a person's | runs | waited, median / worst |\n|---|---|---|")
    for turn, waits in sorted(outcome.waits.items()):
        name = ("first", "second", "third")[turn]
        print(f"| {name} | {len(waits)} | {statistics.median(waits):.0f} / {max(waits):.0f} s |")
    print(f"\nthird runs that began while somebody's first waited: {outcome.unfair}")


if __name__ == "__main__":
    main()
