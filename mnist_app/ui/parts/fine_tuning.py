"""Fine-tune on my handwriting: training a network on one's labeled drawings.

It takes the place of the living network on the page Draw, beside the canvas: the drawings, the same
drawing read before and after, and what the network forgot.
"""

import numpy as np
import streamlit as st

from mnist_app import limits, workers
from mnist_app.analysis import forgetting
from mnist_app.analysis.forgetting import Difference
from mnist_app.data.datasets import SOURCES, DatasetError
from mnist_app.imaging.normalize import Image
from mnist_app.inference import InferenceError, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.prediction import Prediction
from mnist_app.storage import StorageError
from mnist_app.training import labeled_drawings, runs
from mnist_app.training.labeled_drawings import LabeledDrawing, LabeledDrawingError
from mnist_app.training.run import Run, RunError
from mnist_app.training.settings import SettingsError
from mnist_app.ui import layout, resources, session, visitor
from mnist_app.ui.components.labeled_tiles import LabeledTile, labeled_tiles
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import panels, predictions, run_words
from mnist_app.ui.markup.numbers import exact_percent
from mnist_app.ui.markup.panels import Panel
from mnist_app.ui.markup.predictions import PredictionView
from mnist_app.ui.parts import asking
from mnist_app.workers import WorkerError

REFRESH_SECONDS = 0.5
FEW = 4
TILES_SHOWN = 24
FORGOTTEN_SHOWN = 16
SIDE = 40
INTERRUPTED = "The fine-tuning was interrupted. Start it again."


def is_open() -> bool:
    """Say whether the visitor has opened fine-tuning on the page Draw."""
    return session.is_kept(session.FINE_TUNING)


def open_or_close() -> None:
    """Offer to open fine-tuning, or to close it; inside the fragment that shows the answer.

    Where nothing is trained one can still look through one's drawings, and delete them.
    """
    if st.button(
        "Close" if is_open() else "Fine-tune",
        icon=":material/close:" if is_open() else ":material/school:",
        help="Let the network learn your handwriting from drawings that you have labeled.",
    ):
        if is_open():
            session.forget(session.FINE_TUNING)
        else:
            _open()
        st.rerun()


def show() -> None:
    """Lead to where networks learn a visitor's drawings."""
    if not (limits.LABELING.is_on() and limits.TRAINING.is_on()):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Fine-tune on my handwriting", icon=":material/school:"):
            _open()
            st.switch_page(layout.PAGES / "draw.py")
        st.caption(
            "Label your drawings on the page Draw, and a network learns them in seconds.",
            width="content",
        )


def explain(drawing: Drawing) -> None:
    """Show what is learned, and what has come of it; inside the fragment that has the canvas."""
    if not is_open():
        return
    owner = visitor.owner()
    try:
        kept = labeled_drawings.list_drawings(owner)
    except LabeledDrawingError as error:
        st.error(str(error), icon=":material/folder_off:")
        return
    run = _finished_run()
    before = run.settings.start_from if run else session.network()
    networks = [before, *([run.name] if run else [])]
    with st.container(key="fine_tuning"):
        with st.container(key="fine_tuning_drawings"):
            _show_drawings(kept)
        with st.container(key="fine_tuning_answers"):
            _show_answers(drawing, kept, networks)
        with st.container(key="fine_tuning_forgotten"):
            _show_forgotten(run)


def act() -> None:
    """Start fine-tuning, and take it back; beside what `explain` shows, outside of its fragment."""
    if not is_open():
        return
    run = _run()
    is_awaited = run is not None and (run.is_active or session.is_kept(session.AWAITED))
    with st.container(horizontal=True, vertical_alignment="center", key="fine_tuning_action"):
        if is_awaited:
            st.fragment(watch_fine_tuning, run_every=REFRESH_SECONDS)()
            return
        if limits.TRAINING.is_on():
            _offer_fine_tuning(is_first=run is None)
        else:
            st.caption(runs.SWITCHED_OFF, width="content")
        if run and registry.exists(run.name):
            _offer_undo(run)
        _offer_more()


def watch_fine_tuning() -> None:
    """How far the run is, in the place of the button; when it has ended, its network answers."""
    run = _run()
    if run is None:
        st.rerun()
    try:
        where = run_words.where(run, *runs.place_in_queue(run))
    except RunError as error:
        where = str(error)
    st.progress(run.progress, where)
    if run.status == "queued":
        _start_workers()
    if run.is_active:
        return
    session.forget(session.AWAITED)
    if (ended := _finished_run()) is not None:
        session.choose_network_next(ended.name)
        _difference(ended)  # asked for while one waits anyway
    else:
        session.set_run_trouble(run.message or INTERRUPTED)
    st.rerun()


