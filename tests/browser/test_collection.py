"""The pages MNIST and Report card in a real browser: filter, click, draw."""

import math
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mnist_app.analysis import embedding, metrics, scores
from mnist_app.data import datasets
from mnist_app.networks.registry import read_card
from tests.browser.conftest import (
    OpenPage,
    is_too_wide,
    keep_screenshot,
    start_stroke,
    wait_for_network,
    wait_until_quiet,
)
from tests.support.serving import Server

TEST = datasets.load_test()


def choose(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list that is open closes when the page scrolls
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    wait_until_quiet(page)


def test_a_digit_is_chosen_and_an_image_clicked(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/mnist")
    sheet = page.locator(".st-key-images canvas")
    expect(sheet).to_be_visible()
    expect(page.locator(".lab-one-hot")).to_be_visible()
    wait_until_quiet(page)
    choose(page, "Digit", "7")
    expect(page.get_by_text(f"1 to 100 of {np.sum(TEST.labels == 7):,} images.")).to_be_visible()
    box = sheet.bounding_box()
    assert box is not None
    row, column = 3, 7
    sheet.click(
        position={"x": (column + 0.5) * box["width"] / 10, "y": (row + 0.5) * box["height"] / 10}
    )
    index = np.flatnonzero(TEST.labels == 7)[row * 10 + column]
    expect(page.get_by_role("heading", name=f"Test image {index:,}, labeled 7")).to_be_visible()
    page.get_by_role("button", name="Put it on the canvas").click()
    expect(page.get_by_text(f"MNIST test image {index:,}, labeled 7")).to_have_count(1)
    keep_screenshot(page, "mnist-picked")


def own_place(page: Page) -> tuple[float, float]:
    """Where the drawing lies on the map, from the left and from the top, 0 to 1."""
    x, y = (page.locator(".st-key-embedding .marks").get_attribute("data-own") or "").split()
    return float(x), float(y)


def test_the_drawing_finds_its_place_while_one_draws(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/mnist")
    marks = page.locator(".st-key-embedding .marks")
    expect(marks).to_have_attribute("data-own", re.compile(r"\d"))
    wait_for_network(page)
    labels = datasets.load_all_training().labels
    islands = embedding.names(embedding.read(), labels)
    assert math.dist(own_place(page), islands[7]) < 0.15
    start_stroke(page, 3)
    page.wait_for_timeout(500)
    assert math.dist(own_place(page), islands[3]) < 0.15
    page.mouse.up()
    expect(page.locator(".lab-compact [role=status]")).to_have_text("3")


def test_dots_become_images_that_are_kept(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/mnist")
    marks = page.locator(".st-key-embedding .marks")
    expect(marks).to_have_attribute("data-own", re.compile(r"\d"))
    wait_until_quiet(page)
    field = page.get_by_role("searchbox")
    field.fill("12,345")
    with page.expect_response("**/map/*/*") as pictures:
        field.press("Enter")
    assert pictures.value.headers["cache-control"].endswith("immutable")
    labels = datasets.load_all_training().labels
    kept = page.locator(".lab-panel", has_text="Kept: ")
    expect(kept).to_contain_text("12,345")
    wait_until_quiet(page)
    marks.focus()
    marks.press("ArrowLeft")
    expect(marks).not_to_have_attribute("aria-label", re.compile(r"no\. 12,345"))
    said = marks.get_attribute("aria-label") or ""
    number = int(re.findall(r"no\. ([\d,]+)", said)[0].replace(",", ""))
    assert number != 12_345
    assert f"Labeled {labels[number]}, " in said
    positions = embedding.read().positions
    assert positions[number][0] < positions[12_345][0]
    assert math.dist(positions[number], positions[12_345]) < 0.05
    marks.press("Enter")
    expect(kept).to_contain_text(f"{number:,}")
    keep_screenshot(page, "mnist-map")


def test_a_cell_is_clicked(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/report_card")
    kept = scores.read(read_card("cnn"))
    assert kept is not None
    counts = metrics.confusion_matrix(kept.probabilities.argmax(axis=1), TEST.labels)
    counts[np.arange(10), np.arange(10)] = 0
    label, answer = np.unravel_index(counts.argmax(), counts.shape)
    words = f"{label}, read as {answer}"
    cell = page.get_by_role("button", name=f"Label {label}, answer {answer}: {counts.max()} images")
    cell.click()
    expect(page.get_by_text(f"Labeled {label}, read as {answer}", exact=False)).to_be_visible()
    wait_until_quiet(page)
    expect(page.locator(".lab-panel", has_text=words)).to_have_count(int(counts.max()))
    right = page.get_by_role("button", name="Label 0, answer 0:")
    right.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Labeled 0, read as 0, least confident first")).to_be_visible()
    page.get_by_role("button", name="Show all mistakes").click()
    expect(page.get_by_text("Its most confident mistakes")).to_be_visible()
    keep_screenshot(page, "report-card")


@pytest.mark.parametrize(("phone", "dark"), [(True, True), (False, False)])
def test_nothing_is_cut(server: Server, open_page: OpenPage, phone: bool, dark: bool) -> None:
    page = open_page(f"{server.url}/mnist", phone=phone, dark=dark)
    lasts = {"mnist": "Why 10,000 are set aside", "report_card": "What was tried"}
    for path, last in (lasts | {"robustness": "Robustness"}).items():
        page.goto(f"{server.url}/{path}")
        expect(page.get_by_role("heading", name=last)).to_be_visible()
        wait_until_quiet(page)
        assert not is_too_wide(page), path
        size, theme = "phone" if phone else "wide", "dark" if dark else "light"
        keep_screenshot(page, f"{path}-{size}-{theme}")
