"""The page Robustness in a real browser: all networks answer while the slider moves."""

import numpy as np
from playwright.sync_api import Page, WebSocket, expect

from mnist_app.analysis import scores
from mnist_app.data import datasets
from mnist_app.imaging import corruptions
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.networks.registry import NETWORKS, read_card, title
from tests.browser.conftest import (
    OpenPage,
    keep_screenshot,
    start_stroke,
    wait_until_quiet,
)
from tests.support.serving import Server

ALL_LOADED = """count => new Set(performance.getEntriesByType('resource').map(one => one.name)
  .filter(name => name.includes('/live/'))).size >= count"""
SPOILED = """() => {
  const hosts = [...document.querySelectorAll('[class*=st-key-corruption_] *')];
  const canvas = hosts.map(one => one.shadowRoot?.querySelector('canvas')).find(one => one);
  const pixels = canvas.getContext('2d').getImageData(0, 0, 28, 28).data;
  return [...pixels].filter((_, at) => at % 4 === 0);
}"""


def open_robustness(open_page: OpenPage, server: Server) -> Page:
    page = open_page(f"{server.url}/robustness")
    wait_until_loaded(page)
    return page


def wait_until_loaded(page: Page) -> None:
    page.wait_for_function(ALL_LOADED, arg=len(NETWORKS))
    expect(page.get_by_role("status", name="Answer: Small CNN")).to_have_text("7")
    wait_until_quiet(page)
    page.wait_for_timeout(500)


def test_the_slider_is_answered_before_it_is_released(open_page: OpenPage, server: Server) -> None:
    page = open_robustness(open_page, server)
    kept = scores.read(read_card("cnn"))
    assert kept is not None
    sent: list[int] = []

    def count(socket: WebSocket) -> None:
        socket.on("framesent", lambda payload: sent.append(len(payload)))

    page.on("websocket", count)
    page.reload()
    wait_until_loaded(page)
    slider = page.get_by_role("slider", name=CORRUPTIONS["shift"].unit.capitalize())
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    before = len(sent)
    page.mouse.move(box["x"] + box["width"], box["y"] + box["height"] / 2, steps=10)
    expect(page.locator(".lab-wrong").first).to_be_visible()
    expect(page.locator("[data-answer][data-source=live]")).to_have_count(len(NETWORKS))
    image = datasets.load_test().images[0]
    difference = np.array(page.evaluate(SPOILED), int) - corruptions.shift(image, 10).ravel()
    assert np.abs(difference).max() <= 1
    curves = page.locator(".st-key-curves figcaption")
    expect(curves).to_contain_text(f"Small CNN {100 * kept.curves['shift'][-1]:.1f}%")
    assert len(sent) == before
    answers = page.locator("[data-answer]").evaluate_all("all => all.map(e => e.dataset.digit)")
    page.mouse.up()
    expect(page.locator("[data-answer][data-source=server]")).to_have_count(len(NETWORKS))
    assert answers == page.locator("[data-answer]").evaluate_all(
        "all => all.map(e => e.dataset.digit)"
    )
    keep_screenshot(page, "robustness-shifted")


def test_all_networks_answer_while_one_draws(open_page: OpenPage, server: Server) -> None:
    page = open_robustness(open_page, server)
    start_stroke(page, 3)
    expect(page.locator("[data-answer][data-source=live][data-digit='3']")).to_have_count(
        len(NETWORKS)
    )
    page.mouse.up()
    for network in NETWORKS:
        expect(page.get_by_role("status", name=f"Answer: {title(network)}")).to_have_text("3")
