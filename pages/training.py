"""Train a network and watch it learn: start it, steer it, keep it."""

import streamlit as st

from mnist_app import limits, workers
from mnist_app.networks import registry
from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.history import read_history, read_snapshot
from mnist_app.training.run import Run, RunError
from mnist_app.training.settings import Settings, SettingsError
from mnist_app.ui import canvas, layout, link_settings, session, visitor
from mnist_app.ui.parts import (
    fine_tuning,
    inside,
    preset_cards,
    run_choice,
    run_controls,
    run_table,
    run_view,
    training_settings,
)
from mnist_app.workers import WorkerError

REFRESH_SECONDS = 0.4
TABLE_SECONDS = 3.0
WATCHED = "While it learns, the network is asked about your digit; without one, about a 7."

layout.begin(
    "Training",
    "A network starts by guessing. Press Train and watch it learn.",
    link_settings.TRAINING,
)
canvas.controls()


def start(chosen: Settings | None) -> None:
    """Put a run with these settings into the queue and show it."""
    if chosen is None:
        return
    try:
        run = runs.create(chosen, st.session_state[session.PRESET], visitor.owner())
        session.pick(session.SHOWN_RUN, run.name)
        workers.start()
    except (RunError, SettingsError, StorageError, WorkerError) as error:
        session.set_run_trouble(str(error))


@st.fragment
def draw_for_training() -> None:
    """Each stroke reruns this: a run of this visitor is then asked about the drawing."""
    drawing = canvas.show()
    run = run_choice.shown()
    if run is not None and run.is_active and run.belongs_to(visitor.owner()):
        run_controls.watch(run, inside.subject(drawing).image)


def set_up() -> None:
    """Let the visitor choose what is trained, and start it."""
    preset_cards.choose()
    chosen = training_settings.choose()
    if not limits.TRAINING.is_on():
        st.info(runs.SWITCHED_OFF, icon=":material/model_training:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Train",
            type="primary",
            icon=":material/model_training:",
            on_click=start,
            args=(chosen,),
            disabled=chosen is None,
            width=200,
        )
        st.caption(WATCHED, width="content")


def show_run(run: Run | None, titles: dict[str, str]) -> None:
    """The run that the visitor looks at, another one to choose, and what can be done with it."""
    st.fragment(watch_run, run_every=REFRESH_SECONDS if run and run.is_active else None)()
    run_choice.choose(titles)
    if run is not None:
        keep(run)


def watch_run() -> None:
    """The run as it is now; while it is active this is shown again twice a second and more."""
    run = run_choice.shown()
    if run is None:
        return
    history = read_history(run, visitor.owner())
    st.progress(1.0 if run.status == "done" else run.progress, run_view.headline(run))
    if run.is_active and run.belongs_to(visitor.owner()):
        run_controls.steer(run)
    run_view.show_result(run)
    run_view.show_curves(run, history)
    run_view.show_snapshot(run, history, read_snapshot(run, visitor.owner()))
    if session.has_run_trouble():  # it is said beside the button, outside of this fragment
        st.rerun()
    has_just_ended = not run.is_active and session.was_active(run.name)
    session.set_active(run.name if run.is_active else "")
    if run.status == "queued" and limits.TRAINING.is_on():
        keep_workers()
    elif has_just_ended:
        st.rerun()


def keep_workers() -> None:
    """Start workers that have ended; what is wrong stands below the button Train."""
    try:
        workers.start()
    except (StorageError, WorkerError):
        return


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
            run_controls.download(run)
        if session.network() == run.name:
            st.success(f"“{run.name}” answers on every page now.", icon=":material/check:")
        run_controls.show_code(run)
    if run.belongs_to(visitor.owner()) and not run.is_active:
        run_controls.manage(run)


with layout.beside_canvas():
    draw_for_training()
    with st.container():
        run_controls.show_trouble()
        run_controls.warm_up()
        titles = run_choice.titles()
        run = run_choice.shown()
        is_active = run is not None and run.is_active
        if is_active:  # what one came to see comes first
            show_run(run, titles)
            set_up()
        else:
            set_up()
            show_run(run, titles)
        fine_tuning.show()
        st.fragment(run_table.compare, run_every=TABLE_SECONDS if is_active else None)()
layout.end("mnist", "what it learns from")
layout.poll_for_inference()
