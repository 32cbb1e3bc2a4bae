"""What outlives a page's session: its drawing, the place in a lesson and the chosen network.

A browser whose server died goes on with another one, or with the same one later. It names the
session that it had, and gets what that had; it still shows the canvas, and what it drew there
meanwhile counts. A new page of the same visitor begins with what he did last. A page that lives is
never changed.
"""

import base64
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_app import limits
from mnist_app.imaging.image_files import PictureError, as_base64
from mnist_app.networks.registry import DEFAULT_NETWORK
from mnist_app.storage import StorageError, session_records
from mnist_app.storage.session_records import SessionRecord
from mnist_app.ui import drawing as drawings
from mnist_app.ui import lesson_session, session, visitor
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.lesson_session import KeptPlace

WRITE_SECONDS = 1.0
"""What has changed is written no more often than this."""
MOST_AT_ONCE = 50
PAUSE_SECONDS = 0.02
"""Between as many records and the next: writing takes the interpreter from whoever draws."""
FORGET_SECONDS = 600.0
_STATE = "session_record"
_NOTHING = Drawing()


@dataclass(frozen=True)
class Kept:
    """What is kept of a session."""

    drawing: Drawing = _NOTHING
    begun: Drawing = _NOTHING
    """The drawing that the canvas on the screen was started with: the browser sends what came on
    top of it."""
    place: KeptPlace | None = None
    network: str = DEFAULT_NETWORK
    has_drawn: bool = False

    @property
    def version(self) -> tuple[object, ...]:
        """What is another one after each change, not when a canvas sends the same again."""
        drawing, begun = self.drawing.version, self.begun.version
        return drawing, begun, self.place, self.network, self.has_drawn

    @property
    def is_worth_keeping(self) -> bool:
        """Whether it says anything that a page that was just opened would not."""
        return self.has_drawn or self.network != DEFAULT_NETWORK


@dataclass
class _State:
    """What a session knows of its record."""

    owner: str
    """Empty where nothing is kept, or the browser keeps no cookie by which to find it again."""
    session: str
    noted: tuple[object, ...] = ()
    """The version that is kept already."""
    is_new: bool = True
    """Whether `begin` is still to be called."""
    taken_over: int | None = None
    """The number of the canvas that the browser still shows from the session before."""


def resume() -> None:
    """Go on where the session before ended, if the browser names one. Acts once a session.

    Call it before the page's address is read.
    """
    if _STATE in st.session_state:
        _state().taken_over = None
        return
    context = get_script_run_ctx()
    owner = visitor.owner_by(dict(st.context.cookies)) if limits.SESSION_HOURS.value() else ""
    state = st.session_state[_STATE] = _State(owner, context.session_id if context else "")
    before = _session_before()
    kept = _read(lambda: session_records.read(owner, before)) if owner and before else None
    if kept is None:
        return
    RECORDER.pass_on(owner, before, state.session)
    state.noted = kept.version
    session.keep_drawing(kept.drawing)
    session.begin_canvas(kept.begun)
    session.links().opened = st.query_params.to_dict()
    state.taken_over = kept.drawing.canvas
    state.is_new = False
    _choose(kept)


def begin() -> None:
    """Begin a new page with what its visitor did last. Acts once a session.

    Call it when the page's address is read: what that says counts more.
    """
    state = _state()
    if not state.is_new:
        return
    state.is_new = False
    kept = _read(lambda: session_records.latest(state.owner)) if state.owner else None
    if kept is None:
        return
    if not session.has_drawn() and kept.drawing.has_ink:
        session.keep_drawing(replace(kept.drawing, canvas=session.drawing().canvas + 1))
    _choose(kept)


def is_taken_over(canvas: int) -> bool:
    """Say whether the browser may show this canvas already, from the session before."""
    return _state().taken_over == canvas


def note() -> None:
    """Let what has changed be kept. Costs nothing where nothing has."""
    state = _state()
    if not state.owner:
        return
    network = st.session_state.get(session.NETWORK)
    kept = Kept(
        session.drawing(),
        session.begun_drawing(),
        lesson_session.place(),
        network if isinstance(network, str) else DEFAULT_NETWORK,
        session.has_drawn(),
    )
    if kept.version != state.noted and kept.is_worth_keeping:
        state.noted = kept.version
        RECORDER.note(state.owner, state.session, kept)


