"""Training before one's eyes, in a real browser, with a real worker."""

import re
import time

from playwright.sync_api import Page, expect

from mnist_app.storage import home
from mnist_app.training import runs
from tests.browser.conftest import (
    OpenPage,
    draw,
    expect_answer,
    is_too_wide,
    keep_screenshot,
    wait_until_quiet,
)
from tests.support.handwriting import DIGITS
from tests.support.process_control import end_workers, is_alive, worker_processes
from tests.support.serving import Server, serve

LONGEST = 120_000


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_quick_is_trained_paused_reloaded_used_and_drawn_with(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(f"{server.url}/training")
    wait_until_quiet(page)
    draw(page, DIGITS[7])
    press(page, "Train")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=LONGEST)
    chart = page.locator(".st-key-curves polyline").first
    expect(chart).to_be_visible(timeout=LONGEST)
    press(page, "Pause")
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("is paused")
    time.sleep(1)  # for what was on its way
    points = chart.get_attribute("points")
    time.sleep(1.5)
    assert chart.get_attribute("points") == points
    keep_screenshot(page, "training-paused")

    page.reload()
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("is paused")
    press(page, "Continue")
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("is done", timeout=LONGEST)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(re.compile(r"^9[89]\.\d\d%$"))
    press(page, "Use this network")
    expect(page.get_by_text("answers on every page now")).to_be_visible()
    keep_screenshot(page, "training-done")

    name = runs.list_runs()[0].name
    page.get_by_role("link", name="Draw").click()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    sidebar = page.get_by_test_id("stSidebar")
    chosen = sidebar.get_by_role("combobox", name="Network")
    expect(chosen).to_have_value(re.compile(rf"^{name} · 9[89]\.\d\d%$"))
    wait_until_quiet(page)
    draw(page, DIGITS[1])
    expect_answer(page, 1)
    page.get_by_role("link", name="Feature maps").click()
    expect(page.get_by_role("status").first).to_have_text(re.compile(r"^\d$"))
    assert name.startswith("quick-")


def test_a_training_outlives_the_page_process(open_page: OpenPage) -> None:
    log = home() / "log"
    end_workers()  # one of another server would outlive this one in any case
    with serve(log) as first:
        page = open_page(f"{first.url}/training")
        wait_until_quiet(page)
        page.get_by_text("Overfit on purpose").click()
        press(page, "Train")
        expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible(timeout=LONGEST)
        [worker] = worker_processes()
        assert worker.ppid() == first.process.pid
        first.process.kill()
        first.process.wait()
    assert is_alive(worker)
    with serve(log) as second:
        # Another port is another address: the cookie belongs to the host, and so does the run.
        page.goto(f"{second.url}/training")
        expect(page.locator("[data-testid=stProgress]")).to_contain_text("overfit-")
        # Only whoever started it can stop it, or train it more.
        steering = re.compile("Stop and keep what it learned|Train more")
        expect(page.get_by_role("button", name=steering)).to_be_visible()
        expect(page.get_by_text("was interrupted")).to_have_count(0)
    end_workers()


def test_nothing_is_cut_on_the_training_page(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/training", phone=True, dark=True)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    wait_until_quiet(page)
    assert not is_too_wide(page)
    keep_screenshot(page, "training-phone")
