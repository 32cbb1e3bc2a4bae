"""A room full of phones: how long from a tap to the wall, and what a killed server costs.

python -m tests.benchmarks.room [--phones 200] [--drawings 12] [--pause 5] [--keep]
python -m tests.benchmarks.room --browsers 20 [--drawings 3]

The wall is a real browser's; a drawing is on it when its tile is painted. Somebody else draws on
the page Draw meanwhile. In the middle the page process is killed (kill -9) and started again after
a second, unless told to --keep it. With --browsers the phones are real browsers, all at once.
"""

import argparse
import asyncio
import contextlib
import hashlib
import os
import secrets
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from mnist_app.classroom import drawings, rooms
from mnist_app.classroom.room import Room
from tests.benchmarks.browser_phones import BrowserPhones
from tests.benchmarks.draw import processor
from tests.benchmarks.phones import Crowd, draw_together
from tests.benchmarks.visitors import Visitor, wait_for_answer
from tests.support import asynchronous
from tests.support.chromium import start_browser
from tests.support.serving import Server, free_port, serve

DOWN_SECONDS = 1.0
SETTLE_SECONDS = 10.0
WATCH = """() => {
    window.seen = {};
    const stamp = (numbers) => requestAnimationFrame(() => {
        const painted = new MessageChannel();
        painted.port1.onmessage = () => {
            for (const number of numbers) window.seen[number] ??= Date.now() / 1000;
        };
        painted.port2.postMessage(null);
    });
    const look = (wall) => {
        const tiles = [...wall.querySelectorAll('.tile')].map((one) => one.dataset.number);
        const fresh = tiles.filter((number) => !(number in window.seen));
        if (fresh.length) stamp(fresh);
    };
    const watched = new WeakSet();
    setInterval(() => {
        for (const one of document.querySelectorAll('.stBidiComponent *')) {
            const wall = one.shadowRoot?.querySelector('.wall');
            if (!wall || watched.has(wall)) continue;
            watched.add(wall);
            look(wall);
            const section = wall.querySelector('section');
            const deep = {childList: true, subtree: true};
            new MutationObserver(() => look(wall)).observe(section, deep);
        }
    }, 200);
}"""


@dataclass
class Outage:
    """When the page process was killed and when it answered again; never, before it happened."""

    killed_at: float = float("inf")
    back_at: float = float("inf")


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--phones", type=int, default=200)
    parser.add_argument("--drawings", type=int, default=12)
    parser.add_argument("--pause", type=float, default=5.0)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--browsers", type=int, default=0)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="mnist-lab-room-") as folder,
        start_browser() as browser,
    ):
        os.environ["MNIST_APP_HOME"] = folder
        if given.browsers:
            measure_browsers(Path(folder), browser, given)
        else:
            measure(Path(folder), browser, given)


def measure_browsers(folder: Path, browser: Browser, given: argparse.Namespace) -> None:
    """Let browsers draw, and print what came of it."""
    cookie, crowd = secrets.token_hex(16), Crowd()
    with serve(folder / "log") as server:
        asynchronous.run(wait_for_answer(server.url))
        room = rooms.open_room(owner_of(cookie), "", "cnn")
        wall = open_wall(browser, server, cookie)
        phones = BrowserPhones(browser, server.url, room, given.browsers)
        right = phones.draw(given.drawings)
        phones.note(crowd)
        time.sleep(SETTLE_SECONDS)
        report(room, crowd, wall, Outage(), [])
        print(f"| read right in the phone | {100 * right:.0f}% |")


def measure(folder: Path, browser: Browser, given: argparse.Namespace) -> None:
    """Let the phones draw, and print what came of it."""
    port, cookie, outage, crowd = free_port(), secrets.token_hex(16), Outage(), Crowd()
    seconds: list[float] = []
    with contextlib.ExitStack() as servers, ThreadPoolExecutor(2) as threads:
        server = servers.enter_context(serve(folder / "log", port=port))
        asynchronous.run(wait_for_answer(server.url))
        room = rooms.open_room(owner_of(cookie), "", "cnn")
        wall = open_wall(browser, server, cookie)
        together = draw_together(
            server.url, room.key, given.phones, given.drawings, given.pause, crowd
        )
        before = processor_seconds(server)
        phones = threads.submit(asyncio.run, together)
        half = given.drawings * given.pause / 2
        threads.submit(asyncio.run, draw_beside(server.url, half - 2, seconds)).result()
        cost = (processor_seconds(server) - before) / max(1, len(crowd.acknowledged))
        if not given.keep:
            time.sleep(2)
            outage.killed_at = time.time()
            server.process.kill()
            time.sleep(DOWN_SECONDS)
            servers.enter_context(serve(folder / "log2", port=port))
            outage.back_at = time.time()
        phones.result()
        time.sleep(SETTLE_SECONDS)
        report(room, crowd, wall, outage, seconds)
        print(f"| processor time of the page process, a drawing | {1000 * cost:.1f} ms |")


