"""What scenes show of networks' results: a training, mistakes, and published errors."""

import streamlit as st

from mnist_app import limits, workers
from mnist_app.analysis import metrics
from mnist_app.lessons.elements import Mistakes, Results, Training
from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.presets import PRESETS
from mnist_app.training.run import RunError
from mnist_app.ui import resources, session, visitor
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import panels, tables
from mnist_app.ui.parts import failures, inside, run_choice, run_controls, run_stage, scoreboard
from mnist_app.workers import WorkerError

Shown = Mistakes | Results | Training
MISTAKES = 10


def show(element: Shown, drawing: Drawing) -> None:
    """Show an element of networks' results; see `scene_elements.show`."""
    match element:
        case Mistakes():
            _show_mistakes(element)
        case Results():
            _show_results()
        case Training():
            _show_training(element, drawing)


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


def _show_training(element: Training, drawing: Drawing) -> None:
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
        run_controls.show_trouble()
        run_controls.warm_up()
        if run is not None and run.is_active and run.belongs_to(visitor.owner()):
            run_controls.watch(run, inside.subject(drawing).image)
        if run is not None:
            run_stage.show(run)


def _start(preset: str) -> None:
    """Put a run of a preset into the queue and show it."""
    try:
        run = runs.create(PRESETS[preset].settings, preset, visitor.owner(), place=visitor.place())
        session.pick(session.SHOWN_RUN, run.name)
        run_controls.watch(run, inside.subject(session.drawing()).image)
        workers.start()
    except (RunError, StorageError, WorkerError) as error:
        session.set_run_trouble(str(error))