def _show_drawings(kept: list[LabeledDrawing]) -> None:
    """The newest drawings, which of them are read wrongly, and what to think of before training."""
    st.markdown(f"**Your drawings** ({len(kept)})" if kept else "**Your drawings**")
    shown = kept[: -TILES_SHOWN - 1 : -1]
    answers = _read([one.image for one in shown], session.network())
    tiles = [
        LabeledTile(one.number, one.image, *_title(one.label, answer))
        for one, answer in zip(shown, answers, strict=True)
    ]
    if tiles:
        labeled_tiles(tiles, "labeled_tiles", on_remove=_remove)
    st.caption(_advice([one.label for one in kept]))


def _read(images: list[Image], network: str) -> list[Prediction | None]:
    """Return what the network reads in each drawing; None where it does not answer."""
    if not images:
        return []
    answers = asking.predictions(np.stack(images), [network])
    if isinstance(answers, Pending | Refused):
        return [None] * len(images)
    reject_below = resources.card(network).reject_below
    return [Prediction(probabilities, reject_below) for probabilities in answers[network]]


def _title(label: int, read: Prediction | None) -> tuple[str, bool]:
    """Return what stands below a drawing, and whether it is read wrongly."""
    if read is not None and not read.is_digit:
        return f"{label} unread", True
    if read is not None and read.digit != label:
        return f"{label}, not {read.digit}", True
    return str(label), False


def _advice(labels: list[int]) -> str:
    """Say what to expect of drawings with these labels."""
    if not labels:
        return (
            "Draw a digit that is read wrongly, and say below what it is. Do so again, a little "
            "differently each time: eight drawings are a good start."
        )
    if len(set(labels)) == 1 and len(labels) >= FEW:
        return (
            f":material/warning: All of them are labeled {labels[0]}: the network will see more "
            f"{labels[0]}s than there are, and forget others. Label other digits, too."
        )
    if len(labels) < FEW:
        return (
            ":material/warning: These are few: the network may learn them by heart, but not your "
            "handwriting. Eight are a good start."
        )
    return "They are mixed with images of its data set, lest it forget other people’s handwriting."


def _show_answers(drawing: Drawing, kept: list[LabeledDrawing], networks: list[str]) -> None:
    """The drawing on the canvas, or the last that was labeled, as it was read and as it is now."""
    if drawing.has_ink:
        image, title = drawing.image, "**This drawing, before and after**"
    elif kept:
        image, title = kept[-1].image, "**Your last drawing, before and after**"
    else:
        st.markdown("**Before and after**")
        st.caption("Here the same drawing will be read twice, before and after the fine-tuning.")
        return
    st.markdown(title)
    answers = asking.predictions(image[np.newaxis], networks)
    if isinstance(answers, Pending | Refused):
        st.caption(asking.why_not(answers))
        return
    label = next((one.label for one in kept if np.array_equal(one.image, image)), None)
    views = [_view(name, answers[name][0], label) for name in networks]
    if len(views) == 1:
        views.append(PredictionView("after fine-tuning", None, None))
    st.html(predictions.predictions(views))


def _view(network: str, probabilities: np.ndarray, label: int | None) -> PredictionView:
    read = Prediction(probabilities, resources.card(network).reject_below)
    is_wrong = label is not None and read.digit != label
    return PredictionView(registry.title(network), None, read, is_wrong=is_wrong)


def _show_forgotten(run: Run | None) -> None:
    """What the network reads wrongly now that it read right before."""
    st.markdown("**What it forgot**")
    if run is None:
        card = resources.card(session.network())
        st.caption(
            f"{registry.title(card.name)} reads {exact_percent(card.test_accuracy, 2)} of "
            f"{card.tested_on_title}’s test images. What it loses of them stands here afterwards."
        )
        return
    source = SOURCES[run.settings.data]
    st.caption(
        f"{source.title}: {exact_percent(run.before['mnist'], 2)} before, "
        f"**{exact_percent(run.after['mnist'], 2)}** now. Your drawings: "
        f"{exact_percent(run.before['drawings'])} before, "
        f"**{exact_percent(run.after['drawings'])}** now."
    )
    found = _difference(run)
    if isinstance(found, str):
        st.caption(found)
        return
    difference, answers = found
    split = resources.split(source.name, "test")
    lost = difference.forgotten
    sentence = (
        f"Of {difference.images:,} test images it forgot {len(lost):,} and learned "
        f"{len(difference.learned):,}."
    )
    if len(lost):
        digit, times = forgetting.most_frequent(answers[lost])
        sentence += f" Of the forgotten, it reads {times:,} as a {digit}."
    st.caption(sentence)
    shown = [
        Panel(f"{split.labels[at]}, not {answers[at]}", split.images[at], "", SIDE)
        for at in lost[:FORGOTTEN_SHOWN]
    ]
    st.html(panels.tight_row(shown))


