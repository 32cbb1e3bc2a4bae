"""What the page Training keeps for one visitor, beside what stands in `session`."""

import streamlit as st

from mnist_app.ui import session

_PREFERRED = "preferred_runs"


def preset() -> str:
    """Return the name of the preset that the visitor chose for his training; empty for none."""
    return str(st.session_state.get(session.PRESET, ""))


def compared_runs(preferred: list[str]) -> list[str]:
    """Return the names of the runs that are compared: `preferred`, until the visitor chooses."""
    kept: list[str] | None = st.session_state.get(session.COMPARED_RUNS)
    before = st.session_state.get(_PREFERRED)
    st.session_state[_PREFERRED] = preferred
    return preferred if kept is None or kept == before else kept
