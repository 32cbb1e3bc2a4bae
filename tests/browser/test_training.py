"""Training before one's eyes, in a real browser, with a real worker."""

import re

import nbformat
from playwright.sync_api import Locator, Page, expect

from mnist_app.networks.layers import count_parameters
from mnist_app.storage import home
from mnist_app.training import runs
from mnist_app.training.presets import PRESETS
from tests.browser.conftest import (
    WIDE,
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
FOLDED = "Presets, settings, fine-tuning, other runs"
STAGE = "[...document.querySelectorAll('.st-key-run_stage *')].find(a => a.shadowRoot)?.shadowRoot"
# Until the wall has so few digits: all lengths of the bar of 7, and how many digits the wall had.
LEARNING = f"""async (few) => {{
    const [shares, counts] = [new Set(), [500]];
    while (counts.at(-1) > few) {{
        await new Promise((end) => setTimeout(end, 50));
        const stage = {STAGE};
        if (!stage) continue;  // the page is just drawn anew
        shares.add(stage.querySelectorAll('.bars div')[7].style.getPropertyValue('--share'));
        const [, count] = stage.querySelector('.wall figcaption').textContent.match(/ (\\d+) of/);
        if (Number(count) !== counts.at(-1)) counts.push(Number(count));
    }}
    return [[...shares], counts];
}}"""


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def state(page: Page) -> Locator:
    return page.locator(".run .state")


def test_quick_is_trained_paused_reloaded_used_and_drawn_with(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(f"{server.url}/training")
    wait_until_quiet(page)
    draw(page, DIGITS[7])
    page.get_by_role("button", name="Train", exact=True).dblclick()  # two clicks make one run
    expect(page.locator(".wall figcaption")).to_contain_text(" of 500", timeout=LONGEST)
    shares, counts = page.evaluate(LEARNING, 100)
    assert len(shares) >= 4
    assert len(counts) >= 4
    assert counts[1] > 300
    curve = page.locator(".accuracy polyline").first
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    press(page, "Pause")
    expect(state(page)).to_contain_text("is paused")
    for shown in (page.locator(".run"), page.get_by_text(FOLDED)):
        box = shown.bounding_box()
        assert box is not None
        assert 0 <= box["y"] <= box["y"] + box["height"] <= WIDE["height"]
    points = curve.get_attribute("points")
    keep_screenshot(page, "training-paused")

    page.reload()
    expect(state(page)).to_contain_text("is paused")
    expect(curve).to_have_attribute("points", points or "")
    page.get_by_label("Learning rate").fill("0.004")
    page.keyboard.press("Enter")
    press(page, "Continue")
    expect(state(page)).to_contain_text("is done", timeout=LONGEST)
    expect(page.locator(".changed").first).to_be_attached()
    expect(page.locator(".run .where")).to_have_text(
        re.compile(r" 9[89]\.\d\d% of the test images")
    )
    press(page, "Use this network")
    expect(page.get_by_text("answers on every page now")).to_be_visible()
    with page.expect_download() as download:
        press(page, "Download as a notebook")
    nbformat.validate(nbformat.read(download.value.path(), 4))
    keep_screenshot(page, "training-done")

    name = runs.list_runs()[0].name
    page.get_by_role("link", name="Draw").click()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    sidebar = page.get_by_test_id("stSidebar")
    chosen = sidebar.get_by_role("combobox", name="Network")
    expect(chosen).to_have_value(re.compile(rf"^{name} · 9[89]\.\d\d%$"))
    wait_until_quiet(page)
    read = page.get_by_role("status", name="Prediction", exact=True)
    expect(read).to_have_text(re.compile(r"^\d$"))  # a reload loses no drawing
    page.get_by_role("button", name="Clear").click()
    expect(read).not_to_have_text(re.compile(r"^\d$"))
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
        wait_until_quiet(page)
        press(page, "Train")
        expect(state(page)).to_contain_text("is training", timeout=LONGEST)
        [worker] = worker_processes()
        assert worker.ppid() == first.process.pid
        first.process.kill()
        first.process.wait()
    assert is_alive(worker)
    with serve(log) as second:
        # Another port is another address: the cookie belongs to the host, and so does the run.
        page.goto(f"{second.url}/training")
        expect(state(page)).to_contain_text("overfit-")
        # Only whoever started it can stop it, or train it more.
        steering = re.compile("Stop|Train more")
        expect(page.get_by_role("button", name=steering)).to_be_visible()
        expect(page.get_by_text("was interrupted")).to_have_count(0)
    end_workers()


def test_nothing_is_cut_on_the_training_page(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/training", phone=True, dark=True)
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_visible()
    wait_until_quiet(page)
    assert not is_too_wide(page)
    presets = page.get_by_role("radiogroup", name="Preset").get_by_role("radio")
    expect(presets).to_have_count(len(PRESETS))
    expect(presets.first).to_be_checked()
    presets.first.focus()
    page.keyboard.press("ArrowRight")
    second = list(PRESETS.values())[1]
    expect(page.get_by_role("radio", name=second.title)).to_be_checked()
    expect(
        page.get_by_text(f"{count_parameters(second.settings.layers):,} parameters")
    ).to_be_visible()
    keep_screenshot(page, "training-phone")