def processor_seconds(server: Server) -> float:
    """Return how long the page process has computed."""
    used = server.process.cpu_times()
    return float(used.user + used.system)


def owner_of(cookie: str) -> str:
    """Return whose rooms a browser with this cookie opens, as `ui.visitor` has it."""
    return hashlib.sha256(cookie.encode()).hexdigest()[:16]


def open_wall(browser: Browser, server: Server, cookie: str) -> Page:
    """Open the speaker's page, and note when each drawing is painted."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
    context.add_cookies([{"name": "mnist_lab_visitor", "value": cookie, "url": server.url}])
    page = context.new_page()
    page.goto(f"{server.url}/room")
    page.locator(".wall .code").wait_for()
    page.evaluate(WATCH)
    return page


async def draw_beside(url: str, for_seconds: float, seconds: list[float]) -> None:
    """Draw on the page Draw once a second, and note how long each answer takes."""
    until = time.monotonic() + for_seconds
    visitor = Visitor(url)
    await visitor.enter()
    while time.monotonic() < until:
        began = time.perf_counter()
        await visitor.draw(len(seconds) % 10)
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(1.0)
    await visitor.leave()


def report(room: Room, crowd: Crowd, wall: Page, outage: Outage, beside: list[float]) -> None:
    """Print what happened."""
    seen = {int(number): at for number, at in wall.evaluate("window.seen").items()}
    kept = {one.number for one in drawings.list_drawings(rooms.by_key(room.key), room.owner)}
    numbers = [number for number, _ in crowd.acknowledged.values()]
    steady: list[float] = []
    after: list[float] = []
    for sending, (number, _) in crowd.acknowledged.items():
        sent = crowd.sent_at[sending]
        is_struck = outage.killed_at - 3 < sent < outage.back_at + SETTLE_SECONDS
        if number in seen:
            (after if is_struck else steady).append(seen[number] - sent)
    print(f"{processor()}, {os.cpu_count()} cores\n")
    print("| | |\n|---|---|")
    print(f"| drawings sent | {len(crowd.sent_at)} |")
    print(f"| acknowledged | {len(numbers)} |")
    print(f"| kept twice | {len(kept) - len(set(numbers))} |")
    print(f"| acknowledged and not in the store | {len(set(numbers) - kept)} |")
    print(f"| acknowledged and not on the wall | {len(set(numbers) - seen.keys())} |")
    print(f"| refused | {len(crowd.refused)} {crowd.refused[:2] or ''} |")
    print(f"| tried again | {crowd.retries} |")
    print(f"| sent to painted on the wall: median, p95, longest | {spread(steady)} |")
    if beside:
        print(f"| Draw of somebody else: median, p95, longest | {spread(beside)} |")
    if outage.killed_at < float("inf"):
        heard = [at for at in crowd.heard if at > outage.killed_at]
        back = [at for _, at in crowd.acknowledged.values() if at > outage.killed_at]
        painted = [at for at in seen.values() if at > outage.killed_at + DOWN_SECONDS]
        print(f"| sent around the kill, to painted | {spread(after)} |")
        for name, times in (
            ("the page process answers", [outage.back_at]),
            ("the first drawing is acknowledged", back),
            ("the first phone hears its room", heard),
            ("the wall shows something new", painted),
        ):
            print(f"| from the kill until {name} | {min(times) - outage.killed_at:.1f} s |")


def spread(seconds: list[float]) -> str:
    """Return median, 95th percentile and maximum in milliseconds."""
    if not seconds:
        return "none"
    points = np.percentile(seconds, [50, 95, 100]) * 1000
    return " / ".join(f"{point:.0f}" for point in points) + " ms"


if __name__ == "__main__":
    main()
