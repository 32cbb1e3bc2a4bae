"""Which run the visitor looks at, and choosing another one."""

import streamlit as st

from mnist_app import limits
from mnist_app.training import runs
from mnist_app.training.run import Run, RunError
from mnist_app.ui import session, visitor


def shown() -> Run | None:
    """Return the run that the visitor looks at; None where there is none."""
    name = st.session_state.get(session.SHOWN_RUN)
    try:
        return runs.read(name) if isinstance(name, str) else None
    except RunError:
        return None


def titles() -> dict[str, str]:
    """Return the runs that can be looked at, the newest first, with what each is called.

    One of them is the one that is shown: at first the newest, best of all an own one.
    """
    owner = visitor.owner()
    now = shown()
    every = [run for run in runs.list_runs(owner) if run.status != "damaged"]
    if now is not None and now.status != "damaged":
        every.append(now)  # where newer ones of others have come
    own = [run.name for run in every if run.belongs_to(owner)]
    called = {run.name: f"{run.name} (yours)" if run.name in own else run.name for run in every}
    if not called:
        session.forget(session.SHOWN_RUN)
    elif st.session_state.get(session.SHOWN_RUN) not in called:
        session.pick(session.SHOWN_RUN, (own or list(called))[0])
    return called


def choose(titles: dict[str, str]) -> None:
    """Let the visitor choose one of the runs that `titles` returned."""
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
