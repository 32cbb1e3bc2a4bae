"""Pixels in a real browser: the numbers follow the pen, and cells are found on the canvas."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_app.imaging import normalize
from tests.browser.conftest import TWO_FRAMES, OpenPage, wait_for_network
from tests.support.handwriting import drawn
from tests.support.javascript import Script
from tests.support.mouse import begin_line
from tests.support.serving import Server


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


MOVES = [(0.7, -0.35), (-1.0, 1.0)]


def test_moved_and_shrunk_whole_as_python_does(page: Page) -> None:
    live = Script(page, "live")
    for digit, (across, down) in zip((5, 8), MOVES, strict=True):
        gray = drawn(digit)
        box = normalize.bounding_box(gray)
        moved = normalize.move_ink(gray, box, across, down)
        values = gray.ravel().tolist()
        ink = {"width": 280, "height": 280, "values": values}
        found = live.page.evaluate(
            """([ink, share]) => {
              const { moveInk, scaleWhole } = globalThis.scripts.live;
              const moved = moveInk({ ...ink, values: Uint8Array.from(ink.values) }, share);
              return [[...moved.values], [...scaleWhole(moved)], moved.right, moved.down];
            }""",
            [ink, {"across": across, "down": down}],
        )
        assert bytes(found[0]) == moved.tobytes()
        assert bytes(found[1]) == normalize.scale_whole(moved).tobytes()
        x, y, *_ = normalize.bounding_box(moved)
        assert found[2:] == [x - box[0], y - box[1]]


def test_each_cell_is_found_in_each_picture(page: Page) -> None:
    script = Script(page, "pixel_numbers")
    seen = normalize.normalize(drawn(4), background="black")
    x, y, width, height = seen.box
    rows, columns = seen.scaled.shape
    given = {
        "ink": {"width": 280, "height": 280},
        "box": {"x": x, "y": y, "width": width, "height": height},
        "scaled": {"width": columns, "height": rows, "values": seen.scaled.ravel().tolist()},
        "image": seen.image.ravel().tolist(),
    }
    places = script.call("placesOf", given)
    top, left = (int(found[0]) for found in np.nonzero(seen.image))
    inside = seen.scaled.nonzero()
    left = int(seen.image.any(axis=0).argmax()) - int(inside[1].min())
    top -= int(inside[0].min())
    for row, column in ((0, 0), (3, 7), (rows - 1, columns - 1)):
        cell = top + row, left + column
        in_scaled = {"x": column, "y": row, "width": 1, "height": 1}
        assert script.call("partOf", places["scaled"], *cell) == in_scaled
        part = script.call("partOf", places["gray"], *cell)
        assert part["x"] == pytest.approx(x + column * width / columns)
        assert part["y"] == pytest.approx(y + row * height / rows)
        middle = (part["x"] + part["width"] / 2) / 280, (part["y"] + part["height"] / 2) / 280
        assert script.call("cellUnder", places["gray"], *middle) == list(cell)
    assert script.call("partOf", places["crop"], top - 1, left) is None


def test_numbers_follow_the_pen_and_the_canvas_finds_cells(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(f"{server.url}/pixels")
    wait_for_network(page)
    begin_line(page, (0.5, 0.2), (0.5, 0.7))
    page.mouse.up()
    place = page.locator(".pixel-numbers .place")
    ink = page.locator(".pixel-numbers .ink .note")
    expect(ink).to_have_text(re.compile("from x 13[01], y 4[5-8]"))
    # A second stroke, from the left: both are seen before pen-up, by both networks.
    begin_line(page, (0.2, 0.3), (0.5, 0.3))
    page.evaluate(TWO_FRAMES)
    expect(ink).to_have_text(re.compile("from x 4[5-8], y 4[5-8]"))
    for key in ("trained", "whole"):
        answer = page.locator(f'[data-live="{key}"]')
        expect(answer).to_have_attribute("data-source", "live")
    page.mouse.up()
    expect(page.locator('[data-live="whole"]')).to_have_attribute("data-source", "server")
    expect(ink).to_have_text(re.compile("from x 4[5-8], y 4[5-8]"))
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.6 * box["height"])
    row, column = (int(word.strip(",")) for word in place.inner_text().split()[1::2])
    assert row > 14 > 10 < column
    expect(page.locator(".pixel-numbers .decimal")).to_have_text("255")
    expect(page.locator(".pixel-numbers .source")).to_contain_text("y 1")
    grid = page.locator(".pixel-numbers .grid")
    grid.focus()
    grid.press("ArrowDown")
    expect(place).to_have_text(f"Row {row + 1}, column {column}")
    grid.press("ArrowLeft")
    expect(page.locator(".pixel-numbers .words")).to_contain_text(
        f"Row {row + 1}, column {column - 1}: "
    )
