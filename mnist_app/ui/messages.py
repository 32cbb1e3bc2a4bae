"""Which messages of a browser reach Streamlit: those that our pages need.

Streamlit would also let anybody clear what it caches for all, set options and ask for the source's
repository.
"""

import logging

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

LOGGER = logging.getLogger(__name__)
NEEDED = ("rerun_script", "stop_script", "file_urls_request")
OPERATION = "backend_operation_request"
"""Of these a page needs one, a download that is made when it is asked for."""


class NeededMessages:
    """Middleware that lets no other messages of a browser through."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a connection through; a message that no page of ours needs is dropped."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        has_refused = False

        async def receive_needed() -> Message:
            nonlocal has_refused
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or is_needed(message.get("bytes")):
                    return message
                if not has_refused:
                    LOGGER.warning("A browser's message was refused: no page needs its kind.")
                    has_refused = True

        await self._app(scope, receive_needed, send)


def is_needed(frame: bytes | None) -> bool:
    """Say whether a message is of a kind that a page needs.

    What is no message at all is left to Streamlit, which closes the connection.
    """
    if frame is None:  # a text
        return True
    message = BackMsg()
    try:
        message.ParseFromString(frame)
    except DecodeError:
        return True
    kind = message.WhichOneof("type")
    if kind == OPERATION:
        return message.backend_operation_request.WhichOneof("payload") == "deferred_file"
    return kind in NEEDED
