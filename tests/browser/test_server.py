"""The server itself: what it allows browsers, whom it knows again, how it fails."""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_app.networks import packing
from mnist_app.ui import addresses, resources
from tests.browser.conftest import draw, wait_for_network, wait_until_quiet
from tests.support.handwriting import DIGITS
from tests.support.serving import ROOT, Server, serve

INSIDE = ("pixels", "convolution", "feature_maps", "max_pooling", "why")
PAGES = ("", "privacy", *INSIDE, "training", "learning_step", "mnist", "robustness", "report_card")
PAGES = (*PAGES, "lessons", "challenge", "room", "stage")
# These begin without a canvas.
EMPTY = ("report_card", "challenge", "room", "privacy")
# Their first words that are read aloud are no answer.
WITHOUT_ANSWER = ("training", "learning_step", "lessons", "stage")
COOKIE = "mnist_lab_visitor"
# Streamlit looks for WebAssembly, which it does without.
EXPECTED = "wasm-eval"
NOTE_VIOLATIONS = """() => {
    window.violations = [];
    addEventListener('securitypolicyviolation', event =>
        window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
}"""


@pytest.fixture
def strict_page(browser: Browser) -> Iterator[Page]:
    """A page under the server's own policy; the other tests go around it to wait for things."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.add_init_script(f"({NOTE_VIOLATIONS})()")
    yield page
    context.close()


def headers_of(address: str) -> dict[str, str]:
    request = urllib.request.Request(address, headers={"accept": "text/html"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}


def test_every_answer_carries_the_security_headers(server: Server) -> None:
    for path in ("/", "/_stcore/health", "/report_card"):
        headers = headers_of(server.url + path)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "'unsafe-inline'" not in policy.split("style-src")[0]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"


def test_all_pages_work_under_the_policy(server: Server, strict_page: Page) -> None:
    assert set(PAGES) == addresses.PAGES
    strict_page.goto(server.url)
    for name in PAGES:
        if name:
            before = strict_page.title()
            strict_page.locator(f"a[href$='{name}']").first.click()
            expect(strict_page).not_to_have_title(before)
        if name not in EMPTY:
            draw(strict_page, DIGITS[4])
        if name not in (*EMPTY, *WITHOUT_ANSWER):
            expect(strict_page.get_by_role("status").first).to_have_text("4")
        wait_until_quiet(strict_page)
        violations = strict_page.evaluate("window.violations")
        assert [one for one in violations if EXPECTED not in one] == [], name


def test_wall_and_phone_work_under_the_policy(server: Server, strict_page: Page) -> None:
    strict_page.goto(f"{server.url}/room")
    strict_page.get_by_role("button", name="Open a room").click()
    code = strict_page.locator(".wall .code").inner_text()
    expect(strict_page.locator(".wall .task")).to_have_text("Draw any digit.")
    for address in ("room", f"join?room={code}"):
        strict_page.goto(f"{server.url}/{address}")
        expect(strict_page.get_by_text("Draw any digit.")).to_be_visible()
        violations = strict_page.evaluate("window.violations")
        assert [one for one in violations if EXPECTED not in one] == [], address
    box = strict_page.locator("#canvas").bounding_box()
    assert box is not None
    draw(strict_page, DIGITS[4], place=(box["x"], box["y"], box["width"] / 280))
    expect(strict_page.locator("#digit")).to_have_text("4")


def answer_to(address: str) -> tuple[int, str]:
    """Return status and type of an answer, that of the page's address where it leads there."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.headers["content-type"].split(";")[0]
    except urllib.error.HTTPError as error:
        return error.code, str(error.headers["content-type"]).split(";")[0]


UNKNOWN = (
    *("/draw", "/nothing", "/pixels/nothing", "/index.html", "/static/nothing.js", "/readyz/"),
    *("/_stcore/metrics", "/_stcore/agent/mcp", "/_stcore/script-health-check", "/live/cnn"),
    *("/_stcore/upload_file/one", "/auth/login", "/component/any/index.html", "/media/any.png"),
)


def expect_known_and_unknown_addresses(server: Server) -> None:
    for name in PAGES:
        for end in ("", "/", "/?network=cnn") if name else ("", "?network=cnn"):
            assert answer_to(f"{server.url}/{name}{end}") == (200, "text/html"), name
    for path in UNKNOWN:
        assert answer_to(server.url + path) == (404, "text/plain"), path
    assert answer_to(f"{server.url}/healthz") == (200, "text/plain")


