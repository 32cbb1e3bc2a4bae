"""What a visitor can do with a run: steer it, resume it, use it, delete it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import streamlit as st

from mnist_app import limits, workers
from mnist_app.codegen import scripts
from mnist_app.imaging.normalize import Image
from mnist_app.networks import registry
from mnist_app.networks.architecture import is_written_by_hand
from mnist_app.storage import StorageError
from mnist_app.training import capacity, runs
from mnist_app.training.history import read_history
from mnist_app.training.run import Run, RunError
from mnist_app.training.settings import BOUNDS
from mnist_app.ui import session, visitor
from mnist_app.workers import WorkerError


def steer(run: Run) -> None:
    """Pause, continue, stop and another learning rate, for its owner."""
    send = partial(runs.send_command, run.name, visitor.owner())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if run.status == "queued":
            leave = partial(runs.leave_queue, run.name, visitor.owner())
            _button("Leave the queue", "close", leave)
            return
        if run.status == "paused":
            _button("Continue", "play_arrow", partial(send, "continue"))
        else:
            _button("Pause", "pause", partial(send, "pause"))
        _button("Stop and keep what it learned", "stop", partial(send, "stop"))
        _choose_rate(run, send)


def _choose_rate(run: Run, send: Callable[[str, float], None]) -> None:
    low, high = map(float, BOUNDS["learning_rate"])
    key = f"rate_{run.name}"
    st.number_input(
        "Learning rate (peak)",
        low,
        high,
        run.learning_rate,
        format="%g",
        key=key,
        on_change=lambda: _try(lambda: send("learning_rate", st.session_state[key])),
        width=240,
        help="The highest rate of the schedule.",
    )


def watch(run: Run, image: Image) -> None:
    """Let a run be asked about a drawing, uint8 (28, 28), where it is another one than before."""
    if session.is_watched(run.name, image):
        return
    with suppress(RunError):
        runs.watch(run.name, visitor.owner(), image)
        session.set_watched(run.name, image)


def warm_up() -> None:
    """Start the workers while the visitor chooses; say it where that is not possible."""
    if not limits.TRAINING.is_on():
        return
    try:
        workers.start()
    except (StorageError, WorkerError) as error:
        st.error(f"Nothing can be trained now. {error}", icon=":material/folder_off:")
        return
    if why := capacity.why_nothing_is_kept():
        st.warning(why, icon=":material/hard_drive:")
    if workers.is_nobody_there():
        st.info("No worker is there at the moment. Runs wait until one starts.")


def show_trouble() -> None:
    """Say what could not be done with a run a moment ago."""
    if trouble := session.run_trouble():
        st.error(trouble, icon=":material/error:")


def download(run: Run) -> None:
    """Offer the network as a Keras file; it is read when the button is pressed."""
    st.download_button(
        "Download as .keras",
        lambda: registry.read_artifact(run.name, "keras") or b"",
        file_name=f"{run.name}.keras",
        icon=":material/download:",
        on_click="ignore",
        key=f"download_{run.name}",
    )


def show_code(run: Run) -> None:
    """Offer complete scripts that train the same network with the same settings."""
    with st.expander("Show the code", icon=":material/code:"):
        if run.settings.start_from:
            st.caption(
                f"This run fine-tuned {registry.title(run.settings.start_from)} on drawings. The "
                "scripts train the same network from scratch, on MNIST."
            )
        if read_history(run, visitor.owner()).rates or run.first_epoch:
            st.caption("The learning rate changed during this run. The scripts keep one schedule.")
        settings = replace(run.settings, epochs=max(1, run.completed_epochs))
        with_keras, by_hand = st.tabs(["Keras", "TensorFlow by hand"])
        with_keras.code(scripts.keras_script(settings), language="python")
        if is_written_by_hand(settings.architecture):
            by_hand.code(scripts.tensorflow_script(settings), language="python")
        else:
            by_hand.caption("This network has layers that are not written by hand here.")


def manage(run: Run) -> None:
    """Let the owner resume a run that has ended, and delete it."""
    who = visitor.owner()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if limits.TRAINING.is_on():
            more = st.number_input("More epochs", 1, 100, 2, key=f"more_{run.name}", width=120)
            _button("Train more", "forward", partial(runs.resume, run.name, who, more))
            if run.is_unfinished:
                to_the_end = f"Continue to the end: {run.epochs} epochs."
                _button("Resume", "play_arrow", partial(runs.resume, run.name, who), to_the_end)
        about = f"Delete the run, its network and its curves. {runs.cleanup_rule()}"
        _button("Delete", "delete", partial(runs.delete, run.name, who), about)


def _button(label: str, icon: str, action: Callable[[], None], about: str | None = None) -> None:
    st.button(label, icon=f":material/{icon}:", on_click=_try, args=(action,), help=about)


def _try(action: Callable[[], None]) -> None:
    """Do something to a run from a callback, and say it where that fails."""
    try:
        action()
    except RunError as error:
        session.set_run_trouble(str(error))
