"""A room: somebody draws on a phone, and the wall shows it."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage, draw_by_touch, keep_screenshot
from tests.support.handwriting import DIGITS
from tests.support.serving import Server

PHONE: ViewportSize = {"width": 390, "height": 844}
PHONES = 20
# Whether a drawing that was read wrong lies on the map: its frame is orange.
WRONG_ON_MAP = """canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const frame = (at) => data[at] === 255 && data[at + 1] === 150 && data[at + 2] === 35;
    for (let at = 0; at < data.length; at += 4) if (frame(at)) return true;
    return false;
}"""


def test_what_a_phone_sends_is_on_the_wall(
    server: Server, open_page: OpenPage, context: Callable[[bool, bool], BrowserContext]
) -> None:
    wall = open_page(f"{server.url}/room")
    wall.get_by_role("button", name="Open a room").click()
    code = wall.locator(".wall .code").inner_text()
    expect(wall.locator(".wall .qr svg")).to_be_visible()
    phone = context(True, False).new_page()
    phone.goto(f"{server.url}/join")
    enter(phone, "BBBB")
    expect(phone.get_by_role("alert")).to_contain_text("There is no open room with this code")
    enter(phone, code.lower())

    expect(wall.locator(".counts")).to_contain_text("1 phone · 0 drawings")
    draw(phone, 7)
    expect(phone.locator("#digit")).to_have_text("7")
    expect(phone.locator("#words")).to_contain_text("sure")
    assert not scrolls(phone)
    send(phone)
    expect(column(wall, 7).locator(".tile")).to_have_count(1)
    expect(wall.locator(".counts")).to_contain_text("1 phone · 1 drawing")

    wall.get_by_text("No digit", exact=True).click()
    expect(phone.locator("#task")).to_have_text("Draw something that is no digit.")
    phone.context.set_offline(True)
    draw(phone, 3)
    send(phone)
    expect(phone.locator("#task")).to_contain_text("Your drawing will be sent when it is back.")
    phone.context.set_offline(False)
    expect(column(wall, 3).locator(".tile.wrong")).to_have_count(1)
    expect(phone.locator("#task")).to_have_text("Draw something that is no digit.")
    wall.locator(".wall").press("d")
    wall.wait_for_function(WRONG_ON_MAP, arg=wall.locator(".map canvas").element_handle())
    wall.locator(".wall").press("d")
    keep_screenshot(wall, "wall")
    keep_screenshot(phone, "phone")

    wall.get_by_role("button", name="Pause").click()
    expect(phone.locator("#task")).to_contain_text("The room is paused.")
    draw(phone, 1)
    send(phone)
    column(wall, 3).locator(".tile").click()
    expect(wall.locator(".one .said")).to_contain_text("The network reads a 3")
    wall.get_by_role("button", name="Hide it").click()
    expect(column(wall, 3).locator(".tile")).to_have_count(0)
    wall.get_by_role("button", name="Go on").click()
    expect(column(wall, 1).locator(".tile")).to_have_count(1)
    key = phone.evaluate("JSON.parse(localStorage.mnist_lab_room).key")
    assert phone.request.get(f"{server.url}/rooms/{key}/wall").status == 403
    wall.get_by_role("button", name="Close").click()
    expect(phone.locator("#end")).to_have_text(re.compile("^The room is closed"))
    expect(wall.locator(".wall .qr")).to_be_hidden()
    phone.get_by_role("button", name="Enter another code").click()
    expect(phone.locator("#code")).to_be_visible()


def test_twenty_phones_at_once(server: Server, browser: Browser) -> None:
    wall = browser.new_page(viewport={"width": 1280, "height": 800})
    wall.goto(f"{server.url}/room")
    wall.get_by_role("button", name="Open a room").click()
    code = wall.locator(".wall .code").inner_text()
    phones = [browser.new_page(viewport=PHONE, has_touch=True) for _ in range(PHONES)]
    for phone in phones:
        phone.goto(f"{server.url}/join")
        enter(phone, code)
    expect(wall.locator(".counts")).to_contain_text(f"{PHONES} phones · 0 drawings")
    for phone in phones:
        draw(phone, 1)
        expect(phone.locator("#digit")).to_have_text("1")
    for phone in phones:
        send(phone)
    expect(column(wall, 1).locator(".tile")).to_have_count(PHONES)
    wall.get_by_role("button", name="Close").click()
    for phone in phones:
        expect(phone.locator("#end")).to_have_text(re.compile("^The room is closed"))
    for page in (wall, *phones):
        page.close()


def enter(phone: Page, code: str) -> None:
    phone.locator("#code").fill(code)
    phone.get_by_role("button", name="Join").click()


def draw(phone: Page, digit: int) -> None:
    canvas = phone.locator("#canvas")
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box is not None
    draw_by_touch(phone, DIGITS[digit], (box["x"], box["y"], box["width"] / 280))


def send(phone: Page) -> None:
    phone.get_by_role("button", name="Send").click()


def column(wall: Page, digit: int) -> Locator:
    return wall.locator(".column").nth(digit)


def scrolls(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.scrollingElement.scrollHeight > innerHeight"
            " || document.scrollingElement.scrollWidth > innerWidth"
        )
    )
