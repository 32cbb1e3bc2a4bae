"""Messages that no browser sends, over the websocket of Streamlit's protocol.

Each kind is a function of a random number generator and of what the attacker knows of the page;
the same seed gives the same message. A message is bytes, or text for a text frame.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.benchmarks.hostile import pictures
from tests.benchmarks.visitors import STROKES

Frames = list[bytes | str]
Kind = Callable[[random.Random, "Known"], Frames]

NUMBERS = (0, -1, 1, 2**31, -(2**53), 10**18, 0.5, 1e308, float("inf"), float("-inf"), float("nan"))
WHOLE = (0, -1, 5, 2**62, -(2**62))
TEXTS = ("", "0", "-1", "NaN", "../../etc/passwd", "{{7*7}}", "<script>alert(1)</script>", "\0")


@dataclass
class Known:
    """What a page told whoever opened it."""

    widgets: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    canvas: str = ""
    canvas_fragment: str = ""
    uploader: str = ""
    session: str = ""


def forged_value(rng: random.Random, known: Known) -> Frames:
    """Some widgets with values of types that are not theirs."""
    message = _rerun(rng, known)
    for _ in range(rng.choice((1, 1, 5))):
        _set_anything(message.rerun_script.widget_states.widgets.add(), rng, known)
    return [message.SerializeToString()]


def giant_field(rng: random.Random, known: Known) -> Frames:
    """A value as large as it may be, of a kind that is dear to read."""
    size = rng.choice((10_000, 20_000, 100_000, 1_000_000, 4_000_000))
    text = rng.choice(
        (
            "9" * size + "x",
            "1," * (size // 2),
            "1 " * (size // 2),
            "-" * size,
            " " * size + "1",
            "\N{PILE OF POO}" * (size // 4),
            "<b>" * (size // 3),
        )
    )
    message = _rerun(rng, known)
    state = message.rerun_script.widget_states.widgets.add()
    state.id = _widget(rng, known)
    way = rng.randrange(4)
    if way == 0:
        state.string_value = text
    elif way == 1:
        state.json_value = json.dumps({"drawing": {"strokes": "", "data": text}})
    elif way == 2:
        state.double_array_value.data.extend(rng.random() for _ in range(size // 20))
    else:
        state.json_value = json.dumps({rng.choice(("value", "picked", "drawing")): text})
    return [message.SerializeToString()]


def nested_json(rng: random.Random, known: Known) -> Frames:
    depth = rng.choice((50, 900, 1_100, 20_000, 100_000))
    opened, closed = rng.choice((("[", "]"), ('{"a":', "}"), ('{"drawing":', "}")))
    text = opened * depth + "1" + (closed * depth if rng.random() < 0.7 else "")
    return [_with_canvas(rng, known, text)]


def forged_drawing(rng: random.Random, known: Known) -> Frames:
    """What the canvas sends, with something else in one of its places."""
    value = json.loads(STROKES[rng.randrange(10)])
    _spoil(value, rng)
    return [_with_canvas(rng, known, json.dumps(value))]


def long_drawing(rng: random.Random, known: Known) -> Frames:
    """Very many strokes, or one of very many points."""
    value = json.loads(STROKES[1])
    if rng.random() < 0.5:
        value["drawing"]["strokes"] *= rng.choice((100, 1_000, 3_000))
    else:  # as the canvas's JSON would be
        step = ["Q", 1.5, 2.5, 3.5, 4.5]
        path = [["M", 0, 0], *[step] * rng.choice((1_000, 30_000, 150_000))]
        value["drawing"]["strokes"] = {"objects": [{"type": "Path", "path": path}]}
    return [_with_canvas(rng, known, json.dumps(value))]


def mutated_picture(rng: random.Random, known: Known) -> Frames:
    """A drawing whose picture is damaged, or no picture, or no PNG."""
    value = json.loads(STROKES[rng.randrange(10)])
    make = pictures.bomb if rng.random() < 0.05 else pictures.mutated
    kind = rng.choice(("png", "png", "png", "jpeg", "svg+xml"))
    value["drawing"]["data"] = pictures.data_uri(make(rng), kind)
    return [_with_canvas(rng, known, json.dumps(value))]


def rerun_storm(rng: random.Random, known: Known) -> Frames:
    """Thirty strokes at once."""
    drawing = _with_canvas(rng, known, STROKES[rng.randrange(10)])
    return [drawing] * 30


def clear_cache(rng: random.Random, known: Known) -> Frames:  # noqa: ARG001
    return [BackMsg(clear_cache=True).SerializeToString()]


def odd_rerun(rng: random.Random, known: Known) -> Frames:
    """A run of a fragment, a page or a script that there is not."""
    message = _rerun(rng, known)
    script = message.rerun_script
    way = rng.randrange(6)
    if way == 0:
        script.fragment_id = rng.choice((rng.randbytes(16).hex(), "x" * 100_000, "\0"))
    elif way == 1:
        script.page_name = rng.choice((*TEXTS, "training/../..", "é" * 5_000))
    elif way == 2:
        script.page_script_hash = rng.choice((*TEXTS, rng.randbytes(16).hex()))
    elif way == 3:
        script.query_string = "&".join(f"a{i}={i}" for i in range(rng.choice((1, 20_000))))
    elif way == 4:
        script.cached_message_hashes.extend(rng.randbytes(8).hex() for _ in range(20_000))
    else:
        script.context_info.timezone = rng.choice((*TEXTS, "x" * 1_000_000))
        script.context_info.url = rng.choice((*TEXTS, "http://[", "x" * 100_000))
        script.context_info.locale = rng.choice(TEXTS)
    return [message.SerializeToString()]


def raw_bytes(rng: random.Random, known: Known) -> Frames:
    """No message of the protocol."""
    whole = _rerun(rng, known).SerializeToString()
    return [
        rng.choice((b"", rng.randbytes(rng.randrange(1, 500)), whole[:-1] or b"\n", b"\xff" * 9))
    ]


def text_frame(rng: random.Random, known: Known) -> Frames:  # noqa: ARG001
    return [rng.choice(("hello", "{}", "x" * 100_000))]


def other_message(rng: random.Random, known: Known) -> Frames:
    """One of the messages that this program's pages never send."""
    message = BackMsg()
    way = rng.randrange(9)
    if way == 0:
        message.file_urls_request.request_id = rng.choice(TEXTS)
        names = rng.choice(TEXTS), "x" * 10_000
        message.file_urls_request.file_names.extend(names * rng.choice((1, 200)))
        message.file_urls_request.session_id = rng.choice((known.session, rng.choice(TEXTS)))
    elif way == 1:
        message.backend_operation_request.request_id = "1"
        message.backend_operation_request.session_id = known.session
        message.backend_operation_request.deferred_file.file_id = rng.choice(TEXTS)
    elif way == 2:
        message.backend_operation_request.dataframe_chunk.source_id = rng.choice(TEXTS)
        message.backend_operation_request.dataframe_chunk.offset = 2**63
    elif way == 3:
        message.backend_operation_request.install_skills.SetInParent()
    elif way == 4:
        message.set_run_on_save = True
    elif way == 5:
        message.load_git_info = True
    elif way == 6:
        message.debug_shutdown_runtime = True
    elif way == 7:
        message.debug_disconnect_websocket = True
    else:
        message.app_heartbeat = True
    return [message.SerializeToString()]