def _difference(run: Run) -> tuple[Difference, forgetting.Digits] | str:
    """Return how a run's network differs on the test images and what it answers, or why not."""
    try:
        before = resources.test_answers(run.settings.start_from)
        after = resources.test_answers(run.name)
        labels = resources.split(run.settings.data, "test").labels
    except (InferenceError, DatasetError, registry.NetworkError) as error:
        return str(error)
    return forgetting.compare(before, after, labels), after


def _offer_fine_tuning(*, is_first: bool) -> None:
    network = session.network()
    st.button(
        "Fine-tune now" if is_first else "Fine-tune again",
        type="primary",
        icon=":material/school:",
        help=f"{registry.title(network)} goes on learning: two short epochs of your drawings and "
        "5,000 images of its data set.",
        on_click=_fine_tune,
        args=(network,),
    )


def _offer_undo(run: Run) -> None:
    """Let the visitor go back to the network before, and forth."""
    before = run.settings.start_from
    is_used = session.network() == run.name
    other = before if is_used else run.name
    if registry.exists(other):
        st.button(
            "Take back" if is_used else "Use again",
            icon=":material/undo:" if is_used else ":material/redo:",
            help=f"{registry.title(other)} answers again.",
            on_click=session.choose_network,
            args=(other,),
            key="undo_fine_tuning",
        )


def _offer_more() -> None:
    """Let the visitor take the drawings along, or delete them all."""
    owner = visitor.owner()
    with st.popover("", icon=":material/more_horiz:", help="Export or delete your drawings"):
        st.download_button(
            "Export",
            lambda: labeled_drawings.as_npz(labeled_drawings.list_drawings(owner)),
            file_name="my_digits.npz",
            icon=":material/download:",
            on_click="ignore",
            help="A NumPy file with images and labels.",
        )
        st.button("Delete all", icon=":material/delete:", on_click=_delete, args=(owner, None))


def _run() -> Run | None:
    """Return the run that fine-tunes for this visitor, or did so last."""
    name = st.session_state.get(session.FINE_TUNED)
    try:
        return runs.read(name) if isinstance(name, str) else None
    except RunError:
        return None


def _finished_run() -> Run | None:
    """Return the visitor's last fine-tuning where it has ended, and both its networks are there."""
    run = _run()
    if run is None or run.is_active or not run.after:
        return None
    is_whole = registry.exists(run.name) and registry.exists(run.settings.start_from)
    return run if is_whole else None


def _open() -> None:
    """Open fine-tuning, with the last one that this visitor made."""
    session.pick(session.FINE_TUNING, 1)
    if session.is_kept(session.FINE_TUNED):
        return
    owner = visitor.owner()
    own = [run for run in runs.list_runs(owner) if run.belongs_to(owner) and run.has_drawings]
    if own:
        session.pick(session.FINE_TUNED, own[0].name)


def _fine_tune(network: str) -> None:
    try:
        run = labeled_drawings.fine_tune(visitor.owner(), network, visitor.place())
        session.pick(session.FINE_TUNED, run.name)
        session.pick(session.AWAITED, run.name)
        workers.start()
    except (LabeledDrawingError, RunError, SettingsError, StorageError, WorkerError) as error:
        session.set_run_trouble(str(error))


def _start_workers() -> None:
    """Start workers that have ended; what is wrong is said when somebody presses the button."""
    try:
        workers.start()
    except (StorageError, WorkerError):
        return


def _remove(number: int) -> None:
    _delete(visitor.owner(), number)


def _delete(owner: str, number: int | None) -> None:
    try:
        labeled_drawings.delete(owner, number)
    except LabeledDrawingError as error:
        session.set_run_trouble(str(error))