class Recorder:
    """Writes what has changed, at most once in WRITE_SECONDS, while nobody waits for it."""

    def __init__(self) -> None:
        """Begin with nothing to write."""
        self._passed_on: list[tuple[str, str, str]] = []
        self._changed: dict[tuple[str, str], Kept] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._forget_at = 0.0

    def note(self, owner: str, session: str, kept: Kept) -> None:
        """Let this be written soon."""
        with self._lock:
            self._changed[owner, session] = kept
        self._begin()

    def pass_on(self, owner: str, before: str, session: str) -> None:
        """Let what is kept of the page `before` soon be kept of another one, too."""
        with self._lock:
            self._passed_on.append((owner, before, session))
        self._begin()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="records", daemon=True)
                self._thread.start()
        self._wake.set()

    def write(self) -> None:
        """Write now what has changed, a few at a time, so that strokes come between.

        What the store does not take is written later.
        """
        with self._writing:
            with self._lock:
                passed_on, self._passed_on = self._passed_on, []
                pairs, self._changed = list(self._changed.items()), {}
            for start in range(0, max(len(passed_on), len(pairs)), MOST_AT_ONCE):
                time.sleep(PAUSE_SECONDS if start else 0.0)
                end = start + MOST_AT_ONCE
                self._put(passed_on[start:end], dict(pairs[start:end]))

    def _put(
        self, passed_on: list[tuple[str, str, str]], changed: dict[tuple[str, str], Kept]
    ) -> None:
        try:
            if passed_on:
                session_records.pass_on(passed_on)
            if changed:
                session_records.keep([_as_record(*who, kept) for who, kept in changed.items()])
            self._forget_old()
        except StorageError:  # the store has said why in the log
            with self._lock:
                self._passed_on = passed_on + self._passed_on
                self._changed = changed | self._changed
            self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            next_at = time.monotonic() + WRITE_SECONDS
            self.write()
            time.sleep(max(0.0, next_at - time.monotonic()))

    def _forget_old(self) -> None:
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + FORGET_SECONDS
            session_records.forget_old()


RECORDER = Recorder()


def _state() -> _State:
    state: _State = st.session_state[_STATE]
    return state


def _session_before() -> str:
    """Return the session that the browser had before its connection was lost; empty for none.

    Streamlit's browser side says it as the third subprotocol of its websocket.
    """
    said = st.context.headers.get("sec-websocket-protocol") or ""
    names = [name.strip() for name in said.split(",")]
    return names[2] if len(names) > 2 else ""


def _choose(kept: Kept) -> None:
    """Choose network and place as they were, unless something else was chosen."""
    if session.NETWORK not in st.session_state:
        session.choose_network(kept.network)
    if kept.place is not None and lesson_session.place() is None:
        lesson_session.keep_place(kept.place)


def _read(find: Callable[[], bytes | None]) -> Kept | None:
    """Return what is found in the store; None where nothing is, or nothing that can be read."""
    try:
        content = find()
        return None if content is None else unpack(content)
    except (StorageError, PictureError, AttributeError, LookupError, TypeError, ValueError):
        return None


def _as_record(owner: str, session: str, kept: Kept) -> SessionRecord:
    content = pack(kept)
    if len(content) > 1000 * limits.SESSION_KB.value():
        nothing = Drawing(canvas=kept.drawing.canvas)
        content = pack(replace(kept, drawing=nothing, begun=nothing))
    return SessionRecord(owner, session, kept.has_drawn, content)


def pack(kept: Kept) -> bytes:
    """Return what is kept of a session as bytes."""
    place = kept.place
    is_fresh = kept.begun is kept.drawing
    said = {
        "drawing": _pack_drawing(kept.drawing),
        "begun": None if is_fresh else _pack_drawing(kept.begun),
        "place": None if place is None else [place.lesson, place.scene, place.step],
        "network": kept.network,
        "has_drawn": kept.has_drawn,
    }
    return json.dumps(said, separators=(",", ":")).encode()


def unpack(content: bytes) -> Kept:
    """Return what was packed.

    Raises ValueError, TypeError, AttributeError, LookupError or PictureError for what was not.
    """
    said = json.loads(content)
    drawing, place = _unpack_drawing(said["drawing"]), said["place"]
    begun = said["begun"]
    return Kept(
        drawing,
        drawing if begun is None else _unpack_drawing(begun),
        None if place is None else KeptPlace(str(place[0]), str(place[1]), int(place[2])),
        str(said["network"]),
        bool(said["has_drawn"]),
    )


def _pack_drawing(drawing: Drawing) -> dict[str, object]:
    if not drawing.has_ink:
        return {"canvas": drawing.canvas}
    return {
        "canvas": drawing.canvas,
        "caption": drawing.caption,
        "strokes": as_base64(drawing.strokes),
        "png": as_base64(drawing.png),
    }


def _unpack_drawing(said: dict[str, Any]) -> Drawing:
    canvas = int(said["canvas"])
    if "png" not in said:
        return Drawing(canvas=canvas)
    strokes, png = base64.b64decode(said["strokes"]), base64.b64decode(said["png"])
    return drawings.read(strokes, png, str(said["caption"]), canvas)
