"""How a server stops while others go on: it takes no new visitors, and waits for the last to go.

Asked to stop (SIGTERM), it says at its readiness address that it stops, so that a proxy sends new
visitors elsewhere. It ends when no page is open any more, or after MNIST_APP_DRAIN_SECONDS; whoever
is still there then goes on at another server. Asked twice it ends at once.
"""

import signal
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from mnist_app import limits

_ends_at = float("inf")


def is_draining() -> bool:
    """Say whether this server was asked to stop and waits for its visitors to go."""
    return _ends_at < float("inf")


def prepare(is_empty: Callable[[], bool]) -> None:
    """Let this process drain when it is asked to stop, until nobody is there.

    Call it as the server starts, in its main thread, where uvicorn already listens to signals.
    """
    stop, on_tick = signal.getsignal(signal.SIGTERM), uvicorn.Server.on_tick

    def drain(number: int, frame: FrameType | None) -> None:
        global _ends_at
        seconds = limits.DRAIN_SECONDS.value()
        if seconds and not is_draining():
            _ends_at = time.monotonic() + seconds
        elif callable(stop):
            stop(number, frame)

    async def tick(server: uvicorn.Server, counter: int) -> bool:
        is_over = is_draining() and (is_empty() or time.monotonic() >= _ends_at)
        return bool(await on_tick(server, counter)) or is_over

    if callable(stop):
        signal.signal(signal.SIGTERM, drain)
        setattr(uvicorn.Server, "on_tick", tick)  # noqa: B010
