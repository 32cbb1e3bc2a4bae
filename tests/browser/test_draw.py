"""The Draw page in a real browser."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mnist_app.ui.visitor_cookie import COOKIE
from tests.browser.conftest import (
    OpenPage,
    draw,
    draw_by_touch,
    expect_answer,
    is_too_wide,
    keep_screenshot,
    wait_until_quiet,
)
from tests.support.handwriting import DIGITS, Stroke, drawn
from tests.support.networks import own_network
from tests.support.serving import Server


@pytest.mark.parametrize(
    ("hand", "draw_by_hand", "digits"),
    [("mouse", draw, (0, 2, 3, 5, 8)), ("touch", draw_by_touch, (1, 4, 6, 7, 9))],
)
def test_each_digit(
    server: Server,
    open_page: OpenPage,
    hand: str,
    draw_by_hand: Callable[[Page, list[Stroke]], None],
    digits: Iterable[int],
) -> None:
    page = open_page(server.url, phone=hand == "touch", dark=hand == "touch")
    for digit in digits:
        draw_by_hand(page, DIGITS[digit])
        expect_answer(page, digit)
        if digit in (4, 8):
            keep_screenshot(page, f"{hand}-{digit}")
        _clear(page)


def test_small_in_a_corner_is_read_as_well(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    draw(page, DIGITS[3], size=120, offset=150)
    expect_answer(page, 3)


def test_clear_empties_and_the_next_digit_is_read(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    for digit in (7, 0):
        draw(page, DIGITS[digit])
        expect_answer(page, digit)
        _clear(page)
    page.get_by_role("button", name="Clear").click()
    expect_answer(page, "–")


def test_undo_goes_back_to_the_former_answer(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    draw(page, [[(50, 20), (50, 80)]])
    expect_answer(page, 1)
    draw(page, [[(20, 20), (50, 20)]])
    expect_answer(page, 7)
    page.get_by_role("button", name="Undo").click()
    expect_answer(page, 1)
    page.keyboard.press("Control+z")
    expect_answer(page, "–")


def test_drawing_and_answer_stay_over_a_page_switch(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    draw(page, [[(50, 20), (50, 80)]])
    expect_answer(page, 1)
    for _ in range(2):
        page.get_by_role("link", name="MNIST").click()
        expect(page.get_by_role("heading", name="MNIST", exact=True)).to_be_visible()
        page.get_by_role("link", name="Draw").click()
        expect_answer(page, 1)
        assert _ink_on_canvas(page) > 1000
    wait_until_quiet(page)
    draw(page, [[(20, 20), (50, 20)]])
    expect_answer(page, 7)


def test_the_next_page_begins_at_its_top(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/pixels")
    expect(page.get_by_role("heading", name="Pixels", exact=False).first).to_be_visible()
    wait_until_quiet(page)
    # As where the next page is there before the last one has gone: nothing gets shorter.
    page.add_style_tag(content="[data-testid=stMainBlockContainer] { min-height: 5000px }")
    main = page.get_by_test_id("stMain")
    main.evaluate("main => main.scrollTo(0, 1000)")
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    wait_until_quiet(page)
    page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop === 0")
    main.evaluate("main => main.scrollTo(0, 50)")
    draw(page, DIGITS[7])
    expect_answer(page, 7)
    assert main.evaluate("main => main.scrollTop") == 50


def test_example_shows_a_labeled_image_that_can_be_drawn_on(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(server.url)
    page.get_by_role("button", name="Example").click()
    expect(page.get_by_text(re.compile(r"MNIST test image [\d,]+, labeled \d"))).to_be_visible()
    expect_answer(page, "[0-9]")
    wait_until_quiet(page)
    before = _ink_on_canvas(page)
    draw(page, [[(5, 5), (5, 95), (95, 95)]])
    expect(page.get_by_text("MNIST test image")).to_have_count(0)
    for _ in range(20):  # the canvas paints what it has with a frame of its own
        if _ink_on_canvas(page) > before:
            break
        time.sleep(0.1)
    assert _ink_on_canvas(page) > before


def test_uploaded_picture_is_read(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    page.get_by_role("button", name="Photo or camera").click()
    page.get_by_text("Upload a picture").click()
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "two.jpg", "mimeType": "image/jpeg", "buffer": _paper_with(2)})
    expect_answer(page, 2)
    expect(page.get_by_text("from your picture")).to_be_visible()
    chooser.set_input_files({"name": "bad.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_text("This is not a PNG or JPEG picture")).to_be_visible()
    expect_answer(page, 2)


def test_camera_picture_is_read(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url, phone=True)
    wait_until_quiet(page)
    page.get_by_role("button", name="Photo or camera").click()
    page.get_by_text("Use the camera").click()
    expect(page.locator("video")).to_be_visible()
    page.wait_for_function("document.querySelector('video')?.currentTime > 0.5")
    page.get_by_role("button", name=re.compile("take photo", re.IGNORECASE)).click()
    expect_answer(page, 4)


def test_another_network_reads_the_drawing_on_every_page(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(server.url)
    draw(page, DIGITS[7])
    expect_answer(page, 7)
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_role("combobox").click()
    page.get_by_role("option", name="One layer").click()
    expect(sidebar.get_by_text("7,850 parameters")).to_be_visible()
    expect_answer(page, 7)
    page.get_by_role("link", name="Report card").click()
    expect(page.get_by_test_id("stMain").get_by_text("7,850").first).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect_answer(page, 7)
    expect(sidebar.get_by_text("7,850 parameters")).to_be_visible()


def test_a_run_that_learned_more_stays_chosen(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    wait_until_quiet(page)
    [cookie] = [one for one in page.context.cookies() if one.get("name") == COOKIE]
    owner = hashlib.sha256(cookie.get("value", "").encode()).hexdigest()[:16]
    own_network("taught-1", 0.5, owner)
    page.reload()
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_role("combobox").click()
    page.get_by_role("option", name="taught-1 · 50.00%").click()
    expect(sidebar.get_by_text("It reads 50.00% of MNIST’s test images")).to_be_visible()
    own_network("taught-1", 0.75, owner)
    page.get_by_role("button", name="Example").click()
    expect(sidebar.get_by_text("It reads 75.00% of MNIST’s test images")).to_be_visible()
    expect(sidebar.get_by_role("combobox")).to_have_value("taught-1 · 75.00%")
    page.get_by_role("button", name="Example").click()
    wait_until_quiet(page)
    expect(sidebar.get_by_role("combobox")).to_have_value("taught-1 · 75.00%")
    expect(sidebar.get_by_text("It reads 75.00% of MNIST’s test images")).to_be_visible()


def test_pen_width_changes_the_next_stroke_alone(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    draw(page, [[(50, 20), (50, 80)]])
    expect_answer(page, 1)
    thin = _ink_on_canvas(page)
    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text("pen 36 px")
    wait_until_quiet(page)
    draw(page, [[(20, 20), (50, 20)]])
    expect_answer(page, 7)
    assert _ink_on_canvas(page) > thin + 3000


def test_two_digits_and_a_dot_are_no_digit(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    draw(page, [[(50, 50), (51, 50)]])
    expect(page.get_by_text("only a dot")).to_be_visible()
    expect_answer(page, "–")
    _clear(page)
    draw(page, [[(20, 20), (20, 80)], [(80, 20), (80, 80)]])
    expect(page.get_by_text("This looks like more than one digit.")).to_be_visible()


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)])
def test_nothing_jumps_and_nothing_is_cut(
    server: Server, open_page: OpenPage, phone: bool, dark: bool
) -> None:
    page = open_page(server.url, phone=phone, dark=dark)
    chart = page.get_by_role("group", name="Probabilities")
    wait_until_quiet(page)
    expect(page.get_by_text("Any digit from 0 to 9")).to_be_visible()
    empty = chart.bounding_box()
    keep_screenshot(page, f"empty-{'phone' if phone else 'wide'}-{'dark' if dark else 'light'}")
    draw(page, DIGITS[7])
    expect_answer(page, 7)
    page.evaluate("window.scrollTo(0, 0)")
    assert chart.bounding_box() == empty
    assert not is_too_wide(page)
    assert page.evaluate(
        "[...document.querySelectorAll('.lab-chart *, .lab-words')]"
        ".every(e => e.scrollWidth <= e.clientWidth + 1)"
    )
    keep_screenshot(page, f"drawn-{'phone' if phone else 'wide'}-{'dark' if dark else 'light'}")


def test_sixty_quick_strokes_end_with_the_last_answer(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    for index in range(60):
        y = 20 + index
        draw(page, [[(50, y), (50, y + 1)]])
    expect_answer(page, 1)


def _paper_with(digit: int) -> bytes:
    """Return a JPEG of dark ink on unevenly lit paper."""
    ink = drawn(digit, 600, 36).astype(float) / 255
    light = cv2.resize(np.array([[250.0, 170.0], [220.0, 140.0]]), (600, 600))
    _, encoded = cv2.imencode(".jpg", (light * (1 - 0.8 * ink)).astype("uint8"))
    return encoded.tobytes()


def _ink_on_canvas(page: Page) -> int:
    """Return how many pixels of the canvas are white, after at most two seconds of waiting."""
    count = 0
    for _ in range(20):
        count = page.locator("canvas.dc-canvas.lower-canvas").evaluate(
            """canvas => {
                const pixels = canvas.getContext('2d')
                    .getImageData(0, 0, canvas.width, canvas.height).data;
                return pixels.filter((value, index) => index % 4 == 0 && value > 127).length;
            }"""
        )
        if count:
            break
        time.sleep(0.1)
    return int(count)


def _clear(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Any digit from 0 to 9")).to_be_visible()
    wait_until_quiet(page)
