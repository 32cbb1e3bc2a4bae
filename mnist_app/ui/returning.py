"""Browsers that come back after their connection was lost, perhaps to another server.

Streamlit's browser side goes on as if nothing had happened: it says nothing until somebody does
something, and then asks for the fragment that this concerns, which a new session does not know and
does not run. So it is asked at once for what stands in all widgets, and gets its whole page.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from mnist_app.ui.admission import was_inside

ASK_SECONDS = 0.2
_FRAGMENT = "after_a_lost_connection"
"""No fragment has this name."""


class ReturningBrowsers:
    """Middleware that lets a browser that comes back run its page once.

    What somebody does before that is there asks for the whole page, too.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a connection through; ask whoever comes back for what stands in his widgets."""
        if scope["type"] != "websocket" or not was_inside(scope):
            await self._app(scope, receive, send)
            return
        was_asked, is_shown = False, False

        async def send_and_ask(message: Message) -> None:
            nonlocal is_shown
            await send(message)
            if message["type"] == "websocket.accept":
                await send({"type": "websocket.send", "bytes": _question()})
            elif message["type"] == "websocket.send" and not is_shown:
                is_shown = _is_end_of_run(message.get("bytes") or b"")

        async def receive_whole() -> Message:
            nonlocal was_asked
            message = await receive()
            if not is_shown and message["type"] == "websocket.receive":
                whole = for_whole_page(message["bytes"], even_if_nobody_acts=not was_asked)
                was_asked = was_asked or whole is not None
                message["bytes"] = whole or message["bytes"]
            return message

        await self._app(scope, receive_whole, send_and_ask)


def for_whole_page(frame: bytes, even_if_nobody_acts: bool = True) -> bytes | None:
    """Return a message that runs a page instead of a fragment of it; None for another message.

    None also for one that a browser sends on its own from time to time, unless it counts `even if
    nobody acts`.
    """
    message = BackMsg()
    message.ParseFromString(frame)
    if message.WhichOneof("type") != "rerun_script":
        return None
    if message.rerun_script.is_auto_rerun and not even_if_nobody_acts:
        return None
    message.rerun_script.fragment_id = ""
    message.rerun_script.is_auto_rerun = False
    whole: bytes = message.SerializeToString()
    return whole


def _is_end_of_run(frame: bytes) -> bool:
    """Say whether a message tells a browser that a run came to its end: its fragments are known."""
    message = ForwardMsg()
    message.ParseFromString(frame)
    return (
        message.WhichOneof("type") == "script_finished"
        and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    )


def _question() -> bytes:
    """Return what lets a browser say what stands in its widgets, until its page is shown again."""
    message = ForwardMsg()
    message.auto_rerun.fragment_id = _FRAGMENT
    message.auto_rerun.interval = ASK_SECONDS
    asked: bytes = message.SerializeToString()
    return asked
