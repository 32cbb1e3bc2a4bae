"""A real browser, a real server, real strokes."""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from mnist_app.imaging.normalize import Image
from tests.support.chromium import start_browser
from tests.support.handwriting import DIGITS, Stroke, drawn
from tests.support.serving import Server, serve

# Two cores may start several networks at once.
expect.set_options(timeout=60_000)
SCREENSHOTS = Path(__file__).parent / "screenshots"
SIDE = 280
# The last point of a stroke is answered with the next frame.
TWO_FRAMES = "() => new Promise(end => requestAnimationFrame(() => requestAnimationFrame(end)))"
WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

# The last point is answered with the next frame.


@pytest.fixture(scope="session")
def camera_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's camera sees: a 4 in dark ink on paper, as a YUV4MPEG film."""
    film = tmp_path_factory.mktemp("camera") / "four.y4m"
    paper = cv2.copyMakeBorder(
        235 - drawn(4, 420) // 255 * 190, 30, 30, 110, 110, cv2.BORDER_CONSTANT, value=235
    )
    write_film(film, paper)
    return film


def write_film(film: Path, gray: Image) -> None:
    height, width = gray.shape
    neutral = bytes([128]) * (width * height // 4)
    frame = b"FRAME\n" + gray.tobytes() + neutral + neutral
    header = f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode()
    film.write_bytes(header + frame * 10)


@pytest.fixture(scope="session")
def browser(camera_film: Path) -> Iterator[Browser]:
    with start_browser(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={camera_film}",
    ) as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave it as they found it."""
    with serve(tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A fresh server for tests that break something or come first."""
    with serve(tmp_path / "log") as running:
        yield running


OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[Callable[[bool, bool], BrowserContext]]:
    """A wide and a narrow browser, light and dark, whose pages share what was loaded once."""
    made: dict[tuple[bool, bool], BrowserContext] = {}

    def context(phone: bool, dark: bool) -> BrowserContext:
        if (phone, dark) not in made:
            made[phone, dark] = browser.new_context(
                viewport=PHONE if phone else WIDE,
                has_touch=phone,
                is_mobile=phone,
                color_scheme="dark" if dark else "light",
                permissions=["camera"],
                reduced_motion="reduce",
                bypass_csp=True,  # waiting for a condition evaluates text; test_server.py does not
            )
        return made[phone, dark]

    yield context
    for one in made.values():
        one.close()


@pytest.fixture
def open_page(context: Callable[[bool, bool], BrowserContext]) -> Iterator[OpenPage]:
    """Pages of one visitor, who is another in each test: nobody's drawing waits for the next."""
    pages: list[Page] = []
    visitors: set[BrowserContext] = set()

    def open_page(url: str, phone: bool = False, dark: bool = False) -> Page:
        own = context(phone, dark)
        if own not in visitors:
            own.clear_cookies()
        visitors.add(own)
        page = own.new_page()
        pages.append(page)
        page.goto(url)
        page.locator("[data-testid=stApp]").wait_for()
        return page

    yield open_page
    for page in pages:
        page.close()


def draw(
    page: Page,
    strokes: list[Stroke],
    size: float = SIDE,
    offset: float = 0,
    place: tuple[float, float, float] | None = None,
) -> None:
    """Draw with the mouse; strokes of 0 to 100 become `size` of 280 pixels from `offset` on.

    `place` is where the canvas was found before; else it is waited for.
    """
    left, top, zoom = place or canvas_place(page)
    for stroke in strokes:
        points = [
            (left + zoom * (offset + x * size / 100), top + zoom * (offset + y * size / 100))
            for x, y in stroke
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=2)
        page.mouse.up()


def wait_for_network(page: Page) -> None:
    """Until the network is in the browser: an answer that comes before is the server's alone."""
    page.wait_for_function(
        "performance.getEntriesByType('resource').some(one => one.name.includes('/live/'))"
    )
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def start_stroke(page: Page, digit: int) -> None:
    """Draw the only stroke of a digit with the mouse and keep the button down.

    In small steps, as a hand does: the canvas draws the last half step at the stroke's end alone.
    """
    left, top, zoom = canvas_place(page)
    points = [(left + 2.8 * zoom * x, top + 2.8 * zoom * y) for x, y in DIGITS[digit][0]]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=40 // len(points) + 2)
    page.evaluate(TWO_FRAMES)


def draw_by_touch(
    page: Page, strokes: list[Stroke], place: tuple[float, float, float] | None = None
) -> None:
    """Draw with a finger; `place` is as for `draw`."""
    left, top, zoom = place or canvas_place(page)
    side = zoom * SIDE / 100
    finger = page.context.new_cdp_session(page)
    for stroke in strokes:
        points = [(left + x * side, top + y * side) for x, y in stroke]
        _touch(finger, "touchStart", points[0])
        for start, end in itertools.pairwise(points):
            for step in (0.5, 1):
                x = start[0] + step * (end[0] - start[0])
                y = start[1] + step * (end[1] - start[1])
                _touch(finger, "touchMove", (x, y))
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def _touch(finger: object, kind: str, point: tuple[float, float]) -> None:
    finger.send(  # type: ignore[attr-defined]
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": point[0], "y": point[1]}]},
    )


def canvas_place(page: Page) -> tuple[float, float, float]:
    """Return the canvas's left and top, and how large a pixel of its is shown."""
    canvas = page.locator("canvas.upper-canvas")
    expect(canvas).to_have_count(1)
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"] / SIDE


def expect_answer(page: Page, answer: int | str) -> None:
    status = page.get_by_role("status", name="Prediction", exact=True)
    try:
        expect(status).to_have_text(re.compile(f"^{answer}$"))
    except AssertionError as error:
        error.add_note(f"On the page: {page.locator('[data-testid=stMain]').inner_text()}")
        raise


def wait_until_quiet(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def is_too_wide(page: Page) -> bool:
    """Say whether something on the page is wider than the screen: Streamlit scrolls its own box."""
    return bool(
        page.get_by_test_id("stMain").evaluate(
            "main => main.scrollWidth > main.clientWidth"
            " || document.scrollingElement.scrollWidth > innerWidth"
        )
    )


def keep_screenshot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