def test_pages_have_their_addresses_and_nothing_else_has(server: Server) -> None:
    expect_known_and_unknown_addresses(server)


def wait_for_readiness(server: Server, status: int) -> None:
    for _ in range(600):
        if answer_to(f"{server.url}/readyz") == (status, "text/plain"):
            return
        time.sleep(0.1)
    raise AssertionError(f"It did not answer with {status} within a minute.")


def test_ready_is_ready_below_a_base_path_too(tmp_path: Path, strict_page: Page) -> None:
    """From the start on, with the model process stopped, and when another one answers."""
    with serve(tmp_path / "log", base="/lab") as server:
        wait_for_readiness(server, 503)
        wait_for_readiness(server, 200)
        strict_page.goto(f"{server.url}/pixels/")
        draw(strict_page, DIGITS[4])
        expect(strict_page.get_by_role("status").first).to_have_text("4")
        wait_for_network(strict_page)
        assert strict_page.url == f"{server.url}/pixels"
        expect_known_and_unknown_addresses(server)
        outside = server.url.removesuffix("/lab")
        assert answer_to(f"{outside}/pixels")[0] == answer_to(f"{outside}/laboratory")[0] == 404
        [hung] = server.model_processes()
        hung.suspend()
        draw(strict_page, [[(5, 5), (20, 5)]])
        expect(strict_page.get_by_text("waking up").first).to_be_visible()
        wait_for_readiness(server, 503)
        wait_for_readiness(server, 200)
        expect(strict_page.get_by_text("waking up")).to_have_count(0)
        assert not hung.is_running()


def test_a_network_is_kept_for_ever_under_its_own_name(server: Server) -> None:
    path = resources.PackedNetwork("softmax", packed := packing.pack("softmax") or b"").path
    with urllib.request.urlopen(f"{server.url}/{path}", timeout=10) as answer:
        assert answer.read() == packed
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    map_ = resources.packed_map().path
    with urllib.request.urlopen(f"{server.url}/{map_}/239", timeout=60) as answer:
        assert answer.headers["content-type"] == "image/png"
    others = ("live/nobody/0", "live/..%2f..%2fstore/0", f"{map_}/240", "map/0123456789abcdef")
    for wrong in ("live/softmax/0123456789abcdef", *others):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.url}/{wrong}", timeout=10)
        assert refused.value.code in (400, 404)


def test_nobody_frames_the_app(server: Server, strict_page: Page) -> None:
    strict_page.route(
        "http://elsewhere.test/",
        lambda route: route.fulfill(
            content_type="text/html", body=f"<iframe src='{server.url}'></iframe>"
        ),
    )
    strict_page.goto("http://elsewhere.test/")
    frame = strict_page.frames[1]
    expect(frame.locator("canvas.upper-canvas")).to_have_count(0)
    assert "chrome-error" in frame.url or frame.locator("body").inner_text() == ""


def test_a_browser_is_known_again_and_scripts_cannot_tell(
    server: Server, strict_page: Page
) -> None:
    strict_page.goto(server.url)
    wait_until_quiet(strict_page)
    [first] = [one for one in strict_page.context.cookies() if one.get("name") == COOKIE]
    assert re.fullmatch("[0-9a-f]{32}", first.get("value", ""))
    assert first.get("httpOnly")
    assert first.get("sameSite") == "Lax"
    assert COOKIE not in strict_page.evaluate("document.cookie")
    strict_page.goto(f"{server.url}/training")
    [again] = [one for one in strict_page.context.cookies() if one.get("name") == COOKIE]
    assert again.get("value") == first.get("value")


OWNER = """
import streamlit as st

from mnist_app.ui import visitor

st.code(visitor.owner())
"""
LATE = """
import asyncio


class Late:
    def __init__(self, app):
        self._app = app
        self._somebody_came = asyncio.Event()

    async def __call__(self, scope, receive, send):
        async def send_late(message):
            if message["type"] == "websocket.accept":
                self._somebody_came.set()
            if message["type"] == "http.response.start" and b"late" in scope["query_string"]:
                await self._somebody_came.wait()
            await send(message)

        await self._app(scope, receive, send_late)


"""


