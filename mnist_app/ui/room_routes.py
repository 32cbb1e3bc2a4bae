"""What phones and walls ask the server for: no page, but short JSON and streams of events.

A phone has no session. It says who it is by a random token of its own, and opens a room by the
room's key, which it gets for the code that somebody typed.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mnist_app import limits
from mnist_app.classroom import codes, drawings, rooms
from mnist_app.classroom.codes import Guesses
from mnist_app.classroom.room import NOT_YOURS, Reason, RoomError
from mnist_app.data import canvas_strokes
from mnist_app.imaging.image_files import as_base64
from mnist_app.ui import room_events, visitor
from mnist_app.ui.admission import Guest
from mnist_app.ui.components import join
from mnist_app.ui.event_streams import STREAMS
from mnist_app.ui.room_events import FOLLOWER, THREADS

Answer = TypeVar("Answer")
WRONG_CODE = "There is no open room with this code. Look at the wall again."
DAMAGED = "This message cannot be read."
BUSY = "Many people are drawing. Yours is sent in a moment."
MOST_WAITING = 400
"""Messages of phones that wait for the store at a time; who comes then tries again."""
LONGEST_TOKEN = 64
_STATUS: dict[Reason, int] = {
    "damaged": 400,
    "foreign": 403,
    "unknown": 404,
    "paused": 409,
    "full": 409,
    "closed": 410,
    "long": 413,
    "fast": 429,
    "store": 503,
}
_NOT_KEPT = {"cache-control": "no-store"}
_GUESSES = Guesses()
_waiting = 0


def routes(base: str) -> list[Route]:
    """Return the routes of rooms below `base`, which is "" or such as "/lab"."""
    return [
        Route(f"{base}/join", answer_join),
        Route(f"{base}/rooms/enter", answer_enter, methods=["POST"]),
        Route(f"{base}/rooms/{{key}}/events", answer_events),
        Route(f"{base}/rooms/{{key}}/state", answer_state),
        Route(f"{base}/rooms/{{key}}/wall", answer_wall),
        Route(f"{base}/rooms/{{key}}/drawings", answer_drawing, methods=["POST"]),
        Route(f"{base}/rooms/{{key}}/ballot", answer_ballot, methods=["POST"]),
        Route(f"{base}/rooms/{{key}}/votes", answer_vote, methods=["POST"]),
    ]


def answer_join(_request: Request) -> Response:
    """Answer a phone with its page."""
    return HTMLResponse(join.page(), headers=_NOT_KEPT)


async def answer_enter(request: Request) -> Response:
    """Answer a code with the key of its room, unless too many wrong ones were tried."""
    address = Guest.of(request.scope).address
    try:
        code = codes.read_code(_text(await _read(request), "code"))
        if not _GUESSES.may_try(address):
            raise RoomError(codes.TOO_MANY, "fast")
        if code is None:
            raise RoomError(WRONG_CODE, "unknown")
        _GUESSES.note_wrong(address)  # before it is looked up: others ask meanwhile
        room = await _ask(lambda: rooms.by_code(code))
    except RoomError as error:
        is_unknown = error.reason == "unknown"
        return _refusal(RoomError(WRONG_CODE, "unknown") if is_unknown else error)
    _GUESSES.forgive(address)
    return JSONResponse({"key": room.key, "code": room.code}, headers=_NOT_KEPT)


async def answer_events(request: Request) -> ASGIApp:
    """Answer a phone with what happens in its room."""
    try:
        room = await _ask(lambda: rooms.by_key(request.path_params["key"]))
        followed = await FOLLOWER.follow(room)
    except RoomError as error:
        return _refusal(error)
    return STREAMS.answer(request, followed.phones)


async def answer_state(request: Request) -> Response:
    """Answer a phone for which there is no stream with how its room is now."""
    try:
        key = request.path_params["key"]
        state = await _ask(lambda: room_events.state_of(rooms.by_key(key)))
    except RoomError as error:
        return _refusal(error)
    return JSONResponse(state, headers=_NOT_KEPT)


async def answer_wall(request: Request) -> ASGIApp:
    """Answer who opened a room with all that is drawn there."""
    try:
        room = await _ask(lambda: rooms.by_key(request.path_params["key"]))
        if room.owner != visitor.owner_by(request.cookies):
            raise RoomError(NOT_YOURS, "foreign")
        followed = await FOLLOWER.follow(room)
    except RoomError as error:
        return _refusal(error)
    return STREAMS.answer(request, followed.wall)


async def answer_drawing(request: Request) -> Response:
    """Keep a drawing, and answer once it is kept."""
    try:
        sent = await _read(request)
        phone, sending = _token(sent, "phone"), _token(sent, "sending")
        round, strokes = _number(sent, "round"), _strokes(sent)
        key = request.path_params["key"]
        number = await _ask(lambda: drawings.send(key, phone, sending, round, strokes))
    except RoomError as error:
        return _refusal(error)
    return JSONResponse({"number": number}, headers=_NOT_KEPT)


async def answer_ballot(request: Request) -> Response:
    """Answer a phone with another's drawing to vote on; null where there is none."""
    try:
        phone = _token(await _read(request), "phone")
        ballot = await _ask(lambda: drawings.ballot(request.path_params["key"], phone))
    except RoomError as error:
        return _refusal(error)
    shown = ballot and {"number": ballot.number, "image": as_base64(ballot.image.tobytes())}
    return JSONResponse(shown, headers=_NOT_KEPT)


async def answer_vote(request: Request) -> Response:
    """Keep what a phone reads in another's drawing."""
    try:
        sent = await _read(request)
        phone, number, digit = (
            _token(sent, "phone"),
            _number(sent, "drawing"),
            _number(sent, "digit"),
        )
        await _ask(lambda: drawings.vote(request.path_params["key"], phone, number, digit))
    except RoomError as error:
        return _refusal(error)
    return JSONResponse({}, headers=_NOT_KEPT)


async def _ask(question: Callable[[], Answer]) -> Answer:
    """Return what the store answers, asked in a thread. Raises RoomError."""
    global _waiting
    if _waiting >= MOST_WAITING:
        raise RoomError(BUSY, "store")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(THREADS, question)
    finally:
        _waiting -= 1


async def _read(request: Request) -> dict[str, Any]:
    """Return the JSON object that a phone sent. Raises RoomError for anything else."""
    most = limits.ROOM_MESSAGE_KB.value() * 1024
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise RoomError(
                "This drawing is too long. Clear it and draw with fewer strokes.", "long"
            )
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise RoomError(DAMAGED, "damaged")
    return sent


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str):
        raise RoomError(DAMAGED, "damaged")
    return value


def _token(sent: dict[str, Any], name: str) -> str:
    value = _text(sent, name)
    if not (value.isascii() and value.isalnum() and len(value) <= LONGEST_TOKEN):
        raise RoomError(DAMAGED, "damaged")
    return value


def _number(sent: dict[str, Any], name: str) -> int:
    value = sent.get(name)
    if type(value) is not int or not 0 <= value < 2**31:
        raise RoomError(DAMAGED, "damaged")
    return value


def _strokes(sent: dict[str, Any]) -> bytes:
    try:
        return canvas_strokes.read(_text(sent, "strokes"))
    except ValueError as error:
        raise RoomError(DAMAGED, "damaged") from error


def _refusal(error: RoomError) -> JSONResponse:
    said = {"reason": error.reason, "sentence": str(error)}
    return JSONResponse(said, status_code=_STATUS[error.reason], headers=_NOT_KEPT)
