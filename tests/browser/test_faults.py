"""What goes wrong in a lecture hall: cold starts, deep links, killed processes."""

import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.benchmarks.visitors import STROKES, Run, note
from tests.browser.conftest import OpenPage, draw, expect_answer, wait_until_quiet
from tests.support.proxy import wait_until_ready
from tests.support.serving import ROOT, Server, serve


def test_link_to_any_page_as_the_very_first_request(
    own_server: Server, open_page: OpenPage
) -> None:
    pages = [open_page(f"{own_server.url}/feature_maps") for _ in range(2)]
    for page in pages:
        expect(page.get_by_role("heading", name="Feature maps")).to_be_visible()
        expect(page.get_by_test_id("stSidebarNavLink").first).to_contain_text("Draw")
        labels = page.get_by_test_id("stSidebarNavLink").all_inner_texts()
        assert [_last_line(label) for label in labels] == [
            "Draw",
            "Ten digits",
            "Pixels",
            "Convolution",
            "Max pooling",
            "Feature maps",
            "Why",
            "Training",
            "How it learns",
            "MNIST",
            "Lessons",
            "Stage",
            "Room",
            "Robustness",
            "Report card",
        ]


def test_drawing_at_once_is_answered_and_children_end_along(
    tmp_path: Path, open_page: OpenPage
) -> None:
    with serve(tmp_path / "log") as server:
        page = open_page(server.url)
        draw(page, [[(50, 20), (50, 80)]])
        expect(page.get_by_text("waking up")).to_be_visible()
        draw(page, [[(20, 20), (50, 20)]])
        expect_answer(page, 7)
        wait_until_quiet(page)
        children = server.process.children(recursive=True)
        assert not re.search("tensorflow|keras", _loaded_libraries(server.process.pid))
        assert "tensorflow" in _loaded_libraries(_only_model_process(server).pid)
        server.process.kill()
        server.process.wait(5)
        gone, alive = psutil.wait_procs(children, timeout=10)
        assert gone
        assert not alive


def test_a_killed_model_process_is_replaced_for_all(
    own_server: Server, open_page: OpenPage
) -> None:
    pages = [open_page(own_server.url) for _ in range(2)]
    for page in pages:
        draw(page, [[(50, 20), (50, 80)]])
        expect_answer(page, 1)
    killed = _only_model_process(own_server)
    killed.send_signal(signal.SIGKILL)
    for page in pages:
        draw(page, [[(20, 20), (50, 20)]])
        expect_answer(page, 7)
    assert not killed.is_running()
    assert _only_model_process(own_server).pid != killed.pid


def test_a_late_message_does_not_blank_the_next_page(server: Server) -> None:
    """A field sends what was typed into it when the click on a link has already left the page."""
    address = server.url.replace("http://", "ws://") + "/_stcore/stream"
    with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        _ask(socket, page_name="convolution")
        sent = list(_receive(socket))
        fragment = next(m.delta.fragment_id for m in sent if m.delta.fragment_id)
        left = next(m.new_session.page_script_hash for m in sent if m.HasField("new_session"))
        _ask(socket, page_name="pixels")
        list(_receive(socket, "delta"))
        _ask(socket, fragment_id=fragment, page_script_hash=left)
        later = list(_receive(socket))
        assert any(m.HasField("script_finished") for m in later)
        assert left not in [m.new_session.page_script_hash for m in later]


def test_a_poll_on_its_way_takes_no_choice_back(server: Server) -> None:
    """A fragment that asks again on its own says what stood in all widgets before."""
    wait_until_ready(server.url)
    address = server.url.replace("http://", "ws://") + "/_stcore/stream"
    with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        shown = _page(socket, page_name="convolution", query_string="network=softmax")
        [chosen] = _elements(shown, "selectbox")
        [switch] = [one for one in _elements(shown, "button") if "Switch" in one.label]
        press = WidgetState(id=switch.id, trigger_value=True)
        shown = _page(socket, press, page_name="convolution")
        assert "119,386 parameters" in str(_elements(shown, "markdown"))
        stale = WidgetState(id=chosen.id, string_value=chosen.raw_value)
        fragment = next(m.delta.fragment_id for m in shown if m.delta.fragment_id)
        page = next(m.new_session.page_script_hash for m in shown if m.HasField("new_session"))
        _page(socket, stale, page_script_hash=page, fragment_id=fragment, is_auto_rerun=True)
        shown = _page(socket, page_name="convolution")
        assert "119,386 parameters" in str(_elements(shown, "markdown"))


def test_a_stroke_at_the_moment_of_return_counts(server: Server) -> None:
    """It asks for a fragment that the new session does not know before its page is there."""
    wait_until_ready(server.url)
    address = server.url.replace("http://", "ws://") + "/_stcore/stream"
    with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        before = _noted(_page(socket))
    subprotocols = [Subprotocol(name) for name in ("streamlit", "none", "a-session-elsewhere")]
    with connect(address, subprotocols=subprotocols, max_size=None) as socket:
        one, seven = (WidgetState(id=before.canvas, json_value=STROKES[digit]) for digit in (1, 7))
        _ask(socket, one)
        _ask(socket, seven, fragment_id=before.fragment)
        assert _noted(list(_receive(socket))).answer == "7"