def stopped_script(rng: random.Random, known: Known) -> Frames:
    """A run that is stopped at once."""
    return [
        _with_canvas(rng, known, STROKES[rng.randrange(10)]),
        BackMsg(stop_script=True).SerializeToString(),
    ]


KINDS: dict[str, Kind] = {
    "forged value": forged_value,
    "giant field": giant_field,
    "nested JSON": nested_json,
    "forged drawing": forged_drawing,
    "long drawing": long_drawing,
    "mutated picture": mutated_picture,
    "rerun storm": rerun_storm,
    "clear cache": clear_cache,
    "odd rerun": odd_rerun,
    "raw bytes": raw_bytes,
    "text frame": text_frame,
    "other message": other_message,
    "stopped script": stopped_script,
}


def _rerun(rng: random.Random, known: Known) -> BackMsg:
    message = BackMsg()
    fragments = [known.canvas_fragment, *known.fragments, "", ""]
    message.rerun_script.fragment_id = rng.choice(fragments)
    return message


def _with_canvas(rng: random.Random, known: Known, value: str) -> bytes:
    message = BackMsg()
    message.rerun_script.fragment_id = known.canvas_fragment
    state = message.rerun_script.widget_states.widgets.add()
    state.id = known.canvas or _widget(rng, known)
    state.json_value = value
    return message.SerializeToString()


