"""What a speaker does in a room: tasks, pause, close, hide, download, and let a network learn."""

from collections.abc import Callable

import streamlit as st

from mnist_app import limits, workers
from mnist_app.classroom import drawings, rooms, teaching
from mnist_app.classroom.room import Room, RoomError, Status, Task
from mnist_app.data.datasets import CLASSES
from mnist_app.networks import registry
from mnist_app.training import runs
from mnist_app.training.run import RunError
from mnist_app.training.settings import SettingsError
from mnist_app.ui import session, visitor
from mnist_app.ui.markup import run_words
from mnist_app.workers import WorkerError

TASKS = {"free": "Any digit", "draw": "All draw a …", "fool": "Fool it", "nothing": "No digit"}
USUAL_DIGIT = 7
"""Some people cross it, and some do not."""
LOOK_SECONDS = 2.0


def open_room() -> None:
    """Open a room of the visitor's, read by the chosen network."""
    _try(lambda: rooms.open_room(visitor.owner(), visitor.place(), session.network()))


def hide(number: int) -> None:
    """Hide a drawing of the visitor's room."""
    _try(lambda: _hide(number))


def _hide(number: int) -> None:
    room = rooms.latest(visitor.owner())
    if room is not None:
        drawings.hide(room, visitor.owner(), number)


def show(room: Room) -> None:
    """Show a room's controls, in a row."""
    _start_with(room)
    with st.container(horizontal=True, vertical_alignment="center", key="room_controls"):
        if room.status != "closed":
            _show_tasks(room)
            _show_status(room)
        with st.popover("Train on this room", icon=":material/school:"):
            show_teaching()
        st.download_button(
            "Download",
            lambda: drawings.as_file(room, visitor.owner()),
            file_name=f"room-{room.code}.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            help="Strokes and labels of all known digits, as `train --strokes` reads them.",
        )
        if room.status == "closed":
            st.button("Open another room", type="primary", on_click=open_room)
    if trouble := session.run_trouble():
        st.error(trouble, icon=":material/error:")


def _start_with(room: Room) -> None:
    """Let the controls show the room's task, also in a new session."""
    session.pick(session.ROOM_TASK, room.task.kind)
    if room.task.digit is not None:
        session.pick(session.ROOM_DIGIT, room.task.digit)
    elif not session.is_kept(session.ROOM_DIGIT):
        session.pick(session.ROOM_DIGIT, USUAL_DIGIT)


def _show_tasks(room: Room) -> None:
    st.segmented_control(
        "Task",
        list(TASKS),
        format_func=lambda kind: TASKS[kind],
        key=session.ROOM_TASK,
        label_visibility="collapsed",
        on_change=_give_task,
        args=(room,),
        required=True,
        width="content",
    )
    if room.task.kind == "draw":
        st.selectbox(
            "Digit",
            range(CLASSES),
            key=session.ROOM_DIGIT,
            label_visibility="collapsed",
            on_change=_give_task,
            args=(room,),
            width=90,
        )


def _show_status(room: Room) -> None:
    if room.status == "open":
        _status_button(room, "Pause", ":material/pause:", "paused")
    else:
        _status_button(room, "Go on", ":material/play_arrow:", "open")
    _status_button(room, "Close", ":material/stop:", "closed")


def _status_button(room: Room, label: str, icon: str, status: Status) -> None:
    def press() -> None:
        _try(lambda: rooms.set_status(room.number, visitor.owner(), status))

    st.button(label, icon=icon, on_click=press)


def _give_task(room: Room) -> None:
    kind = st.session_state.get(session.ROOM_TASK)
    digit = st.session_state.get(session.ROOM_DIGIT)
    if kind not in TASKS or (kind == "draw" and digit not in range(CLASSES)):
        return
    task = Task(kind, digit if kind == "draw" else None)
    _try(lambda: rooms.give_task(room.number, visitor.owner(), task))


@st.fragment(run_every=LOOK_SECONDS)
def show_teaching() -> None:
    """How a network learns from the room, and what that brought."""
    try:
        room = rooms.latest(visitor.owner())
        if room is not None:
            _show_teaching(room)
    except (RoomError, RunError) as error:
        st.error(str(error), icon=":material/error:")


def _show_teaching(room: Room) -> None:
    taught = room.teaching
    if taught is None:
        st.markdown(
            f"{registry.title(room.network)} can learn this room’s digits. Those of every third "
            "phone are held apart, to see what it brought."
        )
    else:
        run = runs.read(taught.run)
        st.markdown(
            f"**{run_words.state(run)}.** {run_words.where(run, *runs.place_in_queue(run))}"
        )
        if run.is_active:
            st.progress(run.progress)
        elif registry.exists(run.name) and room.network != run.name:
            _network_button(room, "Let it read this room", run.name)
        elif room.network == run.name:
            _show_change(room)
            _network_button(room, f"Back to {registry.title(taught.before)}", taught.before)
        if run.is_active:
            return
    if limits.TRAINING.is_on():
        st.button(
            f"Train {registry.title(room.network)}",
            icon=":material/school:",
            on_click=_teach,
            args=(room,),
        )


def _show_change(room: Room) -> None:
    assert room.teaching is not None
    if any(drawings.unread(room)):
        st.caption("It reads what was drawn …")
        return
    listed = drawings.list_drawings(room, visitor.owner())
    found = teaching.change(room.teaching, listed)
    if found.total:
        st.markdown(
            f"Of {found.total} drawings by phones that it did not learn from, it read "
            f"**{found.before}** right before and reads **{found.after}** now."
        )
    else:
        st.caption("With three phones or more it would be seen what that brought.")


def _network_button(room: Room, label: str, network: str) -> None:
    def press() -> None:
        _try(lambda: rooms.choose_network(room.number, visitor.owner(), network))

    st.button(label, type="primary", on_click=press)


def _teach(room: Room) -> None:
    _try(lambda: teaching.teach(room, visitor.owner(), visitor.place()))
    _try(workers.start)


def _try(change: Callable[[], object]) -> None:
    """Change something; where that is refused, the page says why."""
    try:
        change()
    except (RoomError, RunError, SettingsError, WorkerError) as error:
        session.set_run_trouble(str(error))
