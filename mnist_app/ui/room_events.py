"""What phones and walls hear of their rooms, and who reads what was drawn there.

The store is asked a few times a second what is new in the rooms that somebody follows. So it does
not matter which server a phone has sent its drawing to, and after a restart nothing is missing.
"""

import asyncio
import base64
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from mnist_app.classroom import audiences, drawings, findings, rooms
from mnist_app.classroom.drawings import NO_DIGIT, RoomDrawing
from mnist_app.classroom.findings import Findings
from mnist_app.classroom.room import Room, RoomError, as_json
from mnist_app.inference import Pending, Refused
from mnist_app.networks.prediction import Prediction
from mnist_app.ui import resources
from mnist_app.ui.event_streams import Feed, event
from mnist_app.ui.markup.room_words import task_in_words

LOGGER = logging.getLogger(__name__)
LOOK_SECONDS = 0.25
"""The store is asked so often."""
FINDINGS_SECONDS = 1.0
"""What drawings show together is computed no more often than this."""
UNFOLLOWED_SECONDS = 30.0
"""After so long without anybody who listens, a room is followed no more."""
COUNT_SECONDS = 3.0
"""So often servers tell each other how many phones they have."""
FORGET_SECONDS = 3600.0
THREADS = ThreadPoolExecutor(4, "room")
"""Who asks the store for rooms."""


@dataclass(frozen=True, eq=False)
class Found:
    """What the drawings of a room showed together."""

    findings: Findings | None = None
    at: float = 0.0
    """When that was found out, in seconds of `time.monotonic`."""
    version: int = -1
    """The room's version at that time."""


@dataclass
class Followed:
    """A room that somebody follows."""

    room: Room
    state: dict[str, Any]
    """What phones know of it."""
    drawings: dict[int, RoomDrawing] = field(default_factory=dict)
    found: Found = Found()
    others: int = 0
    """How many phones hear the room from other servers."""
    told_phones: int = 0
    """How many phones the wall knows of."""
    heard_at: float = field(default_factory=time.monotonic)
    phones: Feed = field(init=False)
    wall: Feed = field(init=False)

    def __post_init__(self) -> None:
        """Begin both feeds."""
        self.phones = Feed(lambda: event("state", self.state))
        self.wall = Feed(lambda: event("all", self._news(list(self.drawings.values()), set())))

    def is_heard(self, now: float) -> bool:
        """Say whether anybody listens, or did a moment ago."""
        if self.phones.listeners + self.wall.listeners:
            self.heard_at = now
        return now - self.heard_at < UNFOLLOWED_SECONDS

    def count_phones(self) -> int:
        """Return how many phones hear the room, from whichever server."""
        return self.phones.listeners + self.others

    def take(self, look: "Look") -> None:
        """Tell everybody what was found to be new."""
        phones = self.count_phones()
        is_new = (look.room.version, look.found, phones) != (
            self.room.version,
            self.found,
            self.told_phones,
        )
        self.told_phones = phones
        known = set(self.drawings)
        self.room = look.room
        self.drawings.update((one.number, one) for one in look.changed)
        self.found = look.found
        if look.state != self.state:
            self.state = look.state
            self.phones.publish(event("state", self.state))
        if is_new:
            self.wall.publish(event("news", self._news(look.changed, known)))

    def _news(self, changed: Sequence[RoomDrawing], known: set[int]) -> dict[str, Any]:
        return {
            **self.state,
            "phones": self.count_phones(),
            "drawings": [_as_json(one, one.number not in known) for one in changed],
            "findings": self.found.findings and findings_as_json(self.found.findings),
        }


@dataclass(frozen=True)
class Look:
    """What the store says about a room."""

    room: Room
    state: dict[str, Any]
    changed: list[RoomDrawing]
    found: Found


