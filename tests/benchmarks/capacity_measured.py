"""What `capacity` needs and no other benchmark prints: memory, one run, the first visit."""

import asyncio
import os
import platform
import tempfile
import time
from pathlib import Path

import psutil
import sqlalchemy as sa

from mnist_app import storage, workers
from mnist_app.storage import ARTIFACTS, EVENTS, MOMENTS, SNAPSHOTS
from mnist_app.training import runs
from mnist_app.training.presets import PRESETS
from mnist_app.training.run import OPERATOR
from tests.benchmarks.draw import processor
from tests.benchmarks.visitors import wait_for_answer
from tests.support.chromium import start_browser
from tests.support.process_control import end_workers
from tests.support.serving import serve

RUNS = 3
MEASURED = {
    "artifacts": sa.func.length(ARTIFACTS.c.content),
    "moments": sa.func.length(MOMENTS.c.content),
    "snapshots": sa.func.length(SNAPSHOTS.c.content),
    "events": sa.func.length(sa.cast(EVENTS.c.numbers, sa.Text)),
}


def main() -> None:
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_APP_HOME"] = folder
        measure_server(Path(folder) / "log")
        measure_runs()
        storage.close()


def measure_server(log: Path) -> None:
    """Print what the model process takes, and what a browser loads that was never here."""
    with serve(log) as server:
        asyncio.run(wait_for_answer(server.url))
        [model] = server.model_processes()
        print(f"model process: {megabytes(model):.0f} MB")
        with start_browser() as browser:
            page = browser.new_page()
            page.goto(server.url)
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
            page.wait_for_timeout(3000)
            sent = page.evaluate(
                "performance.getEntriesByType('resource').map(one => one.transferSize)"
            )
            print(f"first visit: {sum(sent) / 1e6:.1f} MB in {len(sent)} requests")


def measure_runs() -> None:
    """Print how long a run keeps a warm worker, how much memory that takes, and what it leaves."""
    workers.start()
    while not (process := workers.process_id(0)):
        time.sleep(0.2)
    seconds, most = [], 0.0
    for _ in range(RUNS):
        run = runs.create(PRESETS["quick"].settings, "quick", OPERATOR)
        began = time.monotonic()
        while runs.read(run.name).is_active:
            most = max(most, megabytes(psutil.Process(process)))
            time.sleep(0.1)
        seconds.append(time.monotonic() - began)
        fitting = runs.read(run.name).seconds
        print(f"run: {seconds[-1]:.1f} s, {fitting:.1f} s of it fitting")
    print(f"worker: {most:.0f} MB at most")
    with storage.reading() as connection:
        for name, length in MEASURED.items():
            kept = float(connection.execute(sa.select(sa.func.sum(length))).scalar() or 0)
            print(f"{name}: {kept / RUNS / 1e6:.3f} MB a run")
    end_workers()


def megabytes(process: psutil.Process) -> float:
    """Return what a process keeps in memory."""
    return float(process.memory_info().rss) / 1e6
