"""Uploads: a file comes in where a page asked for it, one at a time, and goes when it was read."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from mnist_app.imaging.image_files import encode_png
from tests.browser.conftest import expect_answer, wait_until_quiet
from tests.support.handwriting import drawn
from tests.support.serving import Server

MB = 2**20
PUT = """async ([session, bytes, files]) => {
  const token = decodeURIComponent(document.cookie.match(/_streamlit_xsrf=([^;]*)/)?.[1] ?? "");
  const answers = [];
  for (let number = 0; number < files; number++) {
    const body = new FormData();
    body.append("file", new File([new Uint8Array(bytes)], "a.png"));
    const url = `_stcore/upload_file/${session}/file-${number}`;
    const headers = { "X-Xsrftoken": token };
    answers.push((await fetch(url, { method: "PUT", body, headers })).status);
  }
  return answers;
}"""


def open_with_session(page: Page, url: str) -> str:
    """Open the page Draw, and return the name that its session has on the server."""
    names: list[str] = []

    def note(frame: bytes | str) -> None:
        message = ForwardMsg()
        message.ParseFromString(frame)
        names.append(message.new_session.initialize.session_id)

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", note)

    page.on("websocket", listen)
    page.goto(url)
    page.get_by_role("button", name="Photo or camera").click()
    wait_until_quiet(page)
    return next(name for name in names if name)


def test_only_a_file_that_a_page_asked_for_comes_in(
    context: Callable[[bool, bool], BrowserContext], server: Server
) -> None:
    page = context(False, False).new_page()
    session = open_with_session(page, server.url)
    assert page.evaluate(PUT, [session, MB, 5]) == [409] * 5
    page.get_by_text("Upload a picture").click()
    page.locator("input[type=file]").wait_for(state="attached")
    wait_until_quiet(page)
    assert page.evaluate(PUT, [session, 11 * MB, 1]) == [413]
    assert page.evaluate(PUT, ["another", MB, 1]) == [409]
    before = server.process.memory_info().rss
    assert page.evaluate(PUT, [session, 9 * MB, 40]) == [204] + [409] * 39
    assert server.process.memory_info().rss - before < 40 * MB
    # The page's own file takes the place of that one as soon as the page asks again.
    page.get_by_text("Use the camera").click()
    page.get_by_text("Upload a picture").click()
    chooser = page.locator("input[type=file]")
    wait_until_quiet(page)
    png = encode_png(255 - drawn(2))
    chooser.set_input_files({"name": "two.png", "mimeType": "image/png", "buffer": png})
    expect_answer(page, 2)
    page.close()