class Follower:
    """Follows rooms as long as somebody listens. Call its methods in the server's event loop."""

    def __init__(self) -> None:
        """Follow none so far."""
        self._followed: dict[int, Followed] = {}
        self._server = secrets.token_hex(8)
        self._loops: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look for what is new as long as the server runs, and forget what is too old."""
        self._loops = [
            asyncio.create_task(self._look_again_and_again()),
            asyncio.create_task(self._count_again_and_again()),
            asyncio.create_task(_forget_now_and_then()),
        ]
        try:
            yield
        finally:
            for loop in self._loops:
                loop.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await loop

    async def follow(self, room: Room) -> Followed:
        """Return the room as it is followed, from now on at the latest. Raises RoomError."""
        if room.number not in self._followed:
            look = await _in_thread(_look_at, room, Followed(room, {}))
            followed = self._followed.setdefault(room.number, Followed(look.room, look.state))
            followed.take(look)
        return self._followed[room.number]

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for number, followed in list(self._followed.items()):
                if not followed.is_heard(now):
                    del self._followed[number]
            try:
                await self._look()
            except RoomError:
                continue  # the store has said why in the log, and is asked again
            except Exception:
                LOGGER.exception("What is new in rooms could not be found out.")

    async def _count_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(COUNT_SECONDS)
            own = {number: one.phones.listeners for number, one in self._followed.items()}
            if not own:
                continue
            try:
                others = await _in_thread(audiences.exchange, self._server, own)
            except RoomError:
                continue  # the store has said why in the log, and is asked again
            for number, followed in self._followed.items():
                followed.others = others.get(number, 0)

    async def _look(self) -> None:
        if not self._followed:
            return
        looks = await _in_thread(_look_at_all, dict(self._followed))
        for number, look in looks.items():
            if look is None:
                gone = self._followed.pop(number)
                gone.phones.end()
                gone.wall.end()
            else:
                self._followed[number].take(look)


FOLLOWER = Follower()


async def _in_thread(function: Any, *given: object) -> Any:  # noqa: ANN401
    return await asyncio.get_running_loop().run_in_executor(THREADS, function, *given)


async def _forget_now_and_then() -> None:
    while True:
        with contextlib.suppress(RoomError):
            await _in_thread(rooms.forget_old)
        await asyncio.sleep(FORGET_SECONDS)


def _look_at_all(followed: Mapping[int, Followed]) -> dict[int, Look | None]:
    """Return what is new in rooms; None for one that is forgotten by now."""
    found = rooms.states(list(followed))
    if any([_read(room) for room in found.values()]):
        found = rooms.states(list(followed))
    return {
        number: _look_at(found[number], one) if number in found else None
        for number, one in followed.items()
    }


def _look_at(room: Room, known: Followed) -> Look:
    """Return what is new in a room, compared with what is known."""
    is_first = not known.state
    changed: list[RoomDrawing] = []
    if is_first or room.version != known.room.version:
        after = -1 if is_first else known.room.version
        changed = drawings.list_drawings(room, room.owner, after)
    now, found = time.monotonic(), known.found
    if found.version != room.version and now - found.at >= FINDINGS_SECONDS:
        everything = known.drawings | {one.number: one for one in changed}
        found = Found(findings.find(list(everything.values())), now, room.version)
    return Look(room, state_of(room), changed, found)


def _read(room: Room) -> bool:
    """Let the room's network read what it has not read; say whether it has read anything."""
    waiting = drawings.unread(room)
    if not waiting:
        return False
    images = np.stack([one.image for one in waiting])
    answer = resources.inference().predictions(images, [room.network])
    if isinstance(answer, Pending | Refused):
        return False
    reject_below = resources.card(room.network).reject_below
    probabilities = answer[room.network]
    predictions = [Prediction(one, reject_below) for one in probabilities]
    readings = [one.digit if one.is_digit else NO_DIGIT for one in predictions]
    drawings.keep_readings(room, waiting, probabilities, readings)
    return True


def state_of(room: Room) -> dict[str, Any]:
    """Return what a phone knows of a room."""
    packed = resources.packed_network(room.network)
    base = st.get_option("server.baseUrlPath").strip("/")
    return {
        "status": room.status,
        "round": room.round,
        "task": as_json(room.task),
        "sentence": task_in_words(room.task),
        "network": None
        if packed is None
        else {
            "url": f"{base}/{packed.path}".lstrip("/"),
            "rejectBelow": resources.card(room.network).reject_below,
        },
    }


def _as_json(drawing: RoomDrawing, is_new: bool) -> dict[str, Any]:
    """Return a drawing for the wall; its image only where that is new there, and none if hidden."""
    if drawing.is_hidden:
        return {"number": drawing.number, "hidden": True}
    shown: dict[str, Any] = {
        "number": drawing.number,
        "round": drawing.round,
        "label": drawing.label,
        "reading": drawing.reading,
        "wrong": drawing.is_wrong,
        "votes": drawing.votes,
    }
    if drawing.probabilities is not None:
        shown["probabilities"] = [round(float(share), 4) for share in drawing.probabilities]
    if is_new:
        shown["image"] = base64.b64encode(drawing.image.tobytes()).decode()
    return shown


def findings_as_json(found: Findings) -> dict[str, Any]:
    """Return what drawings show, for the wall."""
    hardest, nearest, divided = found.hardest, found.nearest, found.divided
    return {
        "confusion": found.confusion.tolist(),
        "hardest": hardest
        and {"digit": hardest.digit, "right": hardest.right, "total": hardest.total},
        "nearest": nearest
        and {
            "number": nearest.number,
            "first": nearest.first,
            "second": nearest.second,
            "shares": nearest.shares,
        },
        "divided": divided
        and {
            "digit": divided.digit,
            "counts": divided.counts,
            "averages": [base64.b64encode(image.tobytes()).decode() for image in divided.averages],
        },
    }
