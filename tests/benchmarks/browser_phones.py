"""Phones that are real browsers, all in one room at once: they draw by touch and tap Send."""

import itertools
import time

from playwright.sync_api import Browser, CDPSession, Page

from mnist_app.classroom.room import Room
from tests.benchmarks.phones import Crowd
from tests.support.handwriting import DIGITS, Stroke

# What was sent, by its text, when, and which number it got.
NOTE = """() => {
    window.sent = {};
    const plain = window.fetch;
    window.fetch = async (path, asked) => {
        const isDrawing = String(path).endsWith('/drawings');
        const sending = isDrawing && JSON.parse(asked.body).sending;
        if (isDrawing) window.sent[sending] ??= {at: Date.now() / 1000, number: null};
        const answer = await plain(path, asked);
        if (isDrawing && answer.ok) {
            window.sent[sending].number = (await answer.clone().json()).number;
        }
        return answer;
    };
}"""


class BrowserPhones:
    """Some phones in a room."""

    def __init__(self, browser: Browser, url: str, room: Room, count: int) -> None:
        """Open them all."""
        self._pages = [self._join(browser, url, room) for _ in range(count)]

    def draw(self, rounds: int) -> float:
        """Let each draw and send so often; return the share of drawings that they read right."""
        right = 0
        for number in range(rounds):
            for at, (page, finger) in enumerate(self._pages):
                digit = (at + number) % 10
                draw_by_finger(page, finger, DIGITS[digit])
                page.wait_for_function("document.getElementById('digit').textContent !== ''")
                right += page.locator("#digit").inner_text() == str(digit)
                page.get_by_role("button", name="Send").tap()
        return right / (rounds * len(self._pages))

    def note(self, crowd: Crowd, patience: float = 60.0) -> None:
        """Wait until all is acknowledged, and note when what was sent."""
        until = time.monotonic() + patience
        for page, _ in self._pages:
            while True:
                sent = page.evaluate("window.sent")
                if all(one["number"] for one in sent.values()) or time.monotonic() > until:
                    break
                time.sleep(0.1)
            for sending, one in sent.items():
                crowd.sent_at[sending] = one["at"]
                if one["number"]:
                    crowd.acknowledged[sending] = one["number"], one["at"]

    def _join(self, browser: Browser, url: str, room: Room) -> tuple[Page, CDPSession]:
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, bypass_csp=True
        )
        context.add_init_script(f"({NOTE})()")
        page = context.new_page()
        page.goto(f"{url}/join?room={room.code}&key={room.key}")
        page.locator("#canvas").wait_for()
        return page, context.new_cdp_session(page)


def draw_by_finger(page: Page, finger: CDPSession, strokes: list[Stroke]) -> None:
    """Draw on a phone's canvas; points are 0 to 100."""
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    zoom = box["width"] / 100
    for stroke in strokes:
        points = [(box["x"] + x * zoom, box["y"] + y * zoom) for x, y in stroke]
        _touch(finger, "touchStart", [points[0]])
        for start, end in itertools.pairwise(points):
            _touch(finger, "touchMove", [((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)])
            _touch(finger, "touchMove", [end])
        _touch(finger, "touchEnd", [])


def _touch(finger: CDPSession, kind: str, points: list[tuple[float, float]]) -> None:
    touches = [{"x": x, "y": y} for x, y in points]
    finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
