"""Train a network before one's eyes: start it, watch it, steer it, keep it."""

import contextlib

import streamlit as st

from mnist_app import workers
from mnist_app.networks import layers as anatomy
from mnist_app.networks import registry
from mnist_app.training import runs, settings
from mnist_app.training.runs import Run, RunError
from mnist_app.training.settings import BOUNDS, BUILT, CHOICES, PRESETS, Settings, SettingsError
from mnist_app.ui import canvas, layout, session
from mnist_app.ui.components import visitor
from mnist_app.ui.parts import inside, learning, training
from mnist_app.ui.session import SETTING

REFRESH_SECONDS = 0.4
TABLE_SECONDS = 3.0
WATCHED = "The network is asked about this digit while it learns."
EXAMPLE = (
    "Draw a digit: the network is asked about it while it learns. Until then, about an MNIST 7."
)

layout.begin(
    "Training",
    "A network begins with random kernels and guesses. It looks at images, a **batch** at a time, "
    "and after each batch moves every weight a little to where the **loss** is smaller.",
)
canvas.controls()


def choose() -> Settings | None:
    """Let the visitor choose a preset and change it; None where it cannot be trained."""
    names = list(PRESETS)
    if session.PRESET not in st.session_state or not session.chosen_settings():
        session.choose_settings(PRESETS[names[0]].settings)
    preset = st.segmented_control(
        "Preset",
        names,
        format_func=lambda name: PRESETS[name].title,
        default=names[0],
        required=True,
        key=session.PRESET,
        persist_state="session",
        on_change=lambda: session.choose_settings(
            PRESETS[st.session_state[session.PRESET] or names[0]].settings
        ),
    )
    st.markdown(PRESETS[preset].lesson)
    with st.expander("Change the settings", icon=":material/tune:"):
        change_settings()
    try:
        chosen = settings.read(session.chosen_settings())
    except SettingsError as error:
        st.error(str(error), icon=":material/tune:")
        return None
    show_network(chosen)
    return chosen


def change_settings() -> None:
    """All settings, with what each may be."""
    with st.container(horizontal=True):
        select("network", "Network", width=200)
        select("engine", "Computed by", width=200)
    if st.session_state[SETTING + "network"] == BUILT:
        with st.container(horizontal=True):
            number("stages", "Stages")
            number("filters", "Filters, first stage")
            number("kernel", "Kernel size")
            number("pool", "Pool size")
            number("pool_stride", "Pool stride")
            number("dense", "Dense units")
            number("dropout", "Dropout", step=0.1)
            select("activation", "Activation")
        check("batch_norm", "Batch normalization")
    with st.container(horizontal=True):
        select("optimizer", "Optimizer")
        if st.session_state[SETTING + "optimizer"] == "adamw":
            number("weight_decay", "Weight decay", step=None)
        number("learning_rate", "Learning rate", step=None)
        select("schedule", "Schedule")
        number("batch_size", "Batch size")
        number("epochs", "Epochs")
        select("data", "Data set")
        number("images", "Training images")
        select("augmentation", "Augmentation", width=200)
        number("seed", "Seed")


def select(name: str, label: str, width: int = 150) -> None:
    """A field for a setting that is one of a few words."""
    st.selectbox(label, CHOICES[name], key=SETTING + name, persist_state="session", width=width)


def number(name: str, label: str, step: float | None = 1) -> None:
    """A field for a setting that is a number."""
    low, high = BOUNDS[name]
    is_whole = isinstance(getattr(Settings, name), int)
    st.number_input(
        label,
        int(low) if is_whole else float(low),
        int(high) if is_whole else float(high),
        step=int(step or 1) if is_whole else step,
        format="%d" if is_whole else "%g",
        key=SETTING + name,
        persist_state="session",
        width=150,
    )


def check(name: str, label: str) -> None:
    """A field for a setting that is on or off."""
    st.checkbox(label, key=SETTING + name, persist_state="session")


