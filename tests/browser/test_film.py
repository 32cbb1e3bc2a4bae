"""The film of a run in a browser: any moment of it, two runs in step, and its picture."""

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from playwright.sync_api import Browser, Page, expect

from mnist_app.training import runs
from mnist_app.training.run import OPERATOR
from tests.browser.conftest import WIDE, is_too_wide, wait_until_quiet
from tests.support.filmed_runs import OWNER_NUMBER, SURE, filmed
from tests.support.serving import Server


def wrong(count: int) -> str:
    return f"Validation digits it got wrong: {count} of 500"


@pytest.fixture
def page(browser: Browser, server: Server) -> Page:
    context = browser.new_context(viewport=WIDE, bypass_csp=True, accept_downloads=True)
    cookie = {"name": "mnist_lab_visitor", "value": OWNER_NUMBER, "url": server.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context.new_page()


def test_a_run_is_scrubbed_played_compared_and_saved(page: Page, server: Server) -> None:
    names = ["film-1", "film-2"]
    for name, images in zip(names, ((0, 128, 256), (0, 128, 256, 512, 100_000)), strict=True):
        filmed(name, images)
    try:
        page.goto(f"{server.url}/training")
        scrub(page)
        compare(page)
        save(page)
    finally:
        page.context.close()
        for name in names:
            runs.delete(name, OPERATOR)


def scrub(page: Page) -> None:
    """The newest own run is shown, at its end; the arrows go from moment to moment."""
    film = page.get_by_role("region", name="The training as a film")
    wall = film.locator(".wall canvas")
    slider = page.get_by_role("slider", name="Moment of the training")
    expect(wall).to_have_attribute("aria-label", wrong(80))
    slider.focus()
    seen = []
    for _ in range(5):
        seen.append((slider.get_attribute("aria-valuetext"), wall.get_attribute("aria-label")))
        slider.press("ArrowLeft")
    images, walls = zip(*seen, strict=True)
    assert images == tuple(f"{count} images seen" for count in ("100,000", 512, 256, 128, 0))
    counts = [int(str(text).split(": ")[1].split()[0]) for text in walls]
    assert counts == [80, 100, 133, 200, 400]
    expect(film.locator(".bars .first span")).to_have_text("10.0%")
    slider.press("ArrowRight")
    expect(film.locator(".bars .first span")).to_have_text(f"{100 * max(SURE):.1f}%")
    film.locator(".speed").select_option("4")
    film.get_by_role("button", name="Play").click()
    expect(wall).to_have_attribute("aria-label", wrong(80))
    expect(film.get_by_role("button", name="Play")).to_be_visible()
    assert not is_too_wide(page)


def compare(page: Page) -> None:
    """A second run goes in step, by the images seen or by the share of its training."""
    wait_until_quiet(page)
    box = page.get_by_role("combobox", name="Beside it")
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list that is open closes when the page scrolls
    box.click()
    page.get_by_role("option", name="film-1").click()
    film = page.get_by_role("region", name="The training as a film")
    walls = film.locator(".wall canvas")
    expect(walls).to_have_count(2)
    expect(walls.nth(1)).to_have_attribute(
        "aria-label", "Validation digits it got wrong: 133 of 500"
    )
    slider = page.get_by_role("slider", name="Moment of the training")
    slider.press("ArrowLeft")
    expect(walls.nth(0)).to_have_attribute(
        "aria-label", "Validation digits it got wrong: 100 of 500"
    )
    expect(walls.nth(1)).to_have_attribute(
        "aria-label", "Validation digits it got wrong: 133 of 500"
    )
    film.locator(".step select").select_option("share")
    expect(walls.nth(1)).to_have_attribute(
        "aria-label", "Validation digits it got wrong: 400 of 500"
    )


def save(page: Page) -> None:
    film = page.get_by_role("region", name="The training as a film")
    with page.expect_download(timeout=100_000) as download:
        film.get_by_role("button", name="Save as animated PNG").first.click()
    assert download.value.suggested_filename == "film-2.png"
    picture = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert isinstance(picture, PngImageFile)
    assert picture.size == (960, 540)
    assert picture.n_frames == 30
    assert np.asarray(picture.convert("RGB")).any()
