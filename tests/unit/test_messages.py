"""What of a browser's messages reaches Streamlit: all that is meant, nothing that is dear."""

import json
import time
from collections.abc import Callable

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from mnist_app.data import canvas_strokes
from mnist_app.imaging import canvas_png
from mnist_app.ui.messages import NEEDED, AdmittedMessages, admitted
from tests.benchmarks.visitors import STROKES
from tests.support import asynchronous

CANVAS = "$$ID-0123456789abcdef-canvas_3"
KERNELS = {
    f"kernel {number}": {"weights": [-0.123456789012345678] * 25, "bias": 0.5}
    for number in range(50)
}
LONGEST = {
    "data": "data:image/png;base64," + "A" * (4 * canvas_png.LONGEST // 3),
    "strokes": "A" * canvas_strokes.LONGEST_TEXT,
}


def message(*states: WidgetState) -> BackMsg:
    made = BackMsg()
    made.rerun_script.fragment_id = "some fragment"
    made.rerun_script.query_string = "network=cnn"
    made.rerun_script.widget_states.widgets.extend(states)
    return made


def state(name: str = "$$ID-0-other", **value: object) -> WidgetState:
    return WidgetState(id=name, **value)


HONEST = [
    state(string_value="cnn"),
    state(double_value=float("nan")),
    state(json_value=json.dumps({"edited": KERNELS})),
    state(json_value="null"),
    *(state(CANVAS, json_value=text) for text in STROKES.values()),
    state(CANVAS, json_value=json.dumps({"drawing": LONGEST})),
]


def test_what_a_page_sends_passes_as_it_is() -> None:
    for one in HONEST:
        frame = message(one).SerializeToString()
        assert admitted(frame) is frame
    for frame in (BackMsg(stop_script=True).SerializeToString(),):
        assert admitted(frame) is frame


FORGED = {
    "long text": state(string_value="9" * 200_000 + "x"),
    "long JSON": state(json_value=json.dumps({"typed": "9" * 900_000})),
    "deep JSON": state(json_value="[" * 1100 + "]" * 1100),
    "deep drawing": state(CANVAS, json_value='{"a":' * 90_000),
    "wide drawing": state(CANVAS, json_value="[" + "[]," * 150_000 + "0]"),
    "many numbers in JSON": state(json_value="[" + "1," * 20_000 + "1]"),
    "many digits": state(json_value="1" * 5000),
    "no JSON": state(CANVAS, json_value="{"),
    "long drawing": state(CANVAS, json_value=json.dumps({"drawing": "A" * 600_000})),
    "long trigger": state(json_trigger_value="[" * 1100),
    "many numbers": state(double_array_value={"data": [0.5] * 20_000}),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_state_that_is_too_long_is_left_out(forged: WidgetState) -> None:
    frame = message(*HONEST[:4], forged).SerializeToString()
    began = time.process_time()
    kept = admitted(frame)
    assert time.process_time() - began < 0.1
    assert kept is not None
    assert BackMsg.FromString(kept) == message(*HONEST[:4])


def _ask(way: Callable[[BackMsg], None]) -> bytes:
    made = message()
    way(made)
    return made.SerializeToString()


def test_an_address_that_is_too_long_opens_the_page_plainly() -> None:
    long = "&".join(f"a{number}={number}" for number in range(20_000))

    def lengthen(made: BackMsg) -> None:
        made.rerun_script.query_string = long
        made.rerun_script.context_info.url = f"http://localhost:8501/draw?{long}"

    kept = admitted(_ask(lengthen))
    assert kept is not None
    read = BackMsg.FromString(kept).rerun_script
    assert read.query_string == "too_long=yes"
    assert read.context_info.url == ""
    assert read.fragment_id == "some fragment"


def test_a_message_that_is_too_long_without_states_is_dropped() -> None:
    frames = [
        _ask(lambda made: setattr(made.rerun_script, "fragment_id", "x" * 100_000)),
        _ask(lambda made: setattr(made.rerun_script.context_info, "timezone", "x" * 900_000)),
        _ask(lambda made: made.rerun_script.cached_message_hashes.extend(["x" * 16] * 20_000)),
        _ask(lambda made: made.file_urls_request.file_names.extend(["x" * 10_000] * 20)),
    ]
    assert [admitted(frame) for frame in frames] == [None] * len(frames)


def test_no_page_has_so_many_widgets() -> None:
    frame = message(*[HONEST[0]] * 5000).SerializeToString()
    kept = admitted(frame)
    assert kept is not None
    assert len(BackMsg.FromString(kept).rerun_script.widget_states.widgets) == 300


def test_each_kind_is_let_through_or_refused() -> None:
    kinds = [field for field in BackMsg.DESCRIPTOR.fields if field.containing_oneof]
    assert {"clear_cache", "set_run_on_save", "rerun_script"} <= {kind.name for kind in kinds}
    for kind in kinds:
        made = BackMsg()
        if kind.message_type:
            getattr(made, kind.name).SetInParent()
        else:
            setattr(made, kind.name, True)
        frame = made.SerializeToString()
        assert admitted(frame) == (frame if kind.name in NEEDED else None), kind.name


def test_the_last_kind_counts_and_none_is_refused() -> None:
    needed = BackMsg(stop_script=True).SerializeToString()
    refused = BackMsg(clear_cache=True).SerializeToString()
    assert admitted(needed + refused) is None
    assert admitted(refused + needed) is not None
    assert admitted(b"") is None


def test_of_all_operations_only_a_download_is_let_through() -> None:
    download, other = BackMsg(), BackMsg()
    download.backend_operation_request.deferred_file.file_id = "one"
    other.backend_operation_request.install_skills.SetInParent()
    assert admitted(download.SerializeToString()) is not None
    assert admitted(other.SerializeToString()) is None


@pytest.mark.parametrize("sent", [{"text": "word"}, {"bytes": b"\xff\xff\xff"}])
def test_what_is_no_message_ends_the_connection(sent: dict[str, object]) -> None:
    """A refused message before it is passed over."""
    frame = BackMsg(clear_cache=True).SerializeToString()
    inbox = iter([{"bytes": frame}, {"bytes": None} | sent])
    received: list[Message] = []
    answered: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.receive"} | next(inbox)

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        received.append(await receive())

    async def send(message: Message) -> None:
        answered.append(message)

    asynchronous.run(AdmittedMessages(app)({"type": "websocket"}, receive, send))
    assert [message["type"] for message in received] == ["websocket.disconnect"]
    assert [message["type"] for message in answered] == ["websocket.close"]
