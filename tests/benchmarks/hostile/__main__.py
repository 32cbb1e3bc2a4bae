"""What one visitor can cost the others: `python -m tests.benchmarks.hostile`.

A real server is attacked while a bystander draws; printed are his waiting times and what the page
process takes. Each attack has a number; `--only NUMBER ...` carries out some of them again.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.hostile.attacker import EVERY_KIND
from tests.benchmarks.hostile.newcomers import meet
from tests.benchmarks.hostile.siege import HEADING, Report, besiege, looking_on
from tests.support.process_control import end_workers
from tests.support.serving import ROOT, Server, serve

AT_MOST = 1024
"""The usual number of descriptors a process."""


@contextlib.contextmanager
def fresh_server(descriptors: int = 0) -> Iterator[Server]:
    """Run the app with an empty home folder."""
    with tempfile.TemporaryDirectory(prefix="mnist-lab-hostile-") as folder:
        os.environ["MNIST_APP_HOME"] = folder
        try:
            with serve(Path(folder) / "log", descriptors=descriptors) as server:
                yield server
        finally:
            end_workers()


def show(report: Report) -> None:
    print(report.row(), flush=True)
    found = report.leaks[:5] + report.slow_strokes()
    found += [f"logged {count} times: {line}" for line, count in report.tracebacks.most_common(12)]
    found += [f"bystander: {error}" for error in report.thrown_out[:3]]
    for line in found:
        print(f"  - {line[:600]}", file=sys.stderr)


def count(report: Report) -> str:
    return ", ".join(f"{number:,} {kind}" for kind, number in sorted(report.kinds.items()))


async def alone(server: Server, seconds: float) -> Report:
    async with looking_on(server, "none") as report:
        await asyncio.sleep(seconds)
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--pictures", type=int, default=200_000)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--idle", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=3600, help="for each row at most")
    parser.add_argument("--kinds", nargs="+", default=EVERY_KIND, choices=EVERY_KIND)
    parser.add_argument("--only", nargs="+", type=int, help="carry out these attacks alone")
    given = parser.parse_args()
    print(f"Seed {given.seed}.\n\n{HEADING}", flush=True)
    common = ["--seed", str(given.seed), "--at-once", str(given.at_once)]
    common += ["--seconds", str(given.seconds)]
    kinds = ["--kinds", *given.kinds]
    counted = []
    if given.only:
        with fresh_server() as server:
            numbers = ["--numbers", *map(str, given.only)]
            show(asyncio.run(besiege(server, "again", *common, *kinds, *numbers)))
        return
    if given.messages:
        with fresh_server() as server:
            show(asyncio.run(alone(server, 20)))
            some = ["--count", str(given.messages)]
            report = asyncio.run(besiege(server, "messages", *common, *kinds, *some))
            show(report)
            counted.append(count(report))
    if given.sessions:
        with fresh_server() as server:
            for name, some in (("first tenth", 0.1), ("the others", 0.9)):
                number = ["--count", str(int(given.sessions * some))]
                options = [*common, "--kinds", "short session", *number]
                show(asyncio.run(besiege(server, f"short sessions, {name}", *options)))
    for line in counted:
        print(f"\n{line}.")
    if given.idle:
        with fresh_server(AT_MOST) as server:
            print(f"\n{given.idle} idle sockets, {AT_MOST} descriptors: ", end="", flush=True)
            print(asyncio.run(meet(server, given.idle)))
    if given.pictures:
        began = time.perf_counter()
        command = [sys.executable, "-m", "tests.benchmarks.hostile.decoding", str(given.pictures)]
        done = subprocess.run(
            [*command, str(given.seed)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        print(f"\n{done.stdout.strip() or done.stderr} ({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
