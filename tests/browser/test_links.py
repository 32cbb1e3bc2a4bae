"""A link in a real browser: drawn, copied, opened by somebody else."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, expect

from mnist_app.analysis import ten_digits
from mnist_app.data import canvas_strokes
from tests.browser.conftest import WIDE, OpenPage, draw, expect_answer, wait_until_quiet
from tests.support.handwriting import DIGITS
from tests.support.serving import Server

ANSWER = "Answer: Centered, as in MNIST"
INK = """() => {
  const all = [...document.querySelectorAll('[class*="st-key-canvas_"] *')];
  const host = all.find((one) => one.shadowRoot?.querySelector("canvas"));
  const lower = host?.shadowRoot.querySelector("canvas.dc-canvas.lower-canvas");
  if (!lower) return [];
  const { data } = lower.getContext("2d").getImageData(0, 0, 280, 280);
  return Array.from({ length: 280 * 280 }, (_, at) => data[4 * at]);
}"""


def test_what_was_drawn_is_on_the_canvas_of_who_opens_the_link(
    server: Server, open_page: OpenPage, browser: Browser
) -> None:
    page = open_page(f"{server.url}/pixels")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    draw(page, DIGITS[5])
    expect(page.get_by_role("status", name=ANSWER)).to_have_text("5")
    page.get_by_role("slider", name="Move up or down").press("ArrowLeft")
    wait_until_quiet(page)
    button = page.get_by_role("button", name="Copy link")
    button.click()
    expect(button).to_have_text(re.compile("Link copied"))
    link = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"{server.url}/pixels\?down=-5&drawing=[\w-]+", link)
    assert len(link) < 300
    before = page.evaluate(INK)

    with browser.new_context(viewport=WIDE, bypass_csp=True) as elsewhere:
        other = elsewhere.new_page()
        other.goto(link)
        expect(other.get_by_text("This drawing came with the link.")).to_be_visible()
        slider = other.get_by_role("slider", name="Move up or down")
        expect(slider).to_have_value("-5")
        expect(other.get_by_role("status", name=ANSWER)).to_have_text("5")
        other.wait_for_function(f"({INK})().some((value) => value > 0)")
        after = other.evaluate(INK)
        differing = sum(abs(one - two) > 127 for one, two in zip(before, after, strict=True))
        assert differing < 0.02 * sum(value > 127 for value in before)
        # Without HTTPS there is no clipboard: the older way copies, or the address is shown.
        other.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        other.evaluate("document.execCommand = () => false")
        other.get_by_role("button", name="Copy link").click()
        expect(other.get_by_label("The link")).to_have_value(link)
        other.get_by_role("link", name="Draw", exact=True).click()
        expect_answer(other, 5)


def test_enter_waits_for_the_last_stroke_and_a_reload_goes_on(
    server: Server, open_page: OpenPage
) -> None:
    page = open_page(f"{server.url}/challenge", phone=True)
    page.get_by_role("button", name="Start").click()
    asked = page.locator(".lab-asked")
    expect(asked).to_contain_text("1 of 10")
    digit = int(asked.locator("b").inner_text())
    draw(page, DIGITS[digit])
    page.keyboard.press("Enter")
    expect(asked).to_contain_text("2 of 10")
    page.wait_for_url(re.compile(r"digits="))
    page.reload()
    expect(asked).to_contain_text("2 of 10")
    drawn = ten_digits.unpack(parse_qs(urlsplit(page.url).query)["digits"][0]).drawn[0]
    assert drawn is not None
    assert len(list(canvas_strokes.split(drawn.strokes))) == len(DIGITS[digit])
    for part in (page.get_by_role("button", name="Next"), page.locator("canvas.upper-canvas")):
        expect(part).to_be_in_viewport(ratio=0.99)
