"""All that more than one machine needs, as processes on this one, while parts of it are killed.

python -m tests.benchmarks.cluster [--people 200] [--kills 10] [--runs 100] [--training-kills 20]

HAProxy with the configuration that is deployed, two page processes, PostgreSQL, Dask. First a crowd
draws. Then each page process is killed (kill -9) in turn, `--kills` times: in one round twenty
browsers come back at once as they were, in the next they load their page anew a second later. The
crowd is there meanwhile and comes back, too, phones draw in a room, drawings are labeled and
commands sent. Then PostgreSQL is killed and down for some seconds. Last, people train while
workers, the scheduler, connections and PostgreSQL are killed; `--runs 0` leaves that out. Whatever
was acknowledged has to be there in the end.
"""

import argparse
import asyncio
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from mnist_app import limits, storage
from mnist_app.classroom import drawings, rooms
from mnist_app.storage import COMMANDS, StorageError, owners
from mnist_app.training import labeled_drawings, leases, runs
from mnist_app.training.labeled_drawings import LabeledDrawingError
from mnist_app.training.run import RunError
from mnist_app.training.settings import Settings
from tests.benchmarks import cluster_trainings, phones, visitors
from tests.benchmarks.draw import processor
from tests.benchmarks.returning_visitors import LOST, ReturningVisitor
from tests.benchmarks.room import owner_of, spread
from tests.support.dask_cluster import Part
from tests.support.postgres import Restart, fresh_database, restartable_postgres
from tests.support.proxy import proxy, status, wait_until_ready
from tests.support.serving import free_port

RETURNING = 20
PHONES = 10
PAUSE = 10.0
"""Seconds between two strokes of somebody in the crowd."""
MOST_SECONDS = 10.0
"""Within so many seconds each visitor has to be back."""
DOWN_SECONDS = 4.0
UNREACHABLE = "The store of this server cannot be reached."


@dataclass
class Replica:
    """A page process that is started again when it has ended."""

    part: Part
    url: str


