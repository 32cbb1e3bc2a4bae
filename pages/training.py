"""Train a network and watch it learn: start it, steer it, keep it."""

import streamlit as st

from mnist_app import limits, workers
from mnist_app.networks import registry
from mnist_app.networks.layers import count_parameters
from mnist_app.networks.registry import NETWORKS
from mnist_app.storage import StorageError
from mnist_app.training import runs, settings
from mnist_app.training.history import read_history, read_snapshot
from mnist_app.training.presets import PRESETS
from mnist_app.training.run import Run, RunError
from mnist_app.training.settings import BOUNDS, BUILT, CHOICES, Settings, SettingsError
from mnist_app.ui import canvas, layout, session, visitor
from mnist_app.ui.markup.network_words import table_rows
from mnist_app.ui.markup.numbers import count
from mnist_app.ui.parts import fine_tuning, inside, run_controls, run_table, run_view
from mnist_app.ui.session import SETTING
from mnist_app.workers import WorkerError

REFRESH_SECONDS = 0.4
TABLE_SECONDS = 3.0
WATCHED = "While it learns, the network is asked about your digit; without one, about a 7."
NETWORK_TITLES = {BUILT: "Built from stages"} | {
    name: network.title for name, network in NETWORKS.items()
}

layout.begin("Training", "A network starts by guessing. Press Train and watch it learn.")
canvas.controls()


def choose_settings() -> Settings | None:
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
    left, right = st.columns(2)
    with left, st.expander("Settings", icon=":material/tune:"):
        change_settings()
    try:
        chosen = settings.read(session.chosen_settings())
    except SettingsError as error:
        st.error(str(error), icon=":material/tune:")
        return None
    with right:
        show_network(chosen)
    return chosen


def change_settings() -> None:
    """All settings, with what each may be."""
    with st.container(horizontal=True):
        select("network", "Network", width=200, titles=NETWORK_TITLES)
        select(
            "engine",
            "Trained by",
            width=200,
            titles={"keras": "Keras", "tensorflow": "TensorFlow by hand"},
        )
    if st.session_state[SETTING + "network"] == BUILT:
        with st.container(horizontal=True):
            number("stages", "Stages")
            number("filters", "Filters in stage 1")
            number("kernel", "Kernel size")
            number("pool", "Pool size")
            number("pool_stride", "Pool stride")
            number("dense", "Dense units")
            number("dropout", "Dropout", step=0.1)
            select("activation", "Activation")
        st.checkbox("Batch normalization", key=SETTING + "batch_norm", persist_state="session")
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
        select("augmentation", "Augmentation", width=220)
        number("seed", "Seed")


def select(name: str, label: str, width: int = 150, titles: dict[str, str] | None = None) -> None:
    """A field for a setting that is one of a few words."""
    st.selectbox(
        label,
        CHOICES[name],
        format_func=lambda choice: (titles or {}).get(choice, choice),
        key=SETTING + name,
        persist_state="session",
        width=width,
    )


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


def show_network(chosen: Settings) -> None:
    """The network that will be trained, before it is."""
    parameters = count(count_parameters(chosen.layers))
    with st.expander(f"The network: {parameters} parameters", icon=":material/schema:"):
        st.table(table_rows(chosen.layers))


def start(chosen: Settings | None) -> None:
    """Put a run with these settings into the queue and show it."""
    if chosen is None:
        return
    try:
        run = runs.create(chosen, st.session_state[session.PRESET], visitor.owner())
        session.pick(session.SHOWN_RUN, run.name)
        workers.start()
    except (RunError, SettingsError, StorageError, WorkerError) as error:
        session.set_run_trouble(str(error))


@st.fragment
def draw_for_training() -> None:
    """Each stroke reruns this: a run of this visitor is then asked about the drawing."""
    drawing = canvas.show()
    run = shown_run()
    if run is not None and run.is_active and run.belongs_to(visitor.owner()):
        run_controls.watch(run, inside.subject(drawing).image)


