"""What scenes show of networks' results: a training, mistakes, and published errors."""

import streamlit as st

from mnist_app import limits, workers
from mnist_app.analysis import metrics
from mnist_app.lessons.elements import Mistakes, Results, Training
from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.history import read_history, read_snapshot
from mnist_app.training.presets import PRESETS
from mnist_app.training.run import RunError
from mnist_app.ui import resources, session, visitor
from mnist_app.ui.markup import panels, tables
from mnist_app.ui.parts import failures, run_choice, run_view, scoreboard
from mnist_app.workers import WorkerError

REFRESH_SECONDS = 0.4
MISTAKES = 12


def show(element: Mistakes | Results | Training) -> None:
    """Show an element of networks' results; see `scene_elements.show`."""
    match element:
        case Mistakes():
            _show_mistakes(element)
        case Results():
            _show_results()
        case Training():
            _show_training(element)


def _show_mistakes(element: Mistakes) -> None:
    """Show the test images that a network reads wrong and is surest of."""
    card = resources.card(element.network)
    measured = resources.scores_of(card)
    split = resources.test_images()
    if measured is None:
        return
    found = metrics.errors(measured.probabilities, split.labels)[:MISTAKES]
    shown = [failures.panel_of(int(index), measured, split) for index in found]
    with st.container(key="scene_mistakes"):
        st.html(panels.row(shown))


def _show_results() -> None:
    """Show the errors of published networks and committees."""
    with st.container(key="scene_results"):
        st.html(tables.results_table(scoreboard.published()))


def _show_training(element: Training) -> None:
    """Let the visitor start a run, and show it while it learns."""
    run_choice.titles()
    run = run_choice.shown()
    with st.container(key="scene_training"):
        if not limits.TRAINING.is_on():
            st.info(runs.SWITCHED_OFF, icon=":material/model_training:")
        elif run is None or not run.is_active:
            st.button(
                "Train",
                type="primary",
                icon=":material/model_training:",
                on_click=_start,
                args=(element.preset,),
            )
        if session.has_run_trouble():
            st.error(session.run_trouble(), icon=":material/error:")
        is_active = run is not None and run.is_active
        st.fragment(_watch, run_every=REFRESH_SECONDS if is_active else None)()


def _start(preset: str) -> None:
    """Put a run of a preset into the queue and show it."""
    try:
        run = runs.create(PRESETS[preset].settings, preset, visitor.owner())
        session.pick(session.SHOWN_RUN, run.name)
        workers.start()
    except (RunError, StorageError, WorkerError) as error:
        session.set_run_trouble(str(error))


def _watch() -> None:
    """The run as it is now; while it is active this is shown again twice a second and more."""
    run = run_choice.shown()
    if run is None:
        return
    st.progress(1.0 if run.status == "done" else run.progress, run_view.headline(run))
    history = read_history(run, visitor.owner())
    run_view.show_curves(run, history)
    run_view.show_snapshot(run, history, read_snapshot(run, visitor.owner()))
    has_just_ended = not run.is_active and session.was_active(run.name)
    session.set_active(run.name if run.is_active else "")
    if has_just_ended:
        st.rerun()
