"""Measure the pages beside Draw: python -m tests.benchmarks.inside. Prints tables.

For each page: from pen-up to the painted page in a browser, median / worst of 30 strokes, 200 ms of
it the canvas's own wait; what the browser receives a stroke; and, without a browser, 40 people who
draw a stroke each every 2 s, from message to finished script. Then, from a click on a further
hundred of MNIST's images and on a cell of the confusion matrix to what it shows, painted. Server,
browser and people share the machine's cores.
"""

import asyncio
import itertools
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, WebSocket

from tests.benchmarks.draw import processor
from tests.benchmarks.visitors import crowd
from tests.support.chromium import start_browser
from tests.support.mouse import draw_one
from tests.support.serving import serve

STROKES = 30
PEOPLE = 40
STROKES_A_PERSON = 8
PAGES = {
    "/feature_maps": "[aria-label^='Answer: The network’s answer']",
    "/convolution": "[aria-label^='Answer: As trained']",
    "/max_pooling": "[aria-label^='Answer: As trained']",
    "/pixels": "[aria-label^='Answer: Centered']",
    "/mnist": "[aria-label^='Answer: ']",
    "/robustness": "[aria-label='Answer: Small CNN']",
}
CLICKS = {
    "the next page of images": ("/mnist", ".st-key-image_page [data-testid$=StepUp]"),
    "a cell of the confusion matrix": ("/report_card", ".st-key-confusion td button:enabled"),
}
SECONDS_OF_HOVER = 4
# From the last event of a stroke until all sheets, lenses and answers of the page are painted.
WATCH = """() => {
    window.penUp = null; window.waits = [];
    addEventListener('pointerup', () => { window.penUp = performance.now(); }, true);
    let quiet;
    const changed = () => {
        if (window.penUp === null) return;
        window.last = performance.now();
        clearTimeout(quiet);
        requestAnimationFrame(() => {
            const painted = new MessageChannel();
            painted.port1.onmessage = () => { window.painted = performance.now(); };
            painted.port2.postMessage(null);
        });
        quiet = setTimeout(() => {
            window.waits.push(window.painted - window.penUp);
            window.penUp = null;
        }, 250);
    };
    const observer = new MutationObserver(changed);
    const options = {subtree: true, childList: true, characterData: true, attributes: true};
    const watch = root => {
        observer.observe(root, options);
        root.querySelectorAll('*').forEach(e => e.shadowRoot && watch(e.shadowRoot));
    };
    watch(document.querySelector('[data-testid=stMain]'));
}"""
FRAMES = """() => {
    window.frames_ = []; window.moved = 0;
    const mark = [...document.querySelectorAll('*')].map(e => e.shadowRoot)
        .filter(Boolean).map(r => r.querySelector('.input .mark')).find(Boolean);
    let before = '';
    const tick = now => {
        window.frames_.push(now);
        const place = mark.style.top + mark.style.left;
        window.moved += place !== before;
        before = place;
        requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
}"""


def main() -> None:
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| page (`cnn`) | pen-up to painted | received a stroke | 40 people, p50 / p95 |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "log") as server:
        asyncio.run(crowd(server.url, 1, 5))
        together = {path: _together(server.url, path) for path in PAGES}
        with start_browser() as browser:
            for path, answer in PAGES.items():
                alone = _strokes(browser, server.url, path, answer)
                print(f"| `{path}` | {alone} | {together[path]} |", flush=True)
            print(f"\n{_follow(browser, server.url + '/convolution')}")
            print("\n| click on | median | worst of 30, painted |\n|---|---|---|")
            for words, (path, target) in CLICKS.items():
                print(f"| {words} | {_clicks(browser, server.url + path, target)} |", flush=True)


def _together(url: str, path: str) -> str:
    tally = asyncio.run(crowd(url, PEOPLE, STROKES_A_PERSON, page=path[1:]))
    times = f"{tally.milliseconds(50):.0f} / {tally.milliseconds(95):.0f} ms"
    lost = len(tally.errors) + tally.unanswered
    return f"{times} ({lost} unanswered)" if lost else times


def _open(
    browser: Browser, url: str, shown: str = "canvas.upper-canvas"
) -> tuple[Page, list[int], list[int]]:
    """Return a page that shows something, and the sizes of what it receives and sends."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    received: list[int] = []
    sent: list[int] = []
    page.on("websocket", lambda socket: _count(socket, received, sent))
    page.goto(url)
    page.locator(shown).first.wait_for()
    return page, received, sent


def _count(socket: WebSocket, received: list[int], sent: list[int]) -> None:
    socket.on("framereceived", lambda payload: received.append(len(payload)))
    socket.on("framesent", lambda payload: sent.append(len(payload)))


def _strokes(browser: Browser, url: str, path: str, answer: str) -> str:
    page, received, _ = _open(browser, url + path)
    draw_one(page, 130, 160)
    page.locator(answer).filter(has_text="1").first.wait_for(timeout=60_000)
    time.sleep(2)
    page.evaluate(WATCH)
    sizes = []
    for index in range(STROKES):
        received.clear()
        draw_one(page, 130 - 3 * index, 160 + 3 * index)
        page.wait_for_function(f"window.waits.length > {index}")
        sizes.append(sum(received))
        time.sleep(0.1)
    waits = page.evaluate("window.waits")
    page.close()
    return (
        f"{statistics.median(waits):.0f} / {max(waits):.0f} ms | "
        f"{statistics.median(sizes) / 1000:.0f} KB"
    )


def _clicks(browser: Browser, url: str, target: str) -> str:
    """Click on one target after the other and wait for what it shows."""
    page, _, _ = _open(browser, url, target)
    targets = page.locator(target)
    time.sleep(4)
    page.evaluate(WATCH)
    for index in range(STROKES):
        targets.nth(index % targets.count()).click()
        page.wait_for_function(f"window.waits.length > {index}")
    waits = page.evaluate("window.waits")
    page.close()
    return f"{statistics.median(waits):.0f} ms | {max(waits):.0f} ms"


def _follow(browser: Browser, url: str) -> str:
    """Move the mouse over the lens for some seconds and count frames and messages."""
    page, _, sent = _open(browser, url)
    board = page.locator(".bench .input .grid")
    board.wait_for()
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    time.sleep(2)
    sent.clear()
    page.evaluate(FRAMES)
    end = time.perf_counter() + SECONDS_OF_HOVER
    step = 0
    while time.perf_counter() < end:
        step += 1
        page.mouse.move(
            box["x"] + 5 + 7 * step % (box["width"] - 10),
            box["y"] + 5 + step % (box["height"] - 10),
        )
    frames = page.evaluate("window.frames_")
    moved = page.evaluate("window.moved")
    gaps = [after - before for before, after in itertools.pairwise(frames)]
    return (
        f"The lens under a moving pointer: {1000 / statistics.mean(gaps):.0f} frames a second "
        f"(95% of them within {sorted(gaps)[int(0.95 * len(gaps))]:.0f} ms), the window in a new "
        f"place in {moved} of {len(frames)}; {len(sent)} messages to the server."
    )


if __name__ == "__main__":
    main()
