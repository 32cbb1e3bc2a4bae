"""Uploads: a file comes in where a page asked for it, one at a time, and goes when it was read."""

from collections.abc import Iterator

import cv2
import pytest
from playwright.sync_api import Page, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import OpenPage, expect_answer, wait_until_quiet
from tests.support.handwriting import drawn
from tests.support.serving import Server

PUT = """async ([session, bytes, times]) => {
  const token = document.cookie.match(/_streamlit_xsrf=([^;]*)/)?.[1] ?? "";
  const answers = [];
  for (let number = 0; number < times; number++) {
    const body = new FormData();
    body.append("file", new File([new Uint8Array(bytes)], "a.png"));
    const headers = { "X-Xsrftoken": decodeURIComponent(token) };
    const url = `_stcore/upload_file/${session}/file-${number}`;
    answers.push((await fetch(url, { method: "PUT", body, headers })).status);
  }
  return answers;
}"""


@pytest.fixture
def opened(open_page: OpenPage, server: Server) -> Iterator[tuple[Page, str]]:
    """A page, and the name of its session."""
    page = open_page("about:blank")
    names: list[str] = []

    def note(frame: bytes | str) -> None:
        message = ForwardMsg()
        message.ParseFromString(frame)
        names.append(message.new_session.initialize.session_id)

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", note)

    page.on("websocket", listen)
    page.goto(server.url)
    page.get_by_role("button", name="Photo or camera").wait_for()
    wait_until_quiet(page)
    return page, next(name for name in names if name)
