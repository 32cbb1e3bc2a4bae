"""One step of learning in a real browser: its scenes, a step, a weight that is nudged."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, draw, wait_until_quiet
from tests.support.handwriting import DIGITS
from tests.support.serving import Server


def test_a_step_scene_by_scene(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/learning_step")
    draw(page, DIGITS[3])
    root = page.locator(".learning")
    expect(root.locator(".row.label b")).to_have_text("3")
    gradient = root.locator("figure .error").first
    expect(gradient).to_have_css("opacity", "0")
    root.get_by_role("button", name="1 Forward").focus()
    for scene in ("2 Loss", "3 Backward"):
        page.keyboard.press("ArrowRight")
        expect(root.get_by_role("button", name=scene)).to_have_attribute("aria-pressed", "true")
    expect(gradient).to_have_css("opacity", "1")
    page.keyboard.press("ArrowRight")
    expect(root.locator(".outcome")).to_have_text(
        re.compile(r"^The loss goes from .+ right then.$")
    )
    root.get_by_role("button", name="Take this step").click()
    expect(page.get_by_text("One step has been taken.")).to_be_visible()
    before = root.locator(".digits .heading").inner_text()
    root.locator(".update input").fill("12")
    root.get_by_role("button", name="Take this step").click()
    expect(page.get_by_text("2 steps have been taken.")).to_be_visible()
    expect(root.locator(".digits .heading")).not_to_have_text(before)
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_text("No step has been taken yet.")).to_be_visible()


def test_any_weight_is_a_click_away(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/learning_step")
    draw(page, DIGITS[3])
    root = page.locator(".learning")
    expect(root.locator(".row.label b")).to_have_text("3")
    wait_until_quiet(page)
    root.locator("figure", has_text="conv2").locator(".activation").click(position={"x": 3, "y": 3})
    first = root.locator(".sum p").first
    expect(first).to_have_text(re.compile(r"^conv2, kernels \[\d, \d, \d+, 0\]"))
    root.locator(".own canvas").first.click(position={"x": 4, "y": 4})
    expect(first).to_have_text(re.compile(r"^conv2, kernels \[0, 0, \d+, 0\]"))
    new = root.locator(".sum .new")
    expect(new).to_have_text(re.compile(r"^After a step of 0\.01: \S+ − 0\.01 × \S+ = \S+\.$"))
    root.get_by_role("button", name="4 Update").click()
    expect(root.get_by_role("button", name="Take this step")).to_be_enabled()
    root.locator(".update input").fill("12")
    value, gradient, after = (
        float(number.replace("−", "-").strip("()"))
        for number in re.findall(r"(?<=: )\S+|(?<=× )\S+|(?<== )\S+(?=\.$)", new.inner_text())
    )
    assert abs(value - gradient - after) < 0.01 * abs(gradient) + 1e-4
    read = root.locator(".read")
    expect(read).to_have_text(re.compile(r"^At (.+) the loss is (.+)\. The tangent says \2\.$"))
    root.get_by_label("Value of the weight").fill("0")
    expect(read).not_to_have_text(re.compile(r"the loss is (.+)\. The tangent says \1\.$"))
