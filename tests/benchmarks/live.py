"""Measure the answer while the pen moves: python -m tests.benchmarks.live. Prints a table.

In a real browser on each page with a canvas: from a pointer event to its painted answer, answers a
second while a digit is drawn, long tasks, how far things jump (cumulative layout shift), what is
sent to the server before the pen is up, and what comes back after it. With the default network; on
the page Draw also with the largest one, and with the browser's processor slowed down six times.
"""

import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, WebSocket

from tests.benchmarks.draw import processor
from tests.support.chromium import start_browser
from tests.support.handwriting import DIGITS
from tests.support.serving import serve

NETWORKS = {"cnn": "Small CNN", "champion": "Big CNN"}
PAGES = ["", "pixels", "convolution", "max_pooling", "feature_maps", "mnist", "robustness"]
# Which network, on which page, in a browser slowed down how often.
MEASURED = [
    *(("cnn", page, 1) for page in PAGES),
    ("cnn", "", 6),
    ("champion", "", 1),
    ("champion", "", 6),
]
# A hand at a mouse: so many events a second for some seconds.
EVENTS_A_SECOND, SECONDS = 60, 6
WATCH = """() => {
    window.waits = []; window.long = [];
    let event = 0;
    addEventListener('pointermove', () => { event = performance.now(); }, true);
    const answer = document.querySelector('[data-testid=stMain]');
    new MutationObserver(() => {
        if (!document.querySelector('[data-source=live]') || !event) return;
        const began = event;
        event = 0;
        const painted = new MessageChannel();
        painted.port1.onmessage = () => window.waits.push(performance.now() - began);
        painted.port2.postMessage(null);
    }).observe(answer, {subtree: true, childList: true, attributes: true, characterData: true});
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(e => { window.shift += e.value; }))
        .observe({type: 'layout-shift'});
    new PerformanceObserver(list => window.long.push(...list.getEntries().map(e => e.duration)))
        .observe({entryTypes: ['longtask']});
}"""


def main() -> None:
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(
        "| network, page | browser | event to painted answer, median / p95 | answers a second | "
        "longest task | layout shift | sent before pen-up | received a stroke |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder) / "log") as server,
        start_browser() as browser,
    ):
        for network, page, slowed in MEASURED:
            speed = "as it is" if slowed == 1 else f"slowed {slowed} times"
            measured = _measure(browser, f"{server.url}/{page}", NETWORKS[network], slowed)
            print(f"| `{network}`, `/{page}` | {speed} | {measured} |", flush=True)


def _measure(browser: Browser, url: str, title: str, slowed: int) -> str:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    sent: list[int] = []
    received: list[int] = []
    page.on("websocket", lambda socket: _count(socket, sent, received))
    page.goto(url)
    page.locator("canvas.upper-canvas").wait_for()
    _choose(page, title)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    page.evaluate(WATCH)
    sent.clear()
    began = time.perf_counter()
    _scribble(page)
    seconds = time.perf_counter() - began
    before_pen_up = len(sent)
    waits = page.evaluate("window.waits")
    longest = max(page.evaluate("window.long"), default=0)
    received.clear()
    page.mouse.up()
    time.sleep(3)
    shift = page.evaluate("window.shift")
    page.close()
    return (
        f"{np.percentile(waits, 50):.1f} / {np.percentile(waits, 95):.1f} ms | "
        f"{len(waits) / seconds:.0f} | {longest:.0f} ms | {shift:.3f} | "
        f"{before_pen_up} messages | {sum(received) / 1000:.0f} KB"
    )


def _count(socket: WebSocket, sent: list[int], received: list[int]) -> None:
    socket.on("framesent", lambda payload: sent.append(len(payload)))
    socket.on("framereceived", lambda payload: received.append(len(payload)))


def _choose(page: Page, title: str) -> None:
    time.sleep(5)
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_role("combobox").click()
    page.get_by_role("option", name=title).click()
    time.sleep(5)


def _scribble(page: Page) -> None:
    """Draw a 3, slowly, and hold the pen down."""
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    points = np.array(DIGITS[3][0]) * box["width"] / 100 + [box["x"], box["y"]]
    count = EVENTS_A_SECOND * SECONDS
    places = np.linspace(0, len(points) - 1, count)
    x, y = (np.interp(places, np.arange(len(points)), points[:, axis]) for axis in (0, 1))
    page.mouse.move(x[0], y[0])
    page.mouse.down()
    began = time.perf_counter()
    for index in range(count):
        time.sleep(max(0.0, began + index / EVENTS_A_SECOND - time.perf_counter()))
        page.mouse.move(x[index], y[index])


if __name__ == "__main__":
    main()
