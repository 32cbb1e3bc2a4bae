"""A mouse on the real canvas."""

from playwright.sync_api import Page


def draw_one(page: Page, top: float = 40, bottom: float = 240) -> None:
    """Draw a stroke of a 1, straight down the middle, between two heights of the 280 pixels."""
    canvas = page.locator("canvas.upper-canvas")
    canvas.scroll_into_view_if_needed()
    corner = canvas.bounding_box()
    assert corner is not None
    page.mouse.move(corner["x"] + 140, corner["y"] + top)
    page.mouse.down()
    page.mouse.move(corner["x"] + 140, corner["y"] + bottom, steps=8)
    page.mouse.up()


def begin_line(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a line from one place of the canvas to another, in shares of its side; stay down."""
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    left, top, side = box["x"], box["y"], box["width"]
    page.mouse.move(left + start[0] * side, top + start[1] * side)
    page.mouse.down()
    page.mouse.move(left + end[0] * side, top + end[1] * side, steps=20)
