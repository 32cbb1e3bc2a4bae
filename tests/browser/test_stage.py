"""The stage in a real browser: a talk by keys alone, on two screens, that outlives a reload."""

from playwright.sync_api import Page, ViewportSize, expect

from mnist_app.lessons.reading import lessons
from tests.browser.conftest import PHONE, OpenPage, draw, wait_until_quiet
from tests.support.handwriting import DIGITS
from tests.support.serving import Server

TALK = lessons()["talk"]
LONGEST = 10_000
SCREENS: tuple[ViewportSize, ...] = (
    {"width": 1280, "height": 720},
    {"width": 1920, "height": 1080},
)
# What has to be scrolled to, and how much of the screen's height the element takes.
MEASURE = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  const stage = document.querySelector(".st-key-talk");
  const element = document.querySelector(".st-key-scene_element").getBoundingClientRect();
  const over = [main, stage].map((one) => Math.max(
    one.scrollHeight - one.clientHeight, one.scrollWidth - one.clientWidth));
  return [Math.max(...over), element.bottom - innerHeight, element.height / innerHeight];
}"""
# On a phone the canvas's buttons are above the element, which ends within the screen.
BUTTONS_ABOVE = """() => {
  const tools = document.querySelector(".st-key-talk_tools").getBoundingClientRect();
  const { parentElement } = document.querySelector(".st-key-scene_element");
  const { top, bottom } = parentElement.getBoundingClientRect();
  return bottom <= innerHeight && top >= tools.bottom;
}"""
INK = """() => {
  const lower = [...document.querySelectorAll('[class*="st-key-canvas_"] *')]
    .map((one) => one.shadowRoot?.querySelector("canvas.dc-canvas.lower-canvas")).find(Boolean);
  if (!lower) return 0;
  const { data } = lower.getContext("2d").getImageData(0, 0, lower.width, lower.height);
  return data.filter((byte, at) => at % 4 === 0 && byte > 127).length;
}"""


def expect_place(page: Page, scene: str, step: int) -> None:
    page.wait_for_function(
        "([scene, step]) => new URL(location).searchParams.get('scene') === scene"
        " && new URL(location).searchParams.get('step') === step",
        arg=[scene, str(step)],
        timeout=LONGEST,
    )


def expect_control(page: Page) -> None:
    """Before it is there, nobody listens to the keys."""
    expect(page.locator(".stage-control")).to_have_count(1)


def expect_one_screen(page: Page, scene: str) -> None:
    """On both screens the element is large, and nothing has to be scrolled to."""
    for screen in SCREENS:
        page.set_viewport_size(screen)
        wait_until_quiet(page)
        page.wait_for_function(f"() => ({MEASURE})()[2] >= 0.6")
        scrolled, below, _ = page.evaluate(MEASURE)
        assert (scrolled, max(below, 0)) == (0, 0), (scene, screen)
    if scene == "bytes":  # the tallest one where it is narrow
        page.set_viewport_size(PHONE)
        page.wait_for_function(BUTTONS_ABOVE)


def test_a_talk_by_keys_alone_has_nothing_to_scroll(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/stage")
    page.set_viewport_size(SCREENS[0])
    draw(page, DIGITS[4])
    expect_control(page)
    wait_until_quiet(page)
    for scene in TALK.scenes:
        for step in range(len(scene.steps)):
            expect_place(page, scene.name, step)
            expect(page.locator(".lab-sentence")).to_have_text(scene.sentence, timeout=LONGEST)
            is_last = step == len(scene.steps) - 1
            if is_last:
                expect_one_screen(page, scene.name)
            wait_until_quiet(page)
            page.keyboard.press("PageDown")
    page.keyboard.press("PageUp")
    last = TALK.scenes[-2]
    expect_place(page, last.name, len(last.steps) - 1)
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect_place(page, TALK.scenes[3].name, 0)
    for key, cover in (("b", "black"), ("s", "spotlight")):
        page.keyboard.press(key)
        expect(page.locator(f".stage-control .{cover}")).to_be_visible()
        page.keyboard.press(key)
        expect(page.locator(f".stage-control .{cover}")).to_be_hidden()
    page.keyboard.press("Escape")
    page.wait_for_url("**/lessons*")


def test_scenes_of_why_take_one_screen(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/stage?lesson=course&scene=looked&step=1")
    draw(page, DIGITS[4])
    expect_one_screen(page, "looked")
    for scene in ("looked", "fooled", "dreams"):
        page.goto(f"{server.url}/stage?lesson=course&scene={scene}&step=9")
        expect(page.locator(".stage-control")).to_have_count(1)
        expect_one_screen(page, scene)


def test_a_reload_and_the_notes_follow(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/stage?lesson=course&scene=mask&step=1")
    draw(page, DIGITS[4])
    expect_control(page)
    wait_until_quiet(page)
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    notes = opened.value
    expect(notes.get_by_role("heading", name="A kernel is a mask")).to_be_visible()
    expect(notes.locator("canvas.upper-canvas")).to_have_count(0)
    expect_control(notes)
    notes.keyboard.press("End")
    expect_place(page, "competition", 0)
    expect_place(notes, "competition", 0)
    page.keyboard.press("Home")
    expect(notes.get_by_role("heading", name="What is recognizing?")).to_be_visible()
    notes.close()
    for key in ("ArrowRight", " ", "ArrowRight"):  # quick keys are not lost
        page.keyboard.press(key)
    expect_place(page, "bytes", 0)
    ink = page.evaluate(INK)
    assert ink > 1000
    page.reload()
    expect(page.locator(".lab-sentence")).to_have_text(lessons()["course"].scenes[1].sentence)
    page.wait_for_function(f"(ink) => ({INK})() === ink", arg=ink, timeout=LONGEST)
