"""When Python looks for garbage: in quiet moments, for it holds up everybody.

Each run of a page leaves cycles, and so does each session that ends; only a full round frees them.
"""

import asyncio
import contextlib
import functools
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

QUIET_SECONDS = 1.0
"""Nobody has sent anything for so long: nobody waits for an answer."""
MOST_SECONDS = 60.0
"""A round is put off no longer than this, while people draw without a pause."""
MOST_ROUNDS = 4
"""Nor longer than so many rounds of the middle generation, 100,000 objects more each."""
THRESHOLDS = (10_000, 10, 50)

_last_message = 0.0


@functools.cache
def leave_out_what_is_loaded() -> None:
    """Take what is loaded by now out of all rounds: once, with the first page.

    By then what pages import is imported.
    """
    gc.collect()
    gc.freeze()


def note_message(now: float) -> None:
    """Remember that somebody sent something, at `now` of `time.monotonic`."""
    global _last_message
    _last_message = now


@asynccontextmanager
async def collected() -> AsyncIterator[None]:
    """Look for garbage now and then, as long as the block lasts."""
    gc.set_threshold(*THRESHOLDS)
    task = asyncio.create_task(_collect_now_and_then())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _collect_now_and_then() -> None:
    collected = time.monotonic()
    while True:
        await asyncio.sleep(QUIET_SECONDS / 2)
        if is_due(time.monotonic(), _last_message, collected, gc.get_count()[2]):
            gc.collect()
            collected = time.monotonic()


def is_due(now: float, last_message: float, collected: float, rounds: int) -> bool:
    """Say whether to look for garbage at `now`, seconds as the other times.

    `rounds` of the middle generation have passed since it was `collected`; after none there is
    nothing to do.
    """
    if rounds == 0:
        return False
    is_quiet = now - last_message >= QUIET_SECONDS
    return is_quiet or rounds >= MOST_ROUNDS or now - collected >= MOST_SECONDS