@pytest.fixture
def slow_server(tmp_path: Path) -> Iterator[Server]:
    """The app's own server, below /lab, around a page that says who one is.

    The answer to ?late comes when somebody's page runs.
    """
    (tmp_path / "owner.py").write_text(OWNER)
    own = (ROOT / "streamlit_app.py").read_text()
    own = own.replace("mnist_app/ui/entry/navigation.py", str(tmp_path / "owner.py"))
    own = own.replace("app = st.App(", f"{LATE}app = st.App(")
    own = own.replace("middleware=[", "middleware=[Middleware(Late), ")
    assert "Middleware(Late)" in own
    (tmp_path / "streamlit_app.py").write_text(own)
    with serve(tmp_path / "log", tmp_path / "streamlit_app.py", base="/lab") as running:
        yield running


def test_two_tabs_of_a_new_browser_have_one_owner(slow_server: Server, browser: Browser) -> None:
    """The first tab works already when the answer to the second, asked before, brings a cookie."""
    context = browser.new_context()
    early, late = context.new_page(), context.new_page()
    late.evaluate("address => { location.href = address }", f"{slow_server.url}/?late")
    early.goto(f"{slow_server.url}/")
    owner = early.get_by_test_id("stCode").inner_text()
    assert late.get_by_test_id("stCode").inner_text() == owner
    ours = [one for one in context.cookies() if COOKIE in one.get("name", "")]
    numbers = {one.get("value") for one in ours}
    assert len(numbers) == 2  # each tab was offered one
    for page in (early, late, context.new_page()):
        page.goto(f"{slow_server.url}/")
        assert page.get_by_test_id("stCode").inner_text() == owner
    [kept] = [one for one in context.cookies() if one.get("name") == COOKIE]
    assert (kept.get("path"), kept.get("httpOnly"), kept.get("secure")) == ("/lab", True, False)
    context.close()


@pytest.mark.parametrize(
    ("proto", "is_secure"), [("https", True), ("https, http", True), ("", False)]
)
def test_behind_tls_the_cookie_is_never_sent_without(
    server: Server, proto: str, is_secure: bool
) -> None:
    headers = {"accept": "text/html", "x-forwarded-proto": proto}
    request = urllib.request.Request(server.url, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        attributes = answer.headers["set-cookie"].split("; ")[1:]
    assert ("Secure" in attributes) == is_secure
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)


FAILING = """
from pathlib import Path

import streamlit as st

SECRET = "/home/somebody/secret.py"


def fail() -> None:
    raise ValueError(SECRET)


@st.fragment
def part() -> None:
    st.button("Fail in a fragment's callback", on_click=fail)
    if st.button("Fail in a fragment"):
        fail()


st.button("Fail in a callback", on_click=fail)
if st.button("Fail on the page"):
    fail()
part()
st.markdown("The rest of the page")
"""


@pytest.fixture(scope="module")
def failing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app's own server around a page that fails in every way."""
    tmp_path = tmp_path_factory.mktemp("failing")
    (tmp_path / "failing.py").write_text(FAILING)
    script = (ROOT / "streamlit_app.py").read_text()
    own = script.replace("mnist_app/ui/entry/navigation.py", str(tmp_path / "failing.py"))
    assert own != script
    (tmp_path / "streamlit_app.py").write_text(own)
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(
        (ROOT / ".streamlit" / "config.toml").read_text()
    )
    with serve(tmp_path / "log", tmp_path / "streamlit_app.py") as running:
        yield running


@pytest.mark.parametrize(
    "button",
    [
        "Fail on the page",
        "Fail in a callback",
        "Fail in a fragment",
        "Fail in a fragment's callback",
    ],
)
def test_no_exception_shows_a_traceback(
    failing_server: Server, strict_page: Page, button: str
) -> None:
    strict_page.goto(failing_server.url)
    before = len(failing_server.log.read_text())
    strict_page.get_by_role("button", name=button, exact=True).click()
    expect(strict_page.get_by_text("Something went wrong on this page.").first).to_be_visible()
    text = strict_page.locator("body").inner_text()
    assert "secret.py" not in text
    assert "Traceback" not in text
    assert "ValueError" not in text
    log = failing_server.log.read_text()[before:]
    assert "Traceback (most recent call last)" in log
    assert "secret.py" in log
