"""Measure training: python -m tests.benchmarks.training. Prints tables in Markdown.

The preset "quick" beside Keras's own MNIST example, in turns; the way from the click to the first
bars; the Draw page while a training runs. Browser, server and worker share the machine's cores.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page

from mnist_app import workers
from mnist_app.training import runs, slots
from mnist_app.training.history import read_history
from mnist_app.training.presets import PRESETS
from mnist_app.training.run import OPERATOR, Run
from mnist_app.workers import WorkerError
from tests.benchmarks.draw import pen_up_waits, processor
from tests.support.chromium import start_browser
from tests.support.process_control import end_workers
from tests.support.serving import ROOT, serve

SEEDS = (1, 2, 3, 4, 5)
STOCK_EPOCHS = 8
GOAL = 0.99
CLICKS = 5
COLD_CLICKS = 3
FIRST_BARS = """(name) => {
    const elements = [...document.querySelectorAll('.st-key-run_stage *')];
    const root = elements.find((one) => one.shadowRoot)?.shadowRoot;
    return root?.querySelector('.state')?.textContent.startsWith(`${name} `)
        && root.querySelector('.bars span').textContent !== '–';
}"""


def main() -> None:
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_APP_HOME"] = folder
        try:
            quick = _quick_beside_stock()
            _first_bars()
            _draw_while_training(quick)
        finally:
            end_workers()


def _quick_beside_stock() -> Run:
    print("| | seconds of fitting | right on the 10,000 test images |\n|---|---|---|")
    workers.start()
    while not workers.process_id(0):
        time.sleep(0.1)
    times = []
    run = _trained(SEEDS[0])
    for seed in SEEDS:
        run = _trained(seed)
        times.append(run.seconds)
        _print_row(f"quick, seed {seed}", run.seconds, run.test_accuracy or 0)
        if seed == SEEDS[len(SEEDS) // 2]:
            _stock()
    print(
        f"\nquick: median {statistics.median(times):.1f} s, from {min(times):.1f} to "
        f"{max(times):.1f} s\n"
    )
    return run


def _trained(seed: int) -> Run:
    run = runs.create(replace(PRESETS["quick"].settings, seed=seed), "quick", OPERATOR)
    while (run := runs.read(run.name)).status in ("queued", "running"):
        time.sleep(0.1)
    return run


def _stock() -> None:
    """Fit the peer until it reaches the goal, with the same fast kernels."""
    peer = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.stock_convnet", str(STOCK_EPOCHS)],
        cwd=ROOT,
        env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert peer.stdout is not None
    for epoch, line in enumerate(peer.stdout, start=1):
        result = json.loads(line)
        _print_row(f"stock convnet, epoch {epoch}", result["seconds"], result["accuracy"])
        if result["accuracy"] >= GOAL:
            break
    peer.kill()
    peer.wait()


def _print_row(name: str, seconds: float, accuracy: float) -> None:
    print(f"| {name} | {seconds:.1f} | {100 * accuracy:.2f}% |", flush=True)


def _first_bars() -> None:
    """Print how long it takes from the click to the first bars."""
    warm, cold = [], []
    with start_browser() as browser, serve(Path(tempfile.mkdtemp()) / "log") as server:
        page = browser.new_page(bypass_csp=True)
        page.goto(f"{server.url}/training")
        for _ in range(CLICKS):
            warm.append(_click_to_bars(page, warm_up=True))
        for _ in range(COLD_CLICKS):
            page.goto("about:blank")
            end_workers()
            while slots.is_taken(slots.slot_name(0)):
                time.sleep(0.1)
            page.goto(f"{server.url}/training")
            cold.append(_click_to_bars(page, warm_up=False))
    print("| from the click to the first bars | median | worst |\n|---|---|---|")
    for name, waits in (("warm worker", warm), ("no worker yet", cold)):
        median, worst = statistics.median(waits), max(waits)
        print(f"| {name}, {len(waits)} clicks | {median:.1f} s | {worst:.1f} s |", flush=True)


def _click_to_bars(page: Page, warm_up: bool) -> float:
    train = page.get_by_role("button", name="Train", exact=True)
    train.wait_for()
    while warm_up and not workers.process_id(0):
        time.sleep(0.1)
    if warm_up:
        time.sleep(2)
    before = {run.name for run in runs.list_runs()}
    train.click()
    clicked = time.perf_counter()
    while not (names := {run.name for run in runs.list_runs()} - before):
        time.sleep(0.01)
    [name] = names
    page.wait_for_function(FIRST_BARS, arg=name, polling=20)
    waited = time.perf_counter() - clicked
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Train more").wait_for(timeout=120_000)
    return waited


def _draw_while_training(quick: Run) -> None:
    """Print the wait for an answer on the Draw page, idle and while a network is trained."""
    with start_browser() as browser, serve(Path(tempfile.mkdtemp()) / "log") as server:
        page = browser.new_page(bypass_csp=True)
        idle = pen_up_waits(page, server)
        run = runs.create(replace(quick.settings, epochs=100), "long", OPERATOR)
        while not workers.process_id(0):
            with suppress(WorkerError):
                workers.start()  # its first one was killed
            time.sleep(0.1)
        while not read_history(runs.read(run.name), OPERATOR).training.images:
            time.sleep(0.1)
        busy = pen_up_waits(page, server)
        assert runs.read(run.name).status == "running"
    print("\n| Draw page, pen-up to painted answer | median | worst |\n|---|---|---|")
    for name, waits in (("idle", idle), ("while a training runs", busy)):
        print(f"| {name} | {statistics.median(waits):.0f} ms | {max(waits):.0f} ms |")
    print(f"\nratio of the medians: {statistics.median(busy) / statistics.median(idle):.2f}")


if __name__ == "__main__":
    main()
