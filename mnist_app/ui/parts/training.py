"""What the training page shows of a run, and what a visitor can do to it."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from mnist_app import workers
from mnist_app.codegen import scripts
from mnist_app.data.datasets import SOURCES
from mnist_app.imaging import colormap
from mnist_app.imaging.image_files import data_uri, encode_png
from mnist_app.imaging.normalize import Image
from mnist_app.storage import home
from mnist_app.training import runs
from mnist_app.training.runs import Curve, History, Live, Run, RunError
from mnist_app.training.settings import BOUNDS, SHIPPED
from mnist_app.ui import session
from mnist_app.ui.components import chart, visitor
from mnist_app.ui.markup import charts, panels
from mnist_app.ui.markup.charts import Axis, Line
from mnist_app.ui.markup.figures import duration
from mnist_app.ui.markup.panels import Panel

KERNEL_SIDE = 280
WRONG_SIDE = 84
# Twice the loss of guessing. Curves that go beyond are cut there, lest all others be flat.
LARGEST_LOSS = 4.6
LITTLE_SPACE = 50_000_000
_COLUMNS = (
    "Run",
    "Started by",
    "State",
    "Network",
    "Parameters",
    "Epochs",
    "Fitting",
    "Test set",
)
STATUS_WORDS = {
    "queued": "waits in the queue",
    "running": "is training",
    "paused": "is paused",
    "done": "has done all its epochs",
    "stopped": "was stopped",
    "failed": "failed",
    "interrupted": "was interrupted",
    "damaged": "is damaged",
}


def images_at_the_end(run: Run, history: History) -> float:
    """Return how many images the run will have seen at its end, for the charts' width."""
    seen = max([1, *history.training.images[-1:], *history.validation.images[-1:]])
    return max(seen, run.images_an_epoch * run.state.epochs)


def headline(run: Run, history: History) -> str:
    """Return where a run is, in a few words."""
    words = f"**{run.name}** {STATUS_WORDS[run.status]}"
    if run.status == "queued":
        place, waiting = runs.place_in_queue(run)
        return f"{words}, number {place} of {waiting}"
    if run.status in ("running", "paused"):
        epoch = min(run.state.whole_epochs + 1, run.state.epochs)
        words += f": epoch {epoch} of {run.state.epochs}"
        if run.state.message:
            return f"{words}. {run.state.message} …"
        if history.seconds_left:
            words += f", about {duration(history.seconds_left)} left"
    elif run.state.whole_epochs:
        words += f": {run.state.whole_epochs} epochs in {duration(run.state.seconds)} of fitting"
    return words


def show_result(run: Run) -> None:
    """Say how a run ended, and what to do where it did not end well."""
    if run.status == "failed":
        st.error(run.state.message, icon=":material/error:")
    elif run.status == "interrupted":
        st.warning(
            f"Its trainer was ended from outside. It goes on from its last whole epoch, "
            f"{run.state.whole_epochs} of {run.state.epochs}: press “Go on”.",
            icon=":material/power_off:",
        )
    elif run.status == "stopped" and run.state.message:
        st.info(run.state.message, icon=":material/hourglass_disabled:")
    if run.state.test_accuracy is not None:
        st.metric(
            f"Right on the {_test_images(run)} test images, looked at once, at the end",
            f"{100 * run.state.test_accuracy:.2f}%",
        )
    if run.state.after:
        before, after = run.state.before, run.state.after
        title = SOURCES[run.settings.data].title
        with st.container(horizontal=True):
            for key, words in (
                ("drawings", "On these drawings"),
                ("mnist", f"On {title}'s test set"),
            ):
                change = 100 * (after[key] - before[key])
                st.metric(
                    f"{words}: before {100 * before[key]:.1f}%, after",
                    f"{100 * after[key]:.1f}%",
                    f"{change:+.1f} points",
                )


def _test_images(run: Run) -> str:
    source = SOURCES[run.settings.data]
    return f"{source.test:,} {source.title}"


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


def _both(training: Curve, validation: Curve, what: str) -> list[Line]:
    return [
        Line("training", training.images, getattr(training, what), charts.COLORS[0]),
        Line("validation", validation.images, getattr(validation, what), charts.COLORS[1], True),
    ]


def pictures(run: Run, history: History, live: Live) -> str:
    """Return the kernels, the drawing's probabilities and wrong validation digits, as HTML."""
    return (
        '<div class="lab-charts">'
        + _opinions(run, history, live)
        + f'<div class="lab-watched">{_kernels(live)}{_wrong(live)}</div></div>'
    )


