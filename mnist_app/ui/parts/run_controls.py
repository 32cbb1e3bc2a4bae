"""What a visitor can do with a run: steer it, resume it, use it, delete it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import streamlit as st

from mnist_app import limits, workers
from mnist_app.codegen import scripts
from mnist_app.codegen.notebook import notebook
from mnist_app.imaging.normalize import Image
from mnist_app.networks import registry
from mnist_app.networks.architecture import is_written_by_hand
from mnist_app.storage import StorageError
from mnist_app.training import capacity, runs
from mnist_app.training.history import read_history
from mnist_app.training.run import Run, RunError
from mnist_app.training.settings import Settings
from mnist_app.ui import session, visitor
from mnist_app.workers import WorkerError

CHANGED_RATE = "The learning rate changed during this run. The code keeps one schedule."


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


def keep(run: Run) -> None:
    """What can be done with a run that has ended."""
    if registry.exists(run.name):
        with st.container(horizontal=True):
            st.button(
                "Use this network",
                type="primary",
                icon=":material/check:",
                on_click=session.choose_network,
                args=(run.name,),
                disabled=session.network() == run.name,
            )
            _download(run)
            _download_notebook(run)
        if session.network() == run.name:
            st.success(f"“{run.name}” answers on every page now.", icon=":material/check:")
    if run.belongs_to(visitor.owner()) and not run.is_active:
        _manage(run)


def _download(run: Run) -> None:
    """Offer the network as a Keras file; it is read when the button is pressed."""
    who = visitor.owner()
    st.download_button(
        "Download as .keras",
        lambda: runs.read_keras_file(run.name, who),
        file_name=f"{run.name}.keras",
        icon=":material/download:",
        on_click="ignore",
        key=f"download_{run.name}",
    )


def _download_notebook(run: Run) -> None:
    """Offer a notebook that trains the same network; it is made when the button is pressed."""
    notes = [CHANGED_RATE] if _has_changed_rate(run) else []
    st.download_button(
        "Download as a notebook",
        lambda: notebook(run.name, _as_trained(run), notes),
        file_name=f"{run.name}.ipynb",
        mime="application/x-ipynb+json",
        icon=":material/menu_book:",
        on_click="ignore",
        key=f"notebook_{run.name}",
        help="For Jupyter: trains this network with Keras, and with TensorFlow by hand.",
    )


def _has_changed_rate(run: Run) -> bool:
    return bool(read_history(run, visitor.owner()).rates or run.first_epoch)


def _as_trained(run: Run) -> Settings:
    return replace(run.settings, epochs=max(1, run.completed_epochs))


def show_code(run: Run) -> None:
    """Offer complete scripts that train the same network as a run, once there is one."""
    if not registry.exists(run.name):
        return
    with st.expander("Show the code", icon=":material/code:"):
        if run.settings.start_from:
            st.caption(
                f"This run fine-tuned {registry.title(run.settings.start_from)} on drawings. The "
                "scripts train the same network from scratch, on MNIST. The notebook begins as the "
                "run did."
            )
        if _has_changed_rate(run):
            st.caption(CHANGED_RATE)
        settings = _as_trained(run)
        with_keras, by_hand = st.tabs(["Keras", "TensorFlow by hand"])
        with_keras.code(scripts.keras_script(settings), language="python")
        if is_written_by_hand(settings.architecture):
            by_hand.code(scripts.tensorflow_script(settings), language="python")
        else:
            by_hand.caption("This network has layers that are not written by hand here.")


def _manage(run: Run) -> None:
    """Let the owner resume a run that has ended, and delete it."""
    who, place = visitor.owner(), visitor.place()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if limits.TRAINING.is_on():
            more = st.number_input("More epochs", 1, 100, 2, key=f"more_{run.name}", width=120)
            _button("Train more", "forward", partial(runs.resume, run.name, who, more, place))
            if run.is_unfinished:
                to_the_end = f"Continue to the end: {run.epochs} epochs."
                _button(
                    "Resume",
                    "play_arrow",
                    partial(runs.resume, run.name, who, 0, place),
                    to_the_end,
                )
        about = f"Delete the run, its network and its curves. {runs.cleanup_rule()}"
        _button("Delete", "delete", partial(runs.delete, run.name, who), about)


def _button(label: str, icon: str, action: Callable[[], None], about: str | None = None) -> None:
    st.button(label, icon=f":material/{icon}:", on_click=attempt, args=(action,), help=about)


def attempt(action: Callable[[], None]) -> None:
    """Do something to a run from a callback, and say it where that fails."""
    try:
        action()
    except RunError as error:
        session.set_run_trouble(str(error))