def show_network(chosen: Settings) -> None:
    """The network that will be trained, before it is."""
    layers = chosen.layers
    parameters = sum(layer.parameters for layer in layers)
    with st.expander(f"The network: {parameters:,} parameters", icon=":material/schema:"):
        st.table(anatomy.rows(layers))


def start(chosen: Settings | None) -> None:
    """Put a run with these settings into the queue and show it."""
    if chosen is None:
        return
    try:
        preset = st.session_state[session.PRESET]
        run = runs.create(chosen, preset, visitor.owner())
        workers.start()
        session.pick(session.SHOWN_RUN, run.name)
    except (RunError, SettingsError, OSError) as error:
        session.set_run_trouble(str(error))


@st.fragment
def draw_for_training() -> None:
    """Each stroke reruns this: a run of this visitor is then asked about the drawing."""
    canvas.canvas()
    subject = inside.subject()
    st.caption(WATCHED if subject.is_drawn else EXAMPLE)
    run = shown_run()
    if run is not None and run.is_moving and run.belongs_to(visitor.owner()):
        training.watch(run, subject.image)


def shown_run() -> Run | None:
    """Return the run that the visitor looks at; None where there is none."""
    name = st.session_state.get(session.SHOWN_RUN)
    try:
        return runs.read(name) if isinstance(name, str) else None
    except RunError:
        return None


def choose_run() -> None:
    """Let the visitor choose a run to look at: at first the newest, best of all an own one."""
    owner = visitor.owner()
    every = [run for run in runs.every() if run.status != "damaged"]
    names = [run.name for run in every]
    if not names:
        st.info("Nothing was trained yet. Press Train: a run appears here, and moves.")
        session.forget(session.SHOWN_RUN)
        return
    own = [run.name for run in every if run.belongs_to(owner)]
    if st.session_state.get(session.SHOWN_RUN) not in names:
        session.pick(session.SHOWN_RUN, (own or names)[0])
    words = {run.name: training.choice_words(run, owner) for run in every}
    st.selectbox(
        "Run",
        names,
        format_func=lambda name: words[name],
        key=session.SHOWN_RUN,
        persist_state="session",
        width=420,
    )


def watch_run() -> None:
    """The run as it is now; while it works this is shown anew twice a second and more."""
    run = shown_run()
    if run is None:
        return
    history, live = runs.read_history(run.folder), runs.read_live(run.folder)
    st.progress(1.0 if run.status == "done" else history.progress, training.headline(run, history))
    if run.is_moving and run.belongs_to(visitor.owner()):
        training.steer(run)
    training.show_result(run)
    training.show_curves(run, history)
    st.html(training.pictures(run, history, live))
    if session.has_run_trouble():  # it is said beside the button, outside of this fragment
        st.rerun()
    has_just_ended = not run.is_moving and session.was_moving(run.name)
    session.set_moving(run.name if run.is_moving else "")
    if run.status == "queued":
        with contextlib.suppress(OSError):  # what is wrong stands below the button
            workers.start()
    elif has_just_ended:
        st.rerun()


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
            training.download(run)
        if session.network() == run.name:
            st.success(f"“{run.name}” answers on every page now.", icon=":material/check:")
        training.show_code(run)
    if run.belongs_to(visitor.owner()) and not run.is_moving:
        training.manage(run)


left, right = st.columns([1, 2], gap="large")
with left:
    draw_for_training()
with right:
    chosen = choose()
    st.button(
        "Train",
        type="primary",
        icon=":material/model_training:",
        on_click=start,
        args=(chosen,),
        disabled=chosen is None,
        width=200,
    )
    training.show_trouble()
training.warm_up()
st.subheader("What happens", anchor=False)
choose_run()
run = shown_run()
is_moving = run is not None and run.is_moving
st.fragment(watch_run, run_every=REFRESH_SECONDS if is_moving else None)()
if run is not None:
    keep(run)
learning.learn_from_my_hand()
st.fragment(training.compare, run_every=TABLE_SECONDS if is_moving else None)()
visitor.remember()
layout.poll_for_engine()
