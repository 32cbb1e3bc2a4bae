"""Measure what it costs to watch a run: python -m tests.benchmarks.watching.

A browser watches its own run; then forty others watch it while somebody
draws on Draw. Browser, server and worker share the machine's cores. Prints tables in Markdown.
"""

import asyncio
import base64
import hashlib
import os
import platform
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

from mnist_app import workers
from mnist_app.training import runs
from mnist_app.training.history import read_history
from mnist_app.training.presets import PRESETS
from mnist_app.training.run import OPERATOR, Run
from tests.benchmarks.draw import processor
from tests.benchmarks.visitors import Tally, crowd
from tests.support.chromium import start_browser
from tests.support.process_control import end_workers
from tests.support.serving import Server, serve

SECONDS = 15
WATCHERS = 40
STROKES = 30
SHOWN = ".run .bars .first"


def main() -> None:
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MNIST_APP_HOME"] = folder
        try:
            with serve(Path(folder) / "log") as server:
                _measure(server)
        finally:
            end_workers()


def _measure(server: Server) -> None:
    asyncio.run(crowd(server.url, 1, 5))
    idle = asyncio.run(crowd(server.url, 1, STROKES, pause=0.5))
    with start_browser() as browser:
        page = browser.new_page(bypass_csp=True, viewport={"width": 1280, "height": 800})
        run = _train(page, server)
        watched, received = _watch(page, server)
        page.goto("about:blank")
        time.sleep(6)
        unwatched = _cpu(server, SECONDS)
    print("| one who watches the own run | CPU of the page process | received |\n|---|---|---|")
    print(f"| | {watched - unwatched:.1f} ms a second | {received / 1000:.1f} KB a second |\n")
    alone = asyncio.run(crowd(server.url, 1, STROKES, pause=0.5))
    cost, together = asyncio.run(_forty(server, run))
    print(f"| a stroke on Draw, {STROKES} of them | p50 | p95 |\n|---|---|---|")
    _print_row("nothing is trained", idle)
    _print_row("a run that nobody watches", alone)
    _print_row(f"a run that {WATCHERS} watch", together)
    each = (cost - unwatched) / WATCHERS
    print(f"\nwith {WATCHERS}, each costs {each:.1f} ms of CPU a second, the stroke included")
    assert runs.read(run.name).status == "running"


def _train(page: Page, server: Server) -> Run:
    """Let the browser's visitor train the quick network for long, and open the page of it."""
    number = secrets.token_hex(16)
    page.context.add_cookies([{"name": "mnist_lab_visitor", "value": number, "url": server.url}])
    owner = hashlib.sha256(number.encode()).hexdigest()[:16]
    run = runs.create(replace(PRESETS["quick"].settings, epochs=100), "long", owner)
    workers.start()
    while not read_history(runs.read(run.name), OPERATOR).training.images:
        time.sleep(0.1)
    page.goto(f"{server.url}/training")
    page.locator(SHOWN).first.wait_for(timeout=120_000)
    return run


def _watch(page: Page, server: Server) -> tuple[float, float]:
    """Return the CPU that an open page costs, in ms a second, and the bytes that it gets in one."""
    time.sleep(5)
    devtools = page.context.new_cdp_session(page)
    received: list[int] = []
    devtools.on(
        "Network.webSocketFrameReceived",
        lambda event: received.append(_length(event["response"])),
    )
    devtools.on("Network.dataReceived", lambda event: received.append(event["dataLength"]))
    devtools.send("Network.enable")
    before = _cpu_seconds(server)
    page.wait_for_timeout(1000 * SECONDS)
    return 1000 * (_cpu_seconds(server) - before) / SECONDS, sum(received) / SECONDS


def _length(frame: dict[str, object]) -> int:
    """Return how long a websocket's frame is; binary ones are told in base64."""
    text = str(frame["payloadData"])
    return len(base64.b64decode(text)) if frame["opcode"] == 2 else len(text)


def _cpu(server: Server, seconds: float) -> float:
    before = _cpu_seconds(server)
    time.sleep(seconds)
    return 1000 * (_cpu_seconds(server) - before) / seconds


def _cpu_seconds(server: Server) -> float:
    times = server.process.cpu_times()
    return times.user + times.system


async def _forty(server: Server, run: Run) -> tuple[float, Tally]:
    """Let forty watch while somebody draws; return the CPU in ms a second, and the strokes."""
    async with _watchers(server, run):
        before, began = _cpu_seconds(server), time.monotonic()
        tally = await crowd(server.url, 1, STROKES, pause=0.5)
        cost = 1000 * (_cpu_seconds(server) - before) / (time.monotonic() - began)
    return cost, tally


@asynccontextmanager
async def _watchers(server: Server, run: Run) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_hear(server, run)) for _ in range(WATCHERS)]
    await asyncio.sleep(2)
    yield
    for task in tasks:
        task.cancel()


async def _hear(server: Server, run: Run) -> None:
    """Hear a run as a browser that belongs to nobody else does."""
    place = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    cookie = f"mnist_lab_visitor={secrets.token_hex(16)}"
    head = (
        f"GET /runs/{run.name}/events HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookie}\r\n\r\n"
    )
    writer.write(head.encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    while await reader.read(65_536):
        pass


def _print_row(name: str, tally: Tally) -> None:
    print(f"| {name} | {tally.milliseconds(50):.0f} ms | {tally.milliseconds(95):.0f} ms |")


if __name__ == "__main__":
    main()
