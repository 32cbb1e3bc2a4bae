"""An attacker against a server, a bystander who draws, and somebody who looks at the process."""

import asyncio
import contextlib
import json
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.benchmarks import visitors
from tests.benchmarks.visitors import Visitor
from tests.support.serving import ROOT, Server

PAUSE = 0.4
"""Seconds between two strokes of the bystander."""
SLOW = 0.5
TRACEBACK = "Traceback (most recent call last)"


@dataclass
class Process:
    """What the page process took of the machine, in megabytes and descriptors."""

    memory: float
    descriptors: int

    def __str__(self) -> str:
        return f"{self.memory:.0f} MB, {self.descriptors}"


@dataclass
class Report:
    """What an attack was and what it cost."""

    name: str
    before: Process
    after: Process = field(default_factory=lambda: Process(0, 0))
    most: Process = field(default_factory=lambda: Process(0, 0))
    seconds: float = 0.0
    attacks: list[dict[str, object]] = field(default_factory=list)
    strokes: list[tuple[float, float]] = field(default_factory=list)
    """Of each of the bystander's strokes: when it began, and after how many seconds it ended."""
    unanswered: int = 0
    thrown_out: list[str] = field(default_factory=list)
    tracebacks: Counter[str] = field(default_factory=Counter)
    """Of the server's log: the last line of each."""

    def milliseconds(self, percentile: float) -> float:
        seconds = [took for _, took in self.strokes]
        return 1000 * float(np.percentile(seconds, percentile)) if seconds else np.nan

    @property
    def kinds(self) -> Counter[str]:
        return Counter(str(attack["kind"]) for attack in self.attacks)

    @property
    def leaks(self) -> list[str]:
        return [
            f"#{attack['number']} {attack['kind']} on /{attack['page']}: {attack['leak']!r}"
            for attack in self.attacks
            if attack["leak"]
        ]

    def slow_strokes(self) -> list[str]:
        """Return the strokes of more than half a second, slowest first, and what went on then."""
        slow = sorted((-took, began) for began, took in self.strokes if took > SLOW)
        return [
            f"{-took:.1f} s during {', '.join(self._during(began, began - took))}"
            for took, began in slow[:10]
        ]

    def _during(self, began: float, ended: float) -> list[str]:
        return [
            f"#{attack['number']} {attack['kind']}"
            for attack in self.attacks
            if attack["began"] < ended and attack["ended"] > began  # type: ignore[operator]
        ]

    def row(self) -> str:
        """Return a row of the table, see HEADING."""
        times = " / ".join(f"{self.milliseconds(p):.0f}" for p in (50, 95, 100))
        memory = f"{self.before.memory:.0f} / {self.most.memory:.0f} / {self.after.memory:.0f} MB"
        files = self.before.descriptors, self.most.descriptors, self.after.descriptors
        lost = self.unanswered + len(self.thrown_out)
        return (
            f"| {self.name} | {times} ms | {lost} of {len(self.strokes) + len(self.thrown_out)} | "
            f"{memory} | {' / '.join(map(str, files))} | {len(self.leaks)} | {self.seconds:.0f} s |"
        )


HEADING = """\
| attack | bystander's stroke, p50 / p95 / worst | lost | memory before / most / after | \
descriptors | tracebacks received | took |
|---|---|---|---|---|---|---|"""


async def besiege(server: Server, name: str, *options: str) -> Report:
    """Let an attacker loose, see `attacker.main` for the options, and return what it cost."""
    async with looking_on(server, name) as report:
        attacker = await start_attacker(server, *options)
        assert attacker.stdout is not None
        try:
            async for line in attacker.stdout:
                report.attacks.append(json.loads(line))
        finally:
            with contextlib.suppress(ProcessLookupError):
                attacker.kill()
            await attacker.wait()
    return report


async def start_attacker(server: Server, *options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.hostile.attacker", server.url, *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        limit=2**22,
    )


@asynccontextmanager
async def looking_on(server: Server, name: str) -> AsyncIterator[Report]:
    """Draw, and look at the page process, as long as the block lasts.

    It begins when the bystander has his first answer.
    """
    await visitors.wait_for_answer(server.url)
    report = Report(name, look_at(server))
    _forget_most_memory(server)
    logged = len(server.log.read_text(errors="replace"))
    began = time.perf_counter()
    watchers = [
        asyncio.create_task(_draw(server, report)),
        asyncio.create_task(_watch(server, report)),
    ]
    try:
        yield report
    finally:
        report.seconds = time.perf_counter() - began
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        report.after = look_at(server)
        report.most.memory = _most_memory(server)
        report.tracebacks = _tracebacks(server.log.read_text(errors="replace")[logged:])


def look_at(server: Server) -> Process:
    return Process(server.process.memory_info().rss / 1e6, server.process.num_fds())


async def _draw(server: Server, report: Report) -> None:
    """Draw a digit now and then; come in again when thrown out."""
    cookie = f"mnist_lab_visitor={secrets.token_hex(16)}"
    visitor = Visitor(server.url, cookie=cookie)
    is_inside = False
    for number in range(1_000_000):
        await asyncio.sleep(PAUSE)
        began = time.time()
        try:
            if not is_inside:
                await visitor.enter()
                is_inside = True
                continue
            run = await visitor.draw(number % 10)
        except Exception as error:
            report.thrown_out.append(repr(error))
            is_inside = False
            continue
        report.strokes.append((began, time.time() - began))
        report.unanswered += run.answer == ""


async def _watch(server: Server, report: Report) -> None:
    while True:
        report.most.descriptors = max(report.most.descriptors, server.process.num_fds())
        await asyncio.sleep(0.1)


def _most_memory(server: Server) -> float:
    """Return the most memory that the process had since `_forget_most_memory`, in megabytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def _forget_most_memory(server: Server) -> None:
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def _tracebacks(log: str) -> Counter[str]:
    """Return the last line of each traceback in a log, without its numbers."""
    ends = [
        next((line for line in part.splitlines()[1:] if line[:1].strip()), "")
        for part in log.split(TRACEBACK)[1:]
    ]
    return Counter(re.sub(r"\d+", "N", end)[:150] for end in ends)
