"""A run on the stage of the page Training: what it does now, and steering it."""

import functools
import threading
from functools import partial

import streamlit as st

from mnist_app.data.datasets import MNIST
from mnist_app.training import runs
from mnist_app.training.run import Run, RunError
from mnist_app.training.settings import BOUNDS
from mnist_app.ui import addresses, run_stream, session, visitor
from mnist_app.ui.components.training_stage import Digits, training_stage
from mnist_app.ui.parts import run_controls
from mnist_app.ui.validation_sprite import sprite, watched_images

KEY = "run_stage"


@functools.cache
def prepare() -> None:
    """Read the images of the wall, once, in the background: no click on Train waits for that."""
    threading.Thread(target=sprite, args=(MNIST.name,), daemon=True).start()


def comes_first(run: Run) -> bool:
    """Say whether a run stands before all else: an own one that is active, or was when last seen.

    Remembers an active one.
    """
    if run.is_active and run.belongs_to(visitor.owner()):
        session.set_active(run.name)
    return session.was_active(run.name)


@st.fragment
def show(run: Run) -> None:
    """Show a run. A command reruns this alone; the run's end reruns the whole page."""
    now = _read_again(run)
    if now is None or now.is_active != run.is_active or session.has_run_trouble():
        st.rerun()
    data = run.settings.data
    path = f"{addresses.base_path()}/{sprite(data).path}".lstrip("/")
    digits = Digits(path, "".join(map(str, watched_images(data).labels)))
    training_stage(
        run.name,
        run_stream.path(run.name),
        digits,
        BOUNDS["learning_rate"],
        run.belongs_to(visitor.owner()),
        run.is_active,
        KEY,
        on_command=partial(_command, run),
    )


def _read_again(run: Run) -> Run | None:
    try:
        return runs.read(run.name)
    except RunError:
        return None


def _command(run: Run, kind: str, value: float | None) -> None:
    who = visitor.owner()
    if kind == "leave":
        run_controls.attempt(partial(runs.leave_queue, run.name, who))
    else:
        run_controls.attempt(partial(runs.send_command, run.name, who, kind, value))
