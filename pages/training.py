"""Train a network and watch it learn: start it, steer it, keep it."""

import streamlit as st

from mnist_app import limits, workers
from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.run import Run, RunError
from mnist_app.training.settings import SettingsError
from mnist_app.ui import canvas, layout, link_settings, session, training_session, visitor
from mnist_app.ui.parts import (
    film,
    fine_tuning,
    inside,
    preset_cards,
    run_choice,
    run_controls,
    run_stage,
    run_table,
    run_view,
    training_settings,
)
from mnist_app.workers import WorkerError

TABLE_SECONDS = 3.0
WATCHED = "While it learns, the network is asked about your digit; without one, about a 7."
FOLDED = "Presets, settings, fine-tuning, other runs"

layout.begin(
    "Training",
    "A network starts by guessing. Press Train and watch it learn.",
    link_settings.TRAINING,
)
canvas.controls()


def start(shown: object) -> None:
    """Put a run with the settings of this moment into the queue and show it.

    `shown` is the run beside which the button stood: where another one trains there by now, this is
    the second click of a double click.
    """
    now = run_choice.shown()
    if now is not None and now.is_active and now.name != shown:
        return
    try:
        settings, preset = training_settings.chosen(), training_session.preset()
        run = runs.create(settings, preset, visitor.owner(), place=visitor.place())
        session.pick(session.SHOWN_RUN, run.name)
        run_controls.watch(run, inside.subject(session.drawing()).image)
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
            args=(st.session_state.get(session.SHOWN_RUN),),
            disabled=chosen is None,
            width=200,
        )
        st.caption(WATCHED, width="content")


def show_first(run: Run) -> None:
    """The run on the stage, and what can be done with it once it has ended."""
    run_stage.show(run)
    show_outcome(run)
    run_controls.show_code(run)
    if film.exists(run):
        st.subheader("Its training as a film", anchor=False)
        film.show(run)


def show_outcome(run: Run) -> None:
    """How a run ended, and what can be done with it."""
    run_view.show_result(run)
    run_controls.keep(run)


def show_others(*, is_active: bool) -> None:
    """A run of the own handwriting, and all runs side by side."""
    fine_tuning.show()
    st.fragment(run_table.compare, run_every=TABLE_SECONDS if is_active else None)()


def fold(titles: dict[str, str]) -> None:
    """All that is not the run that is being trained, in one line."""
    with st.expander(FOLDED, icon=":material/tune:", key="folded", on_change="rerun") as folded:
        if folded.open:
            set_up()
            run_choice.choose(titles)
            show_others(is_active=True)


def show_earlier(run: Run) -> None:
    """A run that ended earlier as a film; somebody else's that is active on the stage."""
    if film.exists(run):
        film.show(run)
    else:
        run_stage.show(run)
    run_controls.show_code(run)


titles = run_choice.titles()  # chooses a run, which is then asked about the drawing
with layout.beside_canvas():
    side = st.container(key="training_side")
    with side:
        draw_for_training()
    with st.container(key="training"):
        with st.container():
            run_controls.show_trouble()
            run_controls.warm_up()
            run_stage.prepare()
        run = run_choice.shown()
        first = run if run is not None and run_stage.comes_first(run) else None
        if first is not None:
            show_first(first)
            if first.is_active:
                fold(titles)
            else:
                set_up()
                run_choice.choose(titles)
        else:
            set_up()
            if run is not None:
                show_earlier(run)
            with side, st.container(key="training_outcome"):
                run_choice.choose(titles)
                if run is not None:
                    show_outcome(run)
is_active = run is not None and run.is_active
if first is None or not is_active:  # otherwise they are folded
    show_others(is_active=is_active)
layout.end("mnist", "what it learns from")
layout.poll_for_inference()