SLOW_PAGE = """
import time

import streamlit as st


@st.fragment
def part() -> None:
    st.button("A button")


part()
time.sleep(0.3)
st.markdown("The last element")
"""
ASK_AT_THE_END = """
from starlette.responses import PlainTextResponse
from streamlit import runtime
from streamlit.proto.ClientState_pb2 import ClientState


async def ask_at_the_end(request):
    [active] = runtime.get_instance()._session_mgr.list_active_sessions()
    active.session._scriptrunner._script_thread.join()  # what it said still waits for its turn
    active.session.request_rerun(ClientState(fragment_id=request.query_params["fragment"]))
    return PlainTextResponse("asked")


"""


def test_a_question_at_the_end_of_a_run_drops_none_of_it(tmp_path: Path) -> None:
    """Streamlit alone would drop what the run said last, and the page would end in the middle."""
    (tmp_path / "page.py").write_text(SLOW_PAGE)
    own = (ROOT / "streamlit_app.py").read_text()
    own = own.replace("mnist_app/ui/entry/navigation.py", str(tmp_path / "page.py"))
    own = own.replace("ROUTES = [", f'{ASK_AT_THE_END}ROUTES = [Route("/ask", ask_at_the_end),')
    (tmp_path / "streamlit_app.py").write_text(own)
    with serve(tmp_path / "log", tmp_path / "streamlit_app.py") as server:
        address = server.url.replace("http://", "ws://") + "/_stcore/stream"
        with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
            shown = _page(socket)
            fragment = next(m.delta.fragment_id for m in shown if m.delta.fragment_id)
            _ask(socket)
            next(message for message in _receive(socket) if message.HasField("new_session"))
            urllib.request.urlopen(f"{server.url}/ask?fragment={fragment}", timeout=30).read()
            shown = list(_receive(socket))
    ends = [message.script_finished for message in shown if message.HasField("script_finished")]
    assert ends == [
        ForwardMsg.FINISHED_SUCCESSFULLY,
        ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
    ]
    assert [text.body for text in _elements(shown, "markdown")] == ["The last element"]


def _noted(shown: list[ForwardMsg]) -> Run:
    run = Run()
    for message in shown:
        note(message, run)
    return run


def test_no_message_takes_away_what_all_share(server: Server) -> None:
    """Each page would start a model process of its own where the shared one was forgotten."""
    [process] = server.model_processes()
    address = server.url.replace("http://", "ws://") + "/_stcore/stream"
    with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        for name in ("pixels", "convolution", ""):
            for kind in ("clear_cache", "set_run_on_save", "load_git_info", "app_heartbeat"):
                socket.send(BackMsg(**{kind: True}).SerializeToString())
            _ask(socket, page_name=name)
            assert any(m.HasField("script_finished") for m in _receive(socket))
    assert server.model_processes() == [process]
    assert "message was refused" in server.log.read_text()


def _page(socket: ClientConnection, *states: WidgetState, **wanted: str | bool) -> list[ForwardMsg]:
    """Ask for a page or a fragment, and return what came of it."""
    _ask(socket, *states, **wanted)
    return list(_receive(socket, "script_finished"))


def _elements(shown: list[ForwardMsg], kind: str) -> list[Any]:
    elements = [message.delta.new_element for message in shown]
    return [getattr(one, kind) for one in elements if one.WhichOneof("type") == kind]


def _ask(socket: ClientConnection, *states: WidgetState, **wanted: str | bool) -> None:
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.widget_states.widgets.extend(states)
    for name, value in wanted.items():
        setattr(message.rerun_script, name, value)
    socket.send(message.SerializeToString())


def _receive(socket: ClientConnection, last: str = "") -> Iterator[ForwardMsg]:
    """Yield messages up to the first of the kind `last`, or until none comes for two seconds."""
    patience = 60.0
    while True:
        try:
            frame = socket.recv(timeout=patience)
        except TimeoutError:
            return
        patience = 2.0
        assert isinstance(frame, bytes)
        message = ForwardMsg()
        message.ParseFromString(frame)
        yield message
        if message.WhichOneof("type") == last:
            return


def _only_model_process(server: Server) -> psutil.Process:
    for _ in range(100):
        processes = server.model_processes()
        if len(processes) == 1:
            return processes[0]
        time.sleep(0.1)
    raise AssertionError(f"{len(processes)} model processes")


def _loaded_libraries(pid: int) -> str:
    return "\n".join(mapped.path for mapped in psutil.Process(pid).memory_maps())


def _last_line(label: str) -> str:
    return label.splitlines()[-1]
