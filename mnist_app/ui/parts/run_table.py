"""Runs side by side: a table, and the curves of those that are chosen."""

from collections.abc import Mapping

import streamlit as st
from markupsafe import Markup

from mnist_app.imaging.colormap import SERIES
from mnist_app.networks import registry
from mnist_app.networks.layers import count_parameters
from mnist_app.networks.registry import NETWORKS
from mnist_app.training import runs
from mnist_app.training.history import History, read_history
from mnist_app.training.run import OPERATOR, Run
from mnist_app.ui import session, visitor
from mnist_app.ui.components import chart
from mnist_app.ui.markup import charts
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.numbers import count, duration, exact_percent

# Twice the loss of guessing. Curves that go beyond are cut there, lest all others be flat.
LARGEST_LOSS = 4.6


def compare() -> None:
    """Show a table of runs, and let the visitor choose whose curves to compare."""
    owner = visitor.owner()
    every = runs.list_runs(owner)
    if not every:
        return
    st.subheader("Compare runs", anchor=False)
    st.table([_row(run, owner) for run in every])
    if sum(not run.belongs_to(owner) for run in every) == runs.OTHERS_SHOWN:
        st.caption(f"Of other people’s runs, the newest {runs.OTHERS_SHOWN} are shown.")
    st.caption(runs.cleanup_rule())
    chosen = _choose({run.name: run for run in every if run.status != "damaged"})
    if chosen:
        histories = {run.name: read_history(run, owner) for run in chosen}
        chart.show(_overlaid(histories), key="overlaid_curves")


def _choose(readable: Mapping[str, Run]) -> list[Run]:
    kept = st.session_state.get(session.COMPARED_RUNS)
    if kept is not None:
        st.session_state[session.COMPARED_RUNS] = [name for name in kept if name in readable]
    names = st.multiselect(
        "Curves",
        list(readable),
        default=list(readable)[:3] if kept is None else None,
        max_selections=len(SERIES),
        key=session.COMPARED_RUNS,
        persist_state="session",
    )
    return [readable[name] for name in names]


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


def _row(run: Run, owner: str) -> dict[str, str]:
    is_readable = run.status != "damaged"
    accuracy = run.test_accuracy
    return {
        "Run": run.name,
        "Started by": _started_by(run, owner),
        "State": run.status,
        "Network": _network_in_words(run) if is_readable else "",
        "Parameters": count(count_parameters(run.settings.layers)) if is_readable else "",
        "Epochs": f"{run.completed_epochs} of {run.epochs}",
        "Fitting": duration(run.seconds),
        "Test accuracy": "" if accuracy is None else exact_percent(accuracy, 2),
    }


def _started_by(run: Run, owner: str) -> str:
    if run.belongs_to(owner):
        return "you"
    return "the command line" if run.owner == OPERATOR else "somebody else"


def _network_in_words(run: Run) -> str:
    settings = run.settings
    if settings.network in NETWORKS:
        return registry.title(settings.network)
    if not settings.stages:
        return "Dense layers"
    kernels = f"{settings.filters} kernels of {settings.kernel} × {settings.kernel}"
    return f"{settings.stages} stages, {kernels}"
