"""Max pooling in a real browser: its arithmetic, and what follows pen and sliders."""

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from mnist_app.data import datasets
from mnist_app.imaging import convolution
from mnist_app.imaging.convolution import RULES
from tests.browser.conftest import TWO_FRAMES, OpenPage, wait_for_network, wait_until_quiet
from tests.support.javascript import Script
from tests.support.mouse import begin_line
from tests.support.serving import Server

EXAMPLE = datasets.load_test().images[0].astype(np.float32)
POOLED = """([image, how]) => {
  const { pooledBy, shareUnchangedByShift } = globalThis.scripts.pooling;
  const given = { ...image, values: Float32Array.from(image.values) };
  const pooled = pooledBy(given, how);
  return pooled && [pooled.rows, [...pooled.values], shareUnchangedByShift(given, how)];
}"""


def test_pools_as_python_does(browser: Browser) -> None:
    page = browser.new_page()
    Script(page, "pooling")
    signed = np.random.default_rng(4).normal(0, 1, (12, 12)).astype(np.float32)
    for image in (EXAMPLE, signed):
        given = {"rows": len(image), "columns": len(image), "values": image.ravel().tolist()}
        for rule in RULES:
            for size, stride in ((2, 2), (3, 1), (1, 1), (6, 5)):
                how = {"rule": rule, "size": size, "stride": stride}
                rows, values, share = page.evaluate(POOLED, [given, how])
                expected = convolution.pool(image, size, stride, rule)
                assert rows == len(expected)
                assert values == pytest.approx(expected.ravel().tolist(), abs=1e-4)
                unchanged = convolution.share_unchanged_by_shift(image, size, stride, rule)
                assert share == pytest.approx(unchanged, abs=1e-6)
    small = {"rows": 2, "columns": 2, "values": [1, 2, 3, 4]}
    assert page.evaluate(POOLED, [small, {"rule": "max", "size": 3, "stride": 1}]) is None
    page.close()


def test_a_finger_moves_the_window(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/max_pooling", phone=True)
    root = page.locator(".pooling")
    grid = root.locator(".after > .grid")
    expect(root.locator(".cell")).to_have_count(4)
    wait_until_quiet(page)
    # In the middle of the screen, where the canvas that stays in sight does not cover it.
    grid.evaluate("element => element.scrollIntoView({ block: 'end' })")
    box = grid.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 6.5 * box["width"] / 14, box["y"] + 8.5 * box["height"] / 14)
    expect(root.locator(".place")).to_have_text("Row 8, column 6")
    window = EXAMPLE[16:18, 12:14]
    assert root.locator(".cell").all_inner_texts() == [f"{value:.0f}" for value in window.ravel()]
    expect(root.locator(".cell.winner")).to_have_text(f"{window.max():.0f}")
    expect(root.locator(".result strong")).to_have_attribute("data-value", f"{window.max():.0f}")
    grid.press("ArrowLeft")
    expect(root.locator(".words")).to_contain_text("Row 8, column 5: largest →")


def test_pictures_follow_the_pen_and_the_sliders(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/max_pooling")
    wait_for_network(page)
    root, changed = page.locator(".pooling"), page.locator('[data-live="changed"]')
    note = root.locator(".after .note")
    expect(note).to_have_text("14 × 14 = 196 values, 25%")
    root.get_by_role("slider", name="Window").fill("4")
    root.get_by_role("slider", name="Stride").fill("1")
    expect(note).to_have_text("25 × 25 = 625 values, 80%")
    expect(changed).to_contain_text("it would have to be retrained")
    root.get_by_role("slider", name="Stride").fill("2")
    root.get_by_role("button", name="Mean").click()
    expect(root.locator(".after figcaption")).to_have_text("Average pooling")
    expect(changed).not_to_contain_text("retrained")
    wait_until_quiet(page)
    shift = root.locator(".shift").inner_text()
    begin_line(page, (0.5, 0.2), (0.5, 0.8))
    page.evaluate(TWO_FRAMES)
    for key in ("trained", "changed"):
        answer = page.locator(f'[data-live="{key}"]')
        expect(answer).to_have_attribute("data-source", "live")
    expect(root.locator(".shift")).not_to_have_text(shift)
    page.mouse.up()
    expect(changed).to_have_attribute("data-source", "server")
    expect(root.get_by_role("slider", name="Window")).to_have_value("4")
    # A map of the network follows the pen, too.
    page.get_by_role("combobox", name="What is pooled").click()
    page.get_by_role("option", name="relu1").click()
    expect(note).to_have_text("11 × 11 = 121 values, 21%")
    wait_until_quiet(page)
    shift = root.locator(".shift").inner_text()
    begin_line(page, (0.2, 0.2), (0.5, 0.2))
    expect(root.locator(".shift")).not_to_have_text(shift)
