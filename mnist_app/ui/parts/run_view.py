"""What the training page shows of one run: where it is, its curves and its pictures."""

import numpy as np
import streamlit as st
from markupsafe import Markup

from mnist_app.data.datasets import SOURCES
from mnist_app.imaging import colormap
from mnist_app.imaging.colormap import SERIES
from mnist_app.training import runs
from mnist_app.training.history import Curve, History, Snapshot
from mnist_app.training.run import Run
from mnist_app.ui import visitor
from mnist_app.ui.components import chart
from mnist_app.ui.markup import charts, panels, pictures, snapshots
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.numbers import duration, exact_percent
from mnist_app.ui.markup.panels import Panel

KERNEL_SIDE = 280
WRONG_SIDE = 84
# Twice the loss of guessing. Curves that go beyond are cut there, lest all others be flat.
LARGEST_LOSS = 4.6
STATUS_WORDS = {
    "queued": "is waiting",
    "running": "is training",
    "paused": "is paused",
    "done": "is done",
    "stopped": "was stopped",
    "failed": "failed",
    "interrupted": "was interrupted",
    "damaged": "cannot be read",
}


def headline(run: Run) -> str:
    """Return where a run is, in a few words."""
    state = f"**{run.name}** {STATUS_WORDS[run.status]}"
    if run.status == "queued":
        place, waiting = runs.place_in_queue(run)
        return f"{state}: number {place} of {waiting} in the queue"
    if run.status in ("running", "paused"):
        epoch = min(run.completed_epochs + 1, run.epochs)
        if run.message:
            return f"{state}: epoch {epoch} of {run.epochs}. {run.message} …"
        if run.seconds_left:
            left = duration(run.seconds_left)
            return f"{state}: epoch {epoch} of {run.epochs}, about {left} left"
        return f"{state}: epoch {epoch} of {run.epochs}"
    if run.completed_epochs:
        return f"{state}: {run.completed_epochs} epochs in {duration(run.seconds)} of fitting"
    return state


def show_result(run: Run) -> None:
    """Say how a run ended, and what to do where it did not end well."""
    if run.status == "failed":
        st.error(run.message, icon=":material/error:")
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


def show_curves(run: Run, history: History) -> None:
    """Show loss and accuracy over the images seen, side by side."""
    across = Axis(0, images_at_the_end(run, history), "images seen")
    marks = [images for images, _ in history.rates]
    training, validation = history.training, history.validation
    highest = max([2.5, *training.loss, *validation.loss])
    loss, accuracy = Axis(0, min(highest, LARGEST_LOSS)), Axis(0, 1, is_percent=True)
    chart.show(
        [
            charts.lines("Loss", _both(training, validation, "loss"), across, loss, marks),
            charts.lines(
                "Accuracy", _both(training, validation, "accuracy"), across, accuracy, marks
            ),
        ],
        key="curves",
    )


def images_at_the_end(run: Run, history: History) -> float:
    """Return how many images the run will have seen at its end, for the charts' width."""
    seen = max([1, *history.training.images[-1:], *history.validation.images[-1:]])
    return max(seen, run.images_per_epoch * run.epochs)


def show_snapshot(run: Run, history: History, snapshot: Snapshot) -> None:
    """Show the kernels and wrong validation digits of this moment.

    Its owner also sees the drawing and its probabilities; nobody else has them.
    """
    parts = [_kernels(snapshot) + _wrong(snapshot)]
    if run.shows_drawing_to(visitor.owner()):
        parts.insert(0, _probability_trace(run, history, snapshot))
    st.html(snapshots.snapshot(parts))


def _both(training: Curve, validation: Curve, what: str) -> list[Line]:
    return [
        Line("training", training.images, getattr(training, what), SERIES[0]),
        Line("validation", validation.images, getattr(validation, what), SERIES[1], True),
    ]


def _probability_trace(run: Run, history: History, snapshot: Snapshot) -> Markup:
    title = "What it thinks of this drawing, from guessing to sure"
    if not snapshot.drawing.any():
        title = "Draw a digit to see what it thinks of it while it learns"
    trace = snapshots.probability_trace(history.probability_trace, images_at_the_end(run, history))
    note = Markup("<small>From left to right: images seen. Bright: probable.</small>")
    return snapshots.titled(title, snapshots.watched_drawing(snapshot.drawing) + trace + note)


def _kernels(snapshot: Snapshot) -> Markup:
    title = "Kernels of the first layer"
    if not snapshot.kernels.size or not np.isfinite(snapshot.kernels).all():
        return snapshots.titled(title, "This network has no kernels to look at.")
    scale = colormap.around_zero(snapshot.kernels)
    across = max(4, len(snapshot.kernels) // 4)
    tiles = pictures.tiles(snapshot.kernels, scale, across=across)
    panel = Panel("", tiles, "Orange counts for, blue against, black is zero", KERNEL_SIDE)
    return snapshots.titled(title, panels.row([panel]))


def _wrong(snapshot: Snapshot) -> Markup:
    answered = zip(snapshot.wrong, snapshot.labels, snapshot.answers, strict=True)
    shown = [
        Panel(f"{label}, not {answer}", image, "", WRONG_SIDE) for image, label, answer in answered
    ]
    return snapshots.titled(
        "Validation digits it still gets wrong",
        panels.row(shown) if shown else "None of those it was asked about.",
    )
