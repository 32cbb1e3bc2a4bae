"""Which messages of a browser reach Streamlit, and how much of them.

Streamlit would let anybody clear what it caches for all, set options and ask for the source's
repository, and would read any amount of anything.
"""

import json
import logging

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from mnist_app.data import canvas_strokes
from mnist_app.imaging import canvas_png

LOGGER = logging.getLogger(__name__)
NEEDED = ("rerun_script", "stop_script", "file_urls_request")
OPERATION = "backend_operation_request"
"""Of these a page needs one, a download that is made when it is asked for."""
LONGEST_VALUE = 100_000
"""Bytes of a widget's state; the longest is that of 50 kernels with 25 entries each."""
LONGEST_DRAWING = 4 * -(-canvas_png.LONGEST // 3) + canvas_strokes.LONGEST_TEXT + 1000
"""Bytes of what a canvas sends."""
LONGEST_REST = 20_000
"""Bytes of a message beside its widgets' states: an address, the names of fragments."""
LONGEST_ADDRESS = 10_000
"""Characters of an address's parameters; all that a link says of a page has fewer."""
TOO_LONG = "too_long"
"""The one parameter that a page gets in the place of more."""
MOST_WIDGETS = 300
MOST_BRACKETS = 300
"""Arrays and objects in a widget's JSON: 50 kernels have a hundred."""
MOST_ITEMS = 3000
"""What stands in them."""
CANVAS = "-canvas_"
"""What is in the id of a canvas's state: the beginning of its key."""
_NO_MESSAGE = 1003


class AdmittedMessages:
    """Middleware that lets through what pages need, without what is too long to be meant."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a connection through, and look at its messages."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        has_refused = False

        async def receive_admitted() -> Message:
            nonlocal has_refused
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                frame = message.get("bytes")
                try:
                    kept = admitted(frame)
                except (DecodeError, TypeError):  # a text has no bytes
                    LOGGER.warning("A browser sent what is no message; its connection is closed.")
                    await send({"type": "websocket.close", "code": _NO_MESSAGE})
                    return {"type": "websocket.disconnect", "code": _NO_MESSAGE}
                if kept is not frame and not has_refused:
                    LOGGER.warning("A browser's message was refused, or a part that was too long.")
                    has_refused = True
                if kept is not None:
                    message["bytes"] = kept
                    return message

        await self._app(scope, receive_admitted, send)


def admitted(frame: bytes) -> bytes | None:
    """Return a message without an address and widgets' states that are too long.

    None for one that no page needs, and for one that is too long without them. One that is needed
    and short enough is returned as it is. Raises DecodeError for what is no message at all.
    """
    message = BackMsg()
    message.ParseFromString(frame)
    if len(message.rerun_script.query_string) > LONGEST_ADDRESS:
        message.rerun_script.query_string = f"{TOO_LONG}=yes"
        message.rerun_script.context_info.ClearField("url")
        frame = message.SerializeToString()
    states = message.rerun_script.widget_states.widgets
    rest = len(frame) - sum(state.ByteSize() for state in states)
    if not is_needed(message) or rest > LONGEST_REST:
        return None
    kept = [state for state in states[:MOST_WIDGETS] if is_bounded(state)]
    if len(kept) == len(states):
        return frame
    del states[:]
    states.extend(kept)
    shorter: bytes = message.SerializeToString()
    return shorter


def is_needed(message: BackMsg) -> bool:
    """Say whether a message is of a kind that a page needs."""
    kind = message.WhichOneof("type")
    if kind == OPERATION:
        return message.backend_operation_request.WhichOneof("payload") == "deferred_file"
    return kind in NEEDED


def is_bounded(state: WidgetState) -> bool:
    """Say whether a widget's state is short enough, and its JSON can be read."""
    most = LONGEST_DRAWING if CANVAS in state.id[-30:] else LONGEST_VALUE
    if state.ByteSize() > most:
        return False
    text = state.json_value or state.json_trigger_value
    if text.count("[") + text.count("{") > MOST_BRACKETS or text.count(",") > MOST_ITEMS:
        return False
    try:
        json.loads(text or "0")
    except ValueError:
        return False
    return True