def _widget(rng: random.Random, known: Known) -> str:
    if not known.widgets or rng.random() < 0.05:
        return rng.choice(("$$ID-0-None", "$$ID--undo", rng.randbytes(16).hex()))
    return rng.choice(known.widgets)


def _set_anything(state: WidgetState, rng: random.Random, known: Known) -> None:
    state.id = _widget(rng, known)
    rng.choice(_VALUES)(state, rng)


def _set_simple(state: WidgetState, rng: random.Random) -> None:
    name, values = rng.choice(
        (
            ("trigger_value", (True,)),
            ("bool_value", (True, False)),
            ("double_value", tuple(map(float, NUMBERS))),
            ("int_value", WHOLE),
            ("string_value", TEXTS),
            ("bytes_value", (b"", rng.randbytes(30))),
        )
    )
    setattr(state, name, rng.choice(values))


def _set_list(state: WidgetState, rng: random.Random) -> None:
    name, values = rng.choice(
        (
            ("double_array_value", tuple(map(float, NUMBERS))),
            ("int_array_value", WHOLE),
            ("string_array_value", TEXTS),
        )
    )
    getattr(state, name).data.extend(rng.choices(values, k=rng.choice((0, 1, 2, 9))))


def _set_json(state: WidgetState, rng: random.Random) -> None:
    setattr(state, rng.choice(("json_value", "json_trigger_value")), _any_json(rng))


def _set_file(state: WidgetState, rng: random.Random) -> None:
    file = state.file_uploader_state_value.uploaded_file_info.add()
    file.file_id, file.name = rng.choice(TEXTS), rng.choice(TEXTS)
    file.file_urls.upload_url = rng.choice(TEXTS)


_VALUES = (_set_simple, _set_simple, _set_list, _set_json, _set_json, _set_file)


def _any_json(rng: random.Random) -> str:
    value: object = rng.choice((None, True, [], {}, *NUMBERS, *TEXTS, {"value": None}, [[[]]]))
    if rng.random() < 0.7:
        value = {rng.choice(("value", "drawing", "picked", "opened", "step", "layer")): value}
    return rng.choice((json.dumps(value), "{", "", "[1,", "nul"))


def _spoil(value: object, rng: random.Random) -> None:
    """Replace one place of a JSON value, which is to be a container, by something else."""
    inner = value
    for _ in range(rng.randrange(1, 7)):
        nested = [
            item
            for item in (inner.values() if isinstance(inner, dict) else inner)  # type: ignore[attr-defined]
            if isinstance(item, (dict, list)) and item
        ]
        if not nested:
            break
        inner = rng.choice(nested)
    other = rng.choice((None, True, {}, [], [None], {"a": 1}, *NUMBERS, *TEXTS, "x" * 50_000))
    if isinstance(inner, dict):
        inner[rng.choice(list(inner))] = other
    elif isinstance(inner, list):
        inner[rng.randrange(len(inner))] = other
