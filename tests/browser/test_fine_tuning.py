"""Fine-tuning beside the canvas, in a real browser, with a real worker."""

import re

import numpy as np
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from mnist_app import storage
from mnist_app.networks import registry
from mnist_app.storage import LABELED_DRAWINGS
from mnist_app.training import labeled_drawings, runs
from tests.browser.conftest import (
    OpenPage,
    draw,
    expect_answer,
    is_too_wide,
    keep_screenshot,
    wait_until_quiet,
)
from tests.support.handwriting import arc
from tests.support.serving import Server

LONGEST = 120_000
# A 3 that looks to the wrong side.
ODD = [[*arc((54, 31), (20, 17), -30, -270), *arc((54, 67), (23, 19), -90, -330)]]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def owner_of_last_drawing() -> str:
    columns = LABELED_DRAWINGS.c
    with storage.reading() as connection:
        newest = sa.select(columns.owner).order_by(columns.id.desc()).limit(1)
        return str(connection.execute(newest).scalar_one())


def test_an_odd_digit_is_learned_beside_the_canvas(server: Server, open_page: OpenPage) -> None:
    page = open_page(server.url)
    wait_until_quiet(page)
    draw(page, ODD)
    expect_answer(page, r"[^3]")
    page.get_by_test_id("stButtonGroup").get_by_text("3", exact=True).click()
    expect(page.get_by_text("Kept as a 3.")).to_be_visible()
    owner = owner_of_last_drawing()
    [odd] = labeled_drawings.list_drawings(owner)
    for number in range(1, 6):  # the same hand, again
        labeled_drawings.keep(owner, np.roll(odd.image, (number % 3, number // 3), (0, 1)), 3)
    press(page, "Fine-tune")
    tiles = page.locator(".tile.wrong")
    expect(tiles).to_have_count(6)
    tiles.first.get_by_role("button").click()
    expect(tiles).to_have_count(5)
    assert len(labeled_drawings.list_drawings(owner)) == 5

    press(page, "Fine-tune now")
    place = page.locator(".st-key-fine_tuning_action").bounding_box()
    progress = page.locator(".st-key-fine_tuning_action [data-testid=stProgress]")
    expect(progress).to_be_visible(timeout=LONGEST)
    assert page.locator(".st-key-fine_tuning_action").bounding_box() == place
    expect(page.get_by_role("button", name="Take back")).to_be_visible(timeout=LONGEST)
    expect_answer(page, 3)
    both = page.locator(".st-key-fine_tuning [role=status]")
    expect(both).to_have_text([re.compile("[^3]"), "3"])
    expect(page.get_by_text(re.compile(r"^Of 10,000 test images it forgot"))).to_be_visible()
    expect(page.locator(".tile.wrong")).to_have_count(0)
    for part in ("canvas.upper-canvas", ".st-key-fine_tuning", ".st-key-draw_label"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert 0 <= box["y"] < box["y"] + box["height"] <= 800
    assert not is_too_wide(page)
    keep_screenshot(page, "fine-tuned")
    [run] = [run for run in runs.list_runs() if run.belongs_to(owner)]
    assert (run.before["drawings"], run.after["drawings"]) == (0, 1)
    assert run.before["mnist"] == registry.read_card("cnn").test_accuracy
    assert run.after["mnist"] > run.before["mnist"] - 0.01

    page.get_by_role("link", name="How it learns").click()
    own = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Network")
    expect(own).to_have_value(re.compile(f"^{run.name} "))
    page.get_by_text("trained", exact=True).click()
    expect(page.locator(".learning .row.label b")).to_have_text("3")
    expect(page.locator(".learning .sum .new")).to_have_text(re.compile(r"^After a step of 0\.01:"))
    page.get_by_role("link", name="Draw", exact=True).click()
    press(page, "Take back")
    expect_answer(page, r"[^3]")
    expect(page.locator(".tile.wrong")).to_have_count(5)
    labeled_drawings.delete(owner)
