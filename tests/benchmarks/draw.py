"""Measure the Draw page: python -m tests.benchmarks.draw. Prints a table in Markdown.

Server, browser and visitors share the machine's cores. The peer is the same page with
TensorFlow in the page process and Streamlit's default settings.
"""

import asyncio
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.benchmarks.visitors import Tally, Visitor, crowd
from tests.support.chromium import start_browser
from tests.support.mouse import draw_one
from tests.support.serving import ROOT, Server, serve

PEER = Path(__file__).parent / "peer" / "app.py"
COLD_STARTS = 3
STROKES_IN_BROWSER = 30
STROKES_A_PERSON = 8
CROWDS = (1, 40, 80, 120, 200, 280, 360)
PEER_CROWDS = (1, 10, 20)
SATURATED_MS = 1000
MORE_SESSIONS = 50
STATUS = "[aria-label=Prediction]"
WATCH_PEN = """() => {
    window.penUp = null; window.waits = [];
    addEventListener('pointerup', () => { window.penUp = performance.now(); }, true);
    new MutationObserver(() => {
        const status = document.querySelector('[aria-label=Prediction]');
        if (window.penUp === null || !status || !/^\\d$/.test(status.textContent)) return;
        const start = window.penUp;
        window.penUp = null;
        requestAnimationFrame(() => {
            const painted = new MessageChannel();
            painted.port1.onmessage = () => window.waits.push(performance.now() - start);
            painted.port2.postMessage(null);
        });
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def main() -> None:
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    with start_browser() as browser:
        print("| | this app | peer |\n|---|---|---|")
        _print_row(
            f"start to visible canvas, then to the first answer, medians of {COLD_STARTS}",
            _cold_starts(browser, ROOT / "streamlit_app.py"),
            _cold_starts(browser, PEER),
        )
        _print_row(
            f"pen-up to painted answer, median / worst of {STROKES_IN_BROWSER}",
            _pen_up(browser, ROOT / "streamlit_app.py"),
            _pen_up(browser, PEER),
        )
    _print_row("page process; more for each further session", _memory(), _memory(PEER))
    ours, peers = _crowds(ROOT / "streamlit_app.py", CROWDS), _crowds(PEER, PEER_CROWDS)
    for people in sorted(ours.keys() | peers.keys()):
        _print_row(
            f"{people} people, a stroke each every 2 s, p50 / p95",
            ours.get(people, "-"),
            peers.get(people, "-"),
        )


def _print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def _cold_starts(browser: Browser, script: Path) -> str:
    visible, answered = zip(
        *(_cold_start(browser, script) for _ in range(COLD_STARTS)), strict=True
    )
    return f"{statistics.median(visible):.1f} s, {statistics.median(answered):.1f} s"


def _cold_start(browser: Browser, script: Path) -> tuple[float, float]:
    """Return the seconds from start to canvas and from canvas to the answer, drawn at once."""
    page = browser.new_page(bypass_csp=True)
    began = time.perf_counter()
    with _serve(script) as server:
        page.goto(server.url)
        page.locator("canvas.upper-canvas").wait_for()
        visible = time.perf_counter()
        draw_one(page)
        _wait_for_answer(page)
        answered = time.perf_counter()
    page.close()
    return visible - began, answered - visible


def _pen_up(browser: Browser, script: Path) -> str:
    page = browser.new_page(bypass_csp=True)
    with _serve(script) as server:
        waits = pen_up_waits(page, server)
    page.close()
    return f"{statistics.median(waits):.0f} / {max(waits):.0f} ms"


def pen_up_waits(page: Page, server: Server) -> list[float]:
    """Return the milliseconds from pen-up to the painted answer, for each of some strokes."""
    page.goto(server.url)
    draw_one(page, 130, 160)
    _wait_for_answer(page)
    page.evaluate(WATCH_PEN)
    for index in range(STROKES_IN_BROWSER):  # the 1 grows, so that each answer is painted
        draw_one(page, 130 - 3 * index, 160 + 3 * index)
        page.wait_for_function(f"window.waits.length > {index}")
        time.sleep(0.2)
    waits: list[float] = page.evaluate("window.waits")
    return waits


def _wait_for_answer(page: Page) -> None:
    page.wait_for_function(
        f"/^\\d$/.test(document.querySelector('{STATUS}')?.textContent)", timeout=120_000
    )


def _memory(script: Path = ROOT / "streamlit_app.py") -> str:
    with _serve(script) as server:
        return asyncio.run(_measure_memory(server))


async def _measure_memory(server: Server) -> str:
    visitors = [Visitor(server.url) for _ in range(MORE_SESSIONS + 1)]
    await visitors[0].enter()
    for index in range(10):
        await asyncio.sleep(1)
        await visitors[0].draw(index)
    alone = server.process.memory_info().rss / 1e6
    for visitor in visitors[1:]:
        await visitor.enter()
        for digit in range(5):
            await visitor.draw(digit)
    together = server.process.memory_info().rss / 1e6
    return f"{alone:.0f} MB; {(together - alone) / MORE_SESSIONS:.2f} MB"


def _crowds(script: Path, sizes: tuple[int, ...]) -> dict[int, str]:
    cells: dict[int, str] = {}
    with _serve(script) as server:
        asyncio.run(crowd(server.url, 1, 5))
        for people in sizes:
            tally = asyncio.run(crowd(server.url, people, STROKES_A_PERSON))
            cells[people] = _cell(tally)
            if tally.errors or tally.milliseconds(95) > SATURATED_MS:
                break
    return cells


def _cell(tally: Tally) -> str:
    cell = f"{tally.milliseconds(50):.0f} / {tally.milliseconds(95):.0f} ms"
    if tally.errors or tally.unanswered:
        cell += f" ({len(tally.errors)} errors, {tally.unanswered} unanswered)"
    return cell


@contextmanager
def _serve(script: Path) -> Iterator[Server]:
    """Serve the app from its folder and the peer from its own, so that each has its settings."""
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "log", script) as server:
        yield server


def processor() -> str:
    names = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout
    lines = [line for line in names.splitlines() if line.startswith("Model name")]
    return lines[0].split(":")[1].strip() if lines else platform.machine()


if __name__ == "__main__":
    main()
