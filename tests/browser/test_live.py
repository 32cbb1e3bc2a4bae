"""The answer while the pen moves: in the browser, without the server, by mouse and by finger."""

import itertools

from playwright.sync_api import ConsoleMessage, WebSocket, expect

from tests.browser.conftest import (
    OpenPage,
    canvas_place,
    draw,
    start_stroke,
    wait_for_network,
)
from tests.support.handwriting import DIGITS
from tests.support.serving import Server

ANSWER = "[data-answer]"


def test_the_answer_is_there_before_pen_up(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url)
    wait_for_network(page)
    answer, announced = page.locator(ANSWER), page.get_by_role("status", name="Prediction")
    start_stroke(page, 3)
    expect(answer).to_have_attribute("data-digit", "3")
    expect(answer).to_have_attribute("data-source", "live")
    expect(page.locator(".lab-live")).to_have_text("3")
    expect(page.locator(".lab-chart .first")).to_contain_text("3")
    expect(announced).to_have_text("–")
    page.mouse.up()
    expect(answer).to_have_attribute("data-source", "server")
    expect(announced).to_have_text("3")
    expect(page.locator(".lab-live")).to_be_hidden()


def test_the_server_hears_nothing_until_pen_up(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url)
    sent: list[int] = []

    def count(socket: WebSocket) -> None:
        socket.on("framesent", lambda payload: sent.append(len(payload)))

    page.on("websocket", count)
    page.reload()
    wait_for_network(page)
    page.wait_for_timeout(500)
    before = len(sent)
    start_stroke(page, 2)
    expect(page.locator(ANSWER)).to_have_attribute("data-digit", "2")
    assert len(sent) == before
    page.mouse.up()
    expect(page.locator(ANSWER)).to_have_attribute("data-source", "server")
    assert len(sent) > before


def test_browser_and_server_say_the_same(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url)
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", listen)
    wait_for_network(page)
    for digit in (6, 8):
        start_stroke(page, digit)
        expect(page.locator(ANSWER)).to_have_attribute("data-source", "live")
        page.wait_for_timeout(200)  # a busy machine shows the last point some frames later
        shares = page.locator(".lab-chart span").all_text_contents()
        page.mouse.up()
        expect(page.locator(ANSWER)).to_have_attribute("data-source", "server")
        assert page.locator(".lab-chart span").all_text_contents() == shares
        page.get_by_role("button", name="Clear").click()
        expect(page.get_by_role("status", name="Prediction")).to_have_text("–")
    draw(page, DIGITS[1])
    start_stroke(page, 0)  # before the 1 is answered
    expect(page.get_by_role("status", name="Prediction")).to_have_text("1")
    page.wait_for_timeout(100)  # the browser may ask its own network after that
    page.mouse.up()
    assert not [text for text in said if "differ" in text or "cannot run" in text]


def test_a_finger_is_answered_too(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url, phone=True)
    wait_for_network(page)
    left, top, zoom = canvas_place(page)
    finger = page.context.new_cdp_session(page)
    points = [(left + 2.8 * zoom * x, top + 2.8 * zoom * y) for x, y in DIGITS[3][0]]
    kinds = itertools.chain(["touchStart"], itertools.repeat("touchMove"))
    for kind, (x, y) in zip(kinds, points, strict=False):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    expect(page.locator(ANSWER)).to_have_attribute("data-digit", "3")
    expect(page.locator(ANSWER)).to_have_attribute("data-source", "live")
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(ANSWER)).to_have_attribute("data-source", "server")


def test_without_the_network_all_is_as_before(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url)
    page.route("**/live/**", lambda route: route.abort())
    page.reload()
    page.locator("canvas.upper-canvas").wait_for()
    draw(page, DIGITS[4])
    expect(page.get_by_role("status", name="Prediction")).to_have_text("4")
    expect(page.locator(ANSWER)).to_have_attribute("data-source", "server")


def test_another_network_answers_live(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url)
    wait_for_network(page)
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name="One layer").click()
    page.wait_for_function(
        "performance.getEntriesByType('resource').some(one => one.name.includes('/live/softmax'))"
    )
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    start_stroke(page, 1)
    expect(page.locator(ANSWER)).to_have_attribute("data-source", "live")
    expect(page.locator(ANSWER)).to_have_attribute("data-digit", "1")
    # The small CNN would be surer: more than 99.9% of the mass would be on the 1.
    expect(page.locator(".lab-chart .first span")).not_to_have_text("> 99.9%")
    page.mouse.up()
    expect(page.get_by_role("status", name="Prediction")).to_have_text("1")