def set_up() -> None:
    """Let the visitor choose what is trained, and start it."""
    chosen = choose_settings()
    if not limits.TRAINING.is_on():
        st.info(runs.SWITCHED_OFF, icon=":material/model_training:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Train",
            type="primary",
            icon=":material/model_training:",
            on_click=start,
            args=(chosen,),
            disabled=chosen is None,
            width=200,
        )
        st.caption(WATCHED, width="content")


def show_run(run: Run | None, titles: dict[str, str]) -> None:
    """The run that the visitor looks at, another one to choose, and what can be done with it."""
    st.fragment(watch_run, run_every=REFRESH_SECONDS if run and run.is_active else None)()
    choose_run(titles)
    if run is not None:
        keep(run)


def shown_run() -> Run | None:
    """Return the run that the visitor looks at; None where there is none."""
    name = st.session_state.get(session.SHOWN_RUN)
    try:
        return runs.read(name) if isinstance(name, str) else None
    except RunError:
        return None


def titles_of_runs() -> dict[str, str]:
    """Return the runs that can be looked at, the newest first, with what each is called.

    One of them is the one that is shown: at first the newest, best of all an own one.
    """
    owner = visitor.owner()
    shown = shown_run()
    every = [run for run in runs.list_runs(owner) if run.status != "damaged"]
    if shown is not None and shown.status != "damaged":
        every.append(shown)  # where newer ones of others have come
    own = [run.name for run in every if run.belongs_to(owner)]
    titles = {run.name: f"{run.name} (yours)" if run.name in own else run.name for run in every}
    if not titles:
        session.forget(session.SHOWN_RUN)
    elif st.session_state.get(session.SHOWN_RUN) not in titles:
        session.pick(session.SHOWN_RUN, (own or list(titles))[0])
    return titles


def choose_run(titles: dict[str, str]) -> None:
    """Let the visitor choose a run to look at."""
    if not titles:
        if limits.TRAINING.is_on():
            st.info("No network has been trained yet. Press Train and watch it learn.")
        return
    st.selectbox(
        "Run",
        list(titles),
        format_func=titles.__getitem__,
        key=session.SHOWN_RUN,
        persist_state="session",
        width=420,
    )


def watch_run() -> None:
    """The run as it is now; while it is active this is shown again twice a second and more."""
    run = shown_run()
    if run is None:
        return
    history = read_history(run, visitor.owner())
    st.progress(1.0 if run.status == "done" else run.progress, run_view.headline(run))
    if run.is_active and run.belongs_to(visitor.owner()):
        run_controls.steer(run)
    run_view.show_result(run)
    run_view.show_curves(run, history)
    run_view.show_snapshot(run, history, read_snapshot(run, visitor.owner()))
    if session.has_run_trouble():  # it is said beside the button, outside of this fragment
        st.rerun()
    has_just_ended = not run.is_active and session.was_active(run.name)
    session.set_active(run.name if run.is_active else "")
    if run.status == "queued" and limits.TRAINING.is_on():
        keep_workers()
    elif has_just_ended:
        st.rerun()


def keep_workers() -> None:
    """Start workers that have ended; what is wrong stands below the button Train."""
    try:
        workers.start()
    except (StorageError, WorkerError):
        return


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
            run_controls.download(run)
        if session.network() == run.name:
            st.success(f"“{run.name}” answers on every page now.", icon=":material/check:")
        run_controls.show_code(run)
    if run.belongs_to(visitor.owner()) and not run.is_active:
        run_controls.manage(run)


with layout.beside_canvas():
    draw_for_training()
    with st.container():
        run_controls.show_trouble()
        run_controls.warm_up()
        titles = titles_of_runs()
        run = shown_run()
        is_active = run is not None and run.is_active
        if is_active:  # what one came to see comes first
            show_run(run, titles)
            set_up()
        else:
            set_up()
            show_run(run, titles)
        fine_tuning.show()
        st.fragment(run_table.compare, run_every=TABLE_SECONDS if is_active else None)()
layout.end("mnist", "what it learns from")
layout.poll_for_inference()
