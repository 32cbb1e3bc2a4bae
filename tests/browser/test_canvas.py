"""The dressed canvas: as large as its place, its toolbar gone, cleared without losing a stroke."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    OpenPage,
    canvas_place,
    draw,
    draw_by_touch,
    wait_until_quiet,
)
from tests.support.handwriting import DIGITS
from tests.support.serving import Server

INK = """() => {
  for (const element of document.querySelectorAll('[class*=st-key-canvas_] *')) {
    const canvas = element.shadowRoot?.querySelector('canvas.dc-canvas.lower-canvas');
    if (!canvas) continue;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let at = 0; at < data.length; at += 4) ink += data[at] > 128;
    return ink;
  }
}"""


def expect_answer(page: Page, text: object) -> None:
    expect(page.get_by_role("status", name="Prediction")).to_have_text(str(text))


def open_drawn(open_page: OpenPage, server: Server, digit: int, phone: bool = False) -> Page:
    page = open_page(server.url, phone=phone)
    page.locator("canvas.upper-canvas").wait_for()
    (draw_by_touch if phone else draw)(page, DIGITS[digit])
    expect_answer(page, digit)
    return page


def test_it_is_large_and_its_pixels_are_280(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url)
    canvas = page.locator("canvas.upper-canvas")
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    assert box["width"] >= 360
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert canvas.evaluate("canvas => [canvas.width, canvas.height]") == [280, 280]
    expect(canvas).to_have_attribute("aria-label", "Canvas: draw a digit with mouse, finger or pen")
    # A stroke lands where the hand was: the canvas's middle is pixel 140.
    left, top, side = box["x"], box["y"], box["width"]
    page.mouse.move(left + side / 2, top + 0.2 * side)
    page.mouse.down()
    page.mouse.move(left + side / 2, top + 0.8 * side, steps=9)
    page.mouse.up()
    expect_answer(page, 1)
    assert (
        page.evaluate(
            INK.replace("ink += data[at] > 128", "ink += data[at] > 128 && at / 4 % 280 > 150")
        )
        == 0
    )


@pytest.mark.parametrize("phone", [False, True], ids=["mouse", "touch"])
def test_a_tap_above_it_changes_nothing(open_page: OpenPage, server: Server, phone: bool) -> None:
    page = open_drawn(open_page, server, 7, phone)
    before = page.evaluate(INK)
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    for across in range(20, int(box["width"]), 20):
        place = box["x"] + across, box["y"] - 12
        page.touchscreen.tap(*place) if phone else page.mouse.click(*place)
    assert page.evaluate(INK) == before
    expect(page.locator(".dc-toolbar")).to_be_hidden()


@pytest.mark.parametrize("begins_empty", [True, False], ids=["fresh", "after a return"])
def test_clear_and_a_stroke_at_once_lose_nothing(
    open_page: OpenPage, server: Server, begins_empty: bool
) -> None:
    page = open_drawn(open_page, server, 7)
    if not begins_empty:
        page.get_by_role("link", name="Pixels").click()
        expect(page.get_by_role("heading", name="Pixels", exact=True)).to_be_visible()
        page.get_by_role("link", name="Draw", exact=True).click()
        expect_answer(page, 7)
        expect(page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning"
        )
    page.wait_for_function(f"({INK})() > 1000")  # after a return the answer may be there first
    place = canvas_place(page)
    page.keyboard.press("Escape")
    draw(page, DIGITS[0], place=place)
    expect_answer(page, 0)
    page.wait_for_timeout(600)
    expect_answer(page, 0)


def test_a_stroke_during_which_the_pen_changes_is_not_lost(
    open_page: OpenPage, server: Server
) -> None:
    page = open_drawn(open_page, server, 1)
    before = page.evaluate(INK)
    left, top, zoom = canvas_place(page)
    page.mouse.move(left + 50 * zoom, top + 60 * zoom)
    page.mouse.down()
    page.mouse.move(left + 140 * zoom, top + 60 * zoom, steps=9)
    # As where the server's run for the slider comes while the next stroke has begun.
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("End")
    page.wait_for_timeout(1500)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.mouse.up()
    page.wait_for_function(f"({INK})() > {before + 2000}")
    expect_answer(page, 7)


def go_to(page: Page, link: str, heading: str) -> None:
    page.get_by_role("link", name=link, exact=True).click()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    wait_until_quiet(page)


def test_undo_goes_on_after_a_return_until_nothing_is_left(
    open_page: OpenPage, server: Server
) -> None:
    page = open_drawn(open_page, server, 4)
    draw(page, DIGITS[1])
    page.wait_for_timeout(300)  # the canvas sends a stroke after 200 ms
    before = page.evaluate(INK)
    go_to(page, "Pixels", "Pixels")
    page.wait_for_function(f"({INK})() === {before}")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    draw(page, DIGITS[4][1:])
    page.wait_for_timeout(300)
    go_to(page, "Draw", "Draw a digit")
    expect_answer(page, 4)
    page.wait_for_function(f"({INK})() > 1000")
    one = page.evaluate(INK) - 1000
    page.keyboard.press("Control+z")
    page.wait_for_function(f"({INK})() < {one}")
    assert page.evaluate(INK) > 1000
    page.keyboard.press("Control+z")
    page.wait_for_function(f"({INK})() === 0")
    expect_answer(page, "–")


def test_a_drawing_looks_the_same_on_another_page(open_page: OpenPage, server: Server) -> None:
    page = open_drawn(open_page, server, 8)
    pixels = INK.replace("ink += data[at] > 128", "ink = (31 * ink + data[at]) % 2 ** 40")
    before = page.evaluate(pixels)
    assert page.evaluate(INK) > 1000
    for link, heading in (("Pixels", "Pixels"), ("Draw", "Draw a digit")):
        go_to(page, link, heading)
        page.wait_for_function(f"({pixels})() === {before}")