def _opinions(run: Run, history: History, live: Live) -> str:
    words = "What it thinks of this drawing, from guessing to sure"
    if not live.drawing.any():
        words = "Draw a digit: here stands what it thinks of it while it learns"
    asked = data_uri(encode_png(live.drawing))
    chart = charts.opinions(history.opinions, images_at_the_end(run, history))
    return (
        f'<div class="lab-watched"><div class="lab-title"><strong>{escape(words)}</strong></div>'
        f'<img class="lab-asked" src="{asked}" alt="The drawing that the network is asked about">'
        f"{chart}<small>From left to right: the images seen. Bright: probable.</small></div>"
    )


def _kernels(live: Live) -> str:
    title = '<div class="lab-title"><strong>First layer: its kernels as they change</strong></div>'
    if not live.kernels.size or not np.isfinite(live.kernels).all():
        return f"{title}<p>This network has none that can be seen.</p>"
    scale = colormap.around_zero(live.kernels)
    tiles = panels.tiles(live.kernels, scale, across=max(4, len(live.kernels) // 4))
    panel = Panel("", tiles, "Orange counts for, blue against, black is zero", KERNEL_SIDE)
    return title + panels.row([panel])


def _wrong(live: Live) -> str:
    title = "Validation digits that it still gets wrong"
    shown = [
        Panel(f"{label}, not {answer}", image, "", WRONG_SIDE)
        for image, label, answer in zip(live.wrong, live.labels, live.answers, strict=True)
    ]
    none = "<p>None among those that it was asked about.</p>"
    body = panels.row(shown) if shown else none
    return f'<div class="lab-title"><strong>{title}</strong></div>{body}'


def steer(run: Run) -> None:
    """Pause, go on, stop and another learning rate, for whoever started the run."""
    is_paused = run.status == "paused"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if run.status == "queued":
            st.button(
                "Leave the queue",
                icon=":material/close:",
                on_click=_try,
                args=(lambda: runs.leave_queue(run),),
            )
            return
        st.button(
            "Go on" if is_paused else "Pause",
            icon=":material/play_arrow:" if is_paused else ":material/pause:",
            on_click=_try,
            args=(lambda: runs.wish(run, pause=not is_paused),),
        )
        st.button(
            "Stop and keep what it learned",
            icon=":material/stop:",
            on_click=_try,
            args=(lambda: runs.wish(run, stop=True),),
        )
        key = f"rate_{run.name}"
        low, high = map(float, BOUNDS["learning_rate"])
        st.number_input(
            "Learning rate (the highest of its schedule)",
            low,
            high,
            run.state.learning_rate,
            format="%g",
            key=key,
            on_change=lambda: _try(lambda: runs.wish(run, learning_rate=st.session_state[key])),
            width=240,
        )


def watch(run: Run, image: Image) -> None:
    """Ask a run about a drawing, uint8 (28, 28), where it is another one than before."""
    if not np.array_equal(runs.read_watched(run.folder), image):
        with contextlib.suppress(RunError):
            runs.watch(run, image)


def warm_up() -> None:
    """Start the trainers while the visitor chooses; say it where the disk does not allow it."""
    try:
        workers.start()
    except OSError as error:
        st.error(
            f"Nothing can be trained: the folder {home()} cannot be written "
            f"({error.strerror or error}).",
            icon=":material/folder_off:",
        )
        return
    free = runs.free_space()
    if free < LITTLE_SPACE:
        st.warning(
            f"The disk is nearly full: {free / 1e6:.0f} MB are left. A run that cannot be written "
            "stops; free some space.",
            icon=":material/hard_drive:",
        )


def show_trouble() -> None:
    """Say what could not be done with a run a moment ago."""
    if trouble := session.run_trouble():
        st.error(trouble, icon=":material/error:")


def choice_words(run: Run, owner: str) -> str:
    """Return a run in a list: its name, and whether it is the visitor's."""
    return f"{run.name} (yours)" if run.belongs_to(owner) else run.name


def download(run: Run) -> None:
    """Offer the network as a Keras file."""
    file = run.folder / f"{run.name}.keras"
    if file.exists():
        st.download_button(
            "Download as .keras",
            file.read_bytes,
            file_name=file.name,
            icon=":material/download:",
            on_click="ignore",
            key=f"download_{run.name}",
        )


def show_code(run: Run) -> None:
    """Offer complete scripts that train the same network with the same settings."""
    with st.expander("Show the code", icon=":material/code:"):
        if run.settings.start_from:
            st.caption(
                f"This run went on with “{run.settings.start_from}” and a person's drawings; the "
                "scripts train the same network on MNIST from nothing."
            )
        settings = replace(run.settings, epochs=max(1, run.state.whole_epochs))
        if runs.read_history(run.folder).rates or run.state.first_epoch:
            st.caption(
                "The learning rate was set by hand in this run, or its schedule began anew when it "
                "went on; the scripts keep to one schedule."
            )
        with_keras, by_hand = st.tabs(["Keras", "TensorFlow by hand"])
        with_keras.code(scripts.keras_script(settings), language="python")
        if run.settings.plan is None:
            by_hand.caption("This network has layers that are not written by hand here.")
        else:
            by_hand.code(scripts.tensorflow_script(settings), language="python")


def manage(run: Run) -> None:
    """Let the owner go on with a run that has ended, and delete it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        more = st.number_input("More epochs", 1, 100, 2, key=f"more_{run.name}", width=120)
        st.button(
            "Train more",
            icon=":material/forward:",
            on_click=_try,
            args=(lambda: runs.go_on(run, more),),
        )
        if run.is_unfinished:
            st.button(
                "Go on",
                icon=":material/play_arrow:",
                on_click=_try,
                args=(lambda: runs.go_on(run),),
                help=f"To the end, {run.state.epochs} epochs.",
            )
        st.button(
            "Delete",
            icon=":material/delete:",
            on_click=_try,
            args=(lambda: runs.delete(run.name),),
            help="The run, its network and its curves. " + runs.CLEANUP_RULE,
        )


def compare() -> None:
    """All runs side by side: a table, and the curves of those that are chosen."""
    every = runs.every()
    if not every:
        return
    st.subheader("Runs side by side", anchor=False)
    owner = visitor.owner()
    st.table([_row(run, owner) for run in every])
    st.caption(runs.CLEANUP_RULE)
    readable = {run.name: run for run in every if run.status != "damaged"}
    kept = st.session_state.get(session.COMPARED_RUNS)
    if kept is not None:
        st.session_state[session.COMPARED_RUNS] = [name for name in kept if name in readable]
    names = st.multiselect(
        "Compare",
        list(readable),
        default=list(readable)[:3] if kept is None else None,
        max_selections=len(charts.COLORS),
        key=session.COMPARED_RUNS,
        persist_state="session",
    )
    histories = {name: runs.read_history(readable[name].folder) for name in names}
    if histories:
        chart.show(_overlaid(histories), key="overlaid_curves")


def _overlaid(histories: dict[str, History]) -> list[str]:
    """Return the validation curves of several runs, a chart each for loss and accuracy."""
    most = max(max([1, *history.validation.images[-1:]]) for history in histories.values())
    losses = [loss for history in histories.values() for loss in history.validation.loss]
    across = Axis(0, most, "images seen")
    shown = {
        "loss": ("Validation loss", Axis(0, min(LARGEST_LOSS, max([0.5, *losses])))),
        "accuracy": ("Validation accuracy", Axis(0, 1, is_percent=True)),
    }
    return [
        charts.lines(title, _line_each(histories, what), across, axis, [])
        for what, (title, axis) in shown.items()
    ]


def _line_each(histories: dict[str, History], what: str) -> list[Line]:
    return [
        Line(name, history.validation.images, getattr(history.validation, what), color)
        for (name, history), color in zip(histories.items(), charts.COLORS, strict=False)
    ]


def _row(run: Run, owner: str) -> dict[str, str]:
    if run.status == "damaged":
        return dict.fromkeys(_COLUMNS, "") | {"Run": run.name, "State": "damaged: cannot be read"}
    accuracy = run.state.test_accuracy
    whose = "you" if run.belongs_to(owner) else "somebody else" if run.state.owner else "the server"
    values = (
        run.name,
        whose,
        run.status,
        network_words(run),
        f"{sum(layer.parameters for layer in run.settings.layers):,}",
        f"{run.state.whole_epochs} of {run.state.epochs}",
        duration(run.state.seconds),
        "" if accuracy is None else f"{100 * accuracy:.2f}%",
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _try(action: Callable[[], None]) -> None:
    """Do something to a run from a callback, and say it where that fails."""
    try:
        action()
    except RunError as error:
        session.set_run_trouble(str(error))


def network_words(run: Run) -> str:
    """Return what kind of network a run trains."""
    settings = run.settings
    if settings.network in SHIPPED:
        return settings.network
    kernels = f"{settings.filters} kernels of {settings.kernel} × {settings.kernel}"
    return f"{settings.stages} stages, {kernels}" if settings.stages else "dense"
