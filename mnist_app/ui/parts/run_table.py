"""Runs side by side: a table, and the curves of those that are chosen."""

from collections.abc import Mapping, Sequence

import streamlit as st
from markupsafe import Markup

from mnist_app.imaging.colormap import SERIES
from mnist_app.networks.layers import count_parameters
from mnist_app.training import runs
from mnist_app.training.history import History, read_history
from mnist_app.training.run import OPERATOR, Run
from mnist_app.ui import session, training_session, visitor
from mnist_app.ui.components import chart
from mnist_app.ui.markup import charts, setting_words, tables
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.numbers import count, duration, exact_percent
from mnist_app.ui.markup.tables import RunRow
from mnist_app.ui.parts import run_choice

# Twice the loss of guessing. Curves that go beyond are cut there, lest all others be flat.
LARGEST_LOSS = 4.6

COMPARED = 3
"""How many runs are compared at first."""


def compare() -> None:
    """Show a table of runs, and let the visitor choose whose curves to compare."""
    owner = visitor.owner()
    every = run_choice.visible()
    if not every:
        return
    st.subheader("Runs side by side", anchor=False)
    st.html(tables.runs_table([_row(run, owner) for run in every]))
    if sum(not run.belongs_to(owner) for run in every) == runs.OTHERS_SHOWN:
        st.caption(f"Of other people’s runs, the newest {runs.OTHERS_SHOWN} are shown.")
    st.caption(runs.cleanup_rule())
    chosen = _choose([run for run in every if run.status != "damaged"], owner)
    if chosen:
        histories = {run.name: read_history(run, owner) for run in chosen}
        chart.show(_overlaid(histories), key="overlaid_curves")


def _choose(readable: Sequence[Run], owner: str) -> list[Run]:
    """Let the visitor choose runs; until he does, his newest that learned something are chosen."""
    by_name = {run.name: run for run in readable}
    own = [run.name for run in readable if run.belongs_to(owner) and run.last_event]
    kept = training_session.compared_runs(preferred=own[:COMPARED])
    st.session_state[session.COMPARED_RUNS] = [name for name in kept if name in by_name]
    names = st.multiselect(
        "Curves",
        list(by_name),
        max_selections=len(SERIES),
        key=session.COMPARED_RUNS,
        persist_state="session",
    )
    return [by_name[name] for name in names]


def _overlaid(histories: Mapping[str, History]) -> list[Markup]:
    """Return the validation curves of several runs, a chart each for loss and accuracy."""
    most = max(max([1, *history.validation.images[-1:]]) for history in histories.values())
    losses = [loss for history in histories.values() for loss in history.validation.loss]
    across = Axis(0, most, "images seen")
    loss = Axis(0, min(LARGEST_LOSS, max([0.5, *losses])))
    return [
        charts.lines("Validation loss", _line_each(histories, "loss"), across, loss),
        charts.lines(
            "Validation accuracy",
            _line_each(histories, "accuracy"),
            across,
            Axis(0, 1, is_percent=True),
        ),
    ]


def _line_each(histories: Mapping[str, History], what: str) -> list[Line]:
    return [
        Line(name, history.validation.images, getattr(history.validation, what), color)
        for (name, history), color in zip(histories.items(), SERIES, strict=False)
    ]


def _row(run: Run, owner: str) -> RunRow:
    is_readable = run.status != "damaged"
    accuracy = run.test_accuracy
    return RunRow(
        name=run.name,
        state=f"{_state(run)}{_started_by(run, owner)}",
        network=setting_words.network_in_words(run.settings) if is_readable else "",
        parameters=_parameters(run) if is_readable else "",
        images=_images(run) if is_readable else "",
        optimizer=setting_words.optimizer_in_words(run.settings) if is_readable else "",
        epochs=_epochs(run),
        time=duration(run.seconds),
        accuracy="" if accuracy is None else exact_percent(accuracy, 2),
    )


def _parameters(run: Run) -> str:
    return f"{count(count_parameters(run.settings.layers))} parameters"


def _images(run: Run) -> str:
    images = setting_words.images_in_words(run.settings)
    return f"{images}, your drawings" if run.has_drawings else images


def _state(run: Run) -> str:
    """Return where a run is, in a word or two; one that trains counts."""
    if run.status in ("running", "paused"):
        return f"{run.status}, {exact_percent(run.progress, 0)}"
    return run.status


def _epochs(run: Run) -> str:
    if run.status in ("running", "paused") and run.completed_epochs < run.epochs:
        return f"number {run.completed_epochs + 1} of {run.epochs}"
    return f"{run.completed_epochs} of {run.epochs}"


def _started_by(run: Run, owner: str) -> str:
    """Return whose a run is that is not the visitor's own."""
    if run.belongs_to(owner):
        return ""
    return ", by the command line" if run.owner == OPERATOR else ", by somebody else"
