"""The settings of a training as fields, and the network that they describe."""

import streamlit as st

from mnist_app.networks.layers import count_parameters
from mnist_app.networks.registry import NETWORKS
from mnist_app.training import settings
from mnist_app.training.settings import BOUNDS, BUILT, CHOICES, Settings, SettingsError
from mnist_app.ui import session
from mnist_app.ui.markup.network_words import table_rows
from mnist_app.ui.markup.numbers import count
from mnist_app.ui.session import SETTING

_NETWORK_TITLES = {BUILT: "Built from stages"} | {
    name: network.title for name, network in NETWORKS.items()
}


def choose() -> Settings | None:
    """Let the visitor change all settings; return them, None where they cannot be trained with."""
    left, right = st.columns(2)
    with left, st.expander("Settings", icon=":material/tune:"):
        _show_fields()
    try:
        chosen = settings.read(session.chosen_settings())
    except SettingsError as error:
        st.error(str(error), icon=":material/tune:")
        return None
    with right:
        _show_network(chosen)
    return chosen


def _show_fields() -> None:
    """All settings, with what each may be."""
    with st.container(horizontal=True):
        _select("network", "Network", width=200, titles=_NETWORK_TITLES)
        _select(
            "engine",
            "Trained by",
            width=200,
            titles={"keras": "Keras", "tensorflow": "TensorFlow by hand"},
        )
    if st.session_state[SETTING + "network"] == BUILT:
        with st.container(horizontal=True):
            _number("stages", "Stages")
            _number("filters", "Filters in stage 1")
            _number("kernel", "Kernel size")
            _number("pool", "Pool size")
            _number("pool_stride", "Pool stride")
            _number("dense", "Dense units")
            _number("dropout", "Dropout", step=0.1)
            _select("activation", "Activation")
        st.checkbox("Batch normalization", key=SETTING + "batch_norm", persist_state="session")
    with st.container(horizontal=True):
        _select("optimizer", "Optimizer")
        if st.session_state[SETTING + "optimizer"] == "adamw":
            _number("weight_decay", "Weight decay", step=None)
        _number("learning_rate", "Learning rate", step=None)
        _select("schedule", "Schedule")
        _number("batch_size", "Batch size")
        _number("epochs", "Epochs")
        _select("data", "Data set")
        _number("images", "Training images")
        _select("augmentation", "Augmentation", width=220)
        _number("seed", "Seed")


def _select(name: str, label: str, width: int = 150, titles: dict[str, str] | None = None) -> None:
    """A field for a setting that is one of a few words."""
    st.selectbox(
        label,
        CHOICES[name],
        format_func=lambda choice: (titles or {}).get(choice, choice),
        key=SETTING + name,
        persist_state="session",
        width=width,
    )


def _number(name: str, label: str, step: float | None = 1) -> None:
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


def _show_network(chosen: Settings) -> None:
    """The network that will be trained, before it is."""
    parameters = count(count_parameters(chosen.layers))
    with st.expander(f"The network: {parameters} parameters", icon=":material/schema:"):
        st.table(table_rows(chosen.layers))
