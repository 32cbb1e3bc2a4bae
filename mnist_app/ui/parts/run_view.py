"""How a run ended, and what can be done about it."""

import streamlit as st

from mnist_app import workers
from mnist_app.data.datasets import SOURCES
from mnist_app.training.run import Run
from mnist_app.ui import visitor
from mnist_app.ui.markup.numbers import exact_percent


def show_result(run: Run) -> None:
    """Say how a run ended, and what to do where it did not end well."""
    if run.status == "failed":
        st.error(run.message, icon=":material/error:")
    elif workers.goes_on(run.status):
        st.info(
            "Its worker has ended. In a moment another one continues from its last epoch.",
            icon=":material/hourglass_top:",
        )
    elif run.status == "interrupted":
        st.warning(
            f"Its worker process ended or lost touch. {run.completed_epochs} of {run.epochs} "
            "epochs are saved. Press “Resume” to continue from there.",
            icon=":material/power_off:",
        )
    elif run.status == "stopped" and run.message:
        st.info(run.message, icon=":material/hourglass_disabled:")
    source = SOURCES[run.settings.data]
    if run.test_accuracy is not None:
        st.metric(
            f"Accuracy on {source.test:,} {source.title} test images, seen once, at the end",
            exact_percent(run.test_accuracy, 2),
        )
    if noise := run.settings.label_noise:
        st.caption(
            f"{exact_percent(1 - noise, 0)} of the training labels are right. What its training "
            "accuracy reaches beyond that are wrong labels that it learned by heart; validation "
            "and test labels are right."
        )
    if run.after and run.shows_drawing_to(visitor.owner()):
        with st.container(horizontal=True):
            _show_change(run, "drawings", "Your drawings")
            _show_change(run, "mnist", f"{source.title} test images")


def _show_change(run: Run, key: str, title: str) -> None:
    before, after = run.before[key], run.after[key]
    st.metric(
        f"{title}: {exact_percent(before)} before, now",
        exact_percent(after),
        f"{100 * (after - before):+.1f} points",
    )
