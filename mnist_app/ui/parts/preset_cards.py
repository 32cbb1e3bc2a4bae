"""The presets to choose from: settings that are worth training with, and what each teaches."""

import streamlit as st

from mnist_app.training.presets import PRESETS
from mnist_app.ui import session


def choose() -> str:
    """Let the visitor choose a preset, whose settings fill the fields; return its name."""
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
    return preset