@dataclass
class Found:
    """What came of it."""

    back: list[float] = field(default_factory=list)
    """Seconds until visitors that were cut off were back."""
    crowd_back: list[float] = field(default_factory=list)
    """The same of the crowd, all at once."""
    crowd_strokes: int = 0
    """How many strokes of the crowd were answered while parts were killed."""
    lost: list[str] = field(default_factory=list)
    """What was acknowledged and is not there."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    said: int = 0
    """How many pages said that the store cannot be reached."""
    wrong: list[str] = field(default_factory=list)
    """What pages did instead."""


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser()
    for name, default in (("people", 200), ("kills", 10), ("runs", 100), ("training-kills", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    tally, found = measure_pages(given.people, given.kills)
    print_pages(tally, given.people, found)
    if not given.runs:
        print(f"lost {len(found.lost)}; no trainings were measured")
        return
    outcome = cluster_trainings.measure(given.runs, 40, 2, given.training_kills)
    cluster_trainings.print_table(outcome)
    lost = len(found.lost) + outcome.lost
    print(f"\nlost {lost}, run twice {outcome.twice}, results unequal {outcome.unequal}")


def measure_pages(people: int, kills: int) -> tuple[visitors.Tally, Found]:
    """Let a crowd draw, then kill each page process so often, and return what came of both."""
    found, usual = Found(), dict(os.environ)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mnist-lab-")))
        server, restart = stack.enter_context(restartable_postgres())
        store = stack.enter_context(fresh_database(server))
        os.environ |= {"MNIST_APP_HOME": str(folder), "MNIST_APP_STORE": store}
        os.environ[limits.TRAINERS.variable] = "0"
        both = stack.enter_context(replicas(folder))
        url = stack.enter_context(proxy(folder, [_port(one) for one in both]))
        tally = asyncio.run(visitors.crowd(url, people, 5, PAUSE))
        asyncio.run(strike(url, both, people, kills, restart, found))
        storage.close()
    os.environ.clear()
    os.environ |= usual
    return tally, found


@contextmanager
def replicas(folder: Path, count: int = 2) -> Iterator[list[Replica]]:
    """Page processes that are ready."""
    started = []
    for _ in range(count):
        port = free_port()
        options = [f"--server.port={port}", "--server.headless=true"]
        command = ["streamlit", "run", "streamlit_app.py", *options]
        part = Part(command, folder / f"replica-{port}.log")
        started.append(Replica(part, f"http://localhost:{port}"))
    try:
        for one in started:
            wait_until_ready(one.url)
        yield started
    finally:
        for one in started:
            one.part.end()


def _port(replica: Replica) -> int:
    return int(replica.url.rsplit(":", 1)[1])


async def strike(
    url: str, both: list[Replica], present: int, kills: int, restart: Restart, found: Found
) -> None:
    """Kill page processes and PostgreSQL while people work; note what came of it.

    So many are `present` beside those that are watched one by one.
    """
    room = rooms.open_room(owner_of("a speaker"), "", "cnn")
    crowd, writer = phones.Crowd(), Writer()
    waving = asyncio.create_task(
        phones.draw_together(url, room.key, PHONES, max(3, 6 * kills), 3.0, crowd)
    )
    people = [ReturningVisitor(url) for _ in range(RETURNING)]
    present_tasks = [asyncio.create_task(stay(url, n / present, found)) for n in range(present)]
    own = {one.number: runs.create(Settings(), "waiting", owner_of(one.number)) for one in people}
    with writer.writing():
        await asyncio.gather(*(one.enter() for one in people))
        for number in range(kills):
            for replica in both:
                await kill(replica, both, people, found, anew=bool(number % 2))
        await interrupt_store(url, people, restart, found)
    await waving
    for task in present_tasks:
        task.cancel()
    await asyncio.gather(*present_tasks, return_exceptions=True)
    for one in people:
        await one.leave()
        await one.come_back(anew=True, page="training")
        if own[one.number].name not in one.texts:
            found.lost.append(f"the run of {one.number}")
        await one.leave()
        owners.forget(owner_of(one.number))
    kept = {one.number for one in drawings.list_drawings(rooms.by_key(room.key), room.owner)}
    numbers = {number for number, _ in crowd.acknowledged.values()}
    found.lost += [f"drawing {number} of the room" for number in numbers - kept]
    found.acknowledged["drawings of phones"] = len(numbers)
    writer.examine(found)


async def stay(url: str, share: float, found: Found) -> None:
    """Draw now and then until canceled, and come back whenever cut off; note what came of it.

    Those in the crowd begin one after the other, each at its `share` (0 to 1) of a pause.
    """
    visitor = ReturningVisitor(url)
    await asyncio.sleep(share * PAUSE)
    await visitor.come_back(anew=True)
    while True:
        try:
            if await visitor.draw(random.randrange(10)):
                found.crowd_strokes += 1
            await visitor.wait_until_cut_off(PAUSE)
        except LOST:
            pass
        if visitor.is_cut_off:
            found.crowd_back.append(await visitor.come_back(anew=False))


async def kill(
    replica: Replica, both: list[Replica], people: list[ReturningVisitor], found: Found, anew: bool
) -> None:
    """Kill a page process with all that it started, and wait until its visitors are back."""
    while not all([await asyncio.to_thread(status, one.url) == 200 for one in both]):
        await asyncio.sleep(0.2)
    answers = await asyncio.gather(*(one.draw(random.randrange(10)) for one in people))
    if anew:
        await asyncio.sleep(1.5)  # what a page has is written within a second
    replica.part.kill_all()
    await asyncio.sleep(0.3)
    cut_off = [number for number, one in enumerate(people) if one.is_cut_off]
    found.back += await asyncio.gather(*(people[number].come_back(anew) for number in cut_off))
    for number in cut_off:
        if people[number].answer != answers[number]:
            found.lost.append(f"{answers[number]} became {people[number].answer}")


async def interrupt_store(
    url: str, people: list[ReturningVisitor], restart: Restart, found: Found
) -> None:
    """Kill PostgreSQL, which stays away for a while; pages have to say so, and go on afterwards."""
    down = asyncio.create_task(asyncio.to_thread(restart, DOWN_SECONDS))
    await asyncio.sleep(1.0)
    reader = ReturningVisitor(url)
    while not down.done():
        await asyncio.gather(*(one.draw(random.randrange(10)) for one in people))
        await reader.enter("training")
        found.said += UNREACHABLE in reader.texts
        await reader.leave()
    await down
    await asyncio.sleep(1.0)
    for one in [*people, reader]:
        try:
            if one is reader:
                await one.enter("training")
            is_well = one is reader or await one.draw(1) == "1"
            if not is_well or UNREACHABLE in one.texts:
                found.wrong.append(f"{one.number} does not go on")
        except LOST as error:
            found.wrong.append(repr(error))
    await reader.leave()


class Writer:
    """Labels drawings and sends commands, one after the other; knows what was acknowledged."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._run = runs.create(Settings(), "commanded", "a commander")
        leases.claim_next("the benchmark")
        self._labels: list[tuple[str, int]] = []
        self._commands = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write while the context lasts."""
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()

    def examine(self, found: Found) -> None:
        """Note what was acknowledged and is not there."""
        kept = {owner: labeled_drawings.list_drawings(owner) for owner, _ in self._labels}
        for owner, label in self._labels:
            if label not in [one.label for one in kept[owner]]:
                found.lost.append(f"label {label} of {owner}")
        with storage.reading() as connection:
            is_own = COMMANDS.c.run_id == self._run.number
            count = sa.select(sa.func.count()).select_from(COMMANDS).where(is_own)
            there = int(connection.execute(count).scalar_one())
        found.lost += ["a command"] * max(0, self._commands - there)
        found.acknowledged |= {"labels": len(self._labels), "commands": self._commands}
        owners.forget("a commander")

    def _write(self) -> None:
        while not self._is_over.wait(0.1):
            owner, label = f"labeler {len(self._labels) // 10}", len(self._labels) % 10
            image = np.full((28, 28), 20 * label + 1, np.uint8)
            try:
                labeled_drawings.keep(owner, image, label)
                self._labels.append((owner, label))
                leases.renew("the benchmark")
                runs.send_command(self._run.name, "a commander", "learning_rate", 0.001)
                self._commands += 1
            except (LabeledDrawingError, RunError, StorageError):
                time.sleep(0.2)


def print_pages(tally: visitors.Tally, people: int, found: Found) -> None:
    """Print what happened to pages."""
    median, late = tally.milliseconds(50), tally.milliseconds(95)
    print(f"{processor()}, {os.cpu_count()} cores\n\n| | |\n|---|---|")
    print(
        f"| people who draw every 10 s; errors; strokes unanswered | {people}; "
        f"{len(tally.errors)} {tally.errors[:1] or ''}; {tally.unanswered} |"
    )
    print(f"| stroke to answer, median / p95 | {median:.0f} / {late:.0f} ms |")
    print(f"| visitors cut off by kill -9 | {len(found.back)} |")
    print(f"| back with drawing: median / p95 / longest | {spread(found.back)} |")
    print(f"| strokes of the crowd answered meanwhile | {found.crowd_strokes} |")
    print(f"| of the crowd cut off | {len(found.crowd_back)} |")
    print(f"| back, all at once: median / p95 / longest | {spread(found.crowd_back)} |")
    late_comers = sum(one > MOST_SECONDS for one in found.back + found.crowd_back)
    print(f"| back later than {MOST_SECONDS:.0f} s | {late_comers} |")
    for name, count in found.acknowledged.items():
        print(f"| {name} acknowledged | {count} |")
    print(f"| pages that said that the store cannot be reached | {found.said} |")
    print(f"| pages that did not go on afterwards | {len(found.wrong)} {found.wrong[:2] or ''} |")
    print(f"| acknowledged and lost | {len(found.lost)} {found.lost[:2] or ''} |\n")


if __name__ == "__main__":
    main()
