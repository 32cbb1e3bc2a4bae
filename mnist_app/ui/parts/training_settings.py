"""The settings of a training as fields, and the network that they describe."""

import streamlit as st

from mnist_app.networks.layers import count_parameters
from mnist_app.training import settings
from mnist_app.training.settings import BOUNDS, BUILT, CHOICES, Settings, SettingsError
from mnist_app.ui import session
from mnist_app.ui.markup import setting_words
from mnist_app.ui.markup.network_words import table_rows
from mnist_app.ui.markup.numbers import count
from mnist_app.ui.markup.setting_words import FIELDS
from mnist_app.ui.session import SETTING


def choose() -> Settings | None:
    """Let the visitor change all settings; return them, None where they cannot be trained with."""
    with st.container(horizontal=True, key="training_settings"):
        with st.expander("Settings", icon=":material/tune:"):
            _show_fields()
        try:
            now = chosen()
            _show_network(now)
        except SettingsError as error:
            st.error(str(error), icon=":material/tune:")
            return None
    return now


def chosen() -> Settings:
    """Return what stands in the fields at this moment. Raises SettingsError.

    In a callback it knows what was clicked a moment ago, before the page was shown again.
    """
    return settings.read(session.chosen_settings())


def _show_fields() -> None:
    """All settings, with what each may be."""
    with st.container(horizontal=True):
        _select("network", 200)
        _select("engine", 200)
    if st.session_state[SETTING + "network"] == BUILT:
        with st.container(horizontal=True):
            for name in ("stages", "filters", "kernel", "pool", "pool_stride", "dense"):
                _number(name)
            _number("dropout", step=0.1)
            _select("activation")
        st.checkbox(
            FIELDS["batch_norm"].label,
            key=SETTING + "batch_norm",
            persist_state="session",
            help=FIELDS["batch_norm"].about,
        )
    with st.container(horizontal=True):
        _select("optimizer", 200)
        if st.session_state[SETTING + "optimizer"] == "adamw":
            _number("weight_decay", step=None)
        _number("learning_rate", step=None)
        _select("schedule")
        _number("batch_size")
        _number("epochs")
    with st.container(horizontal=True):
        _select("data")
        _number("images")
        _select("augmentation", 260)
        _number("label_noise", step=0.1)
        _number("seed")


def _select(name: str, width: int = 164) -> None:
    """A field for a setting that is one of a few words."""
    st.selectbox(
        FIELDS[name].label,
        CHOICES[name],
        format_func=lambda choice: setting_words.CHOICES[name].get(choice, choice),
        key=SETTING + name,
        persist_state="session",
        width=width,
        help=FIELDS[name].about,
    )


def _number(name: str, step: float | None = 1) -> None:
    """A field for a setting that is a number."""
    low, high = BOUNDS[name]
    is_whole = isinstance(getattr(Settings, name), int)
    st.number_input(
        FIELDS[name].label,
        int(low) if is_whole else float(low),
        int(high) if is_whole else float(high),
        step=int(step or 1) if is_whole else step,
        format="%d" if is_whole else "%g",
        key=SETTING + name,
        persist_state="session",
        width=164,
        help=FIELDS[name].about,
    )


def _show_network(chosen: Settings) -> None:
    """The network that will be trained, before it is."""
    parameters = count(count_parameters(chosen.layers))
    with st.expander(f"The network: {parameters} parameters", icon=":material/schema:"):
        st.table(table_rows(chosen.layers))
