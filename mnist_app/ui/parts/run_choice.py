"""Which runs a visitor sees, and which one he looks at: his own, and others' where he asks."""

import streamlit as st

from mnist_app import limits
from mnist_app.training import runs
from mnist_app.training.run import Run, RunError
from mnist_app.ui import session, visitor

INVITATION = (
    "Your runs will stand here. Press **Train**: a network starts by guessing, and you see how it "
    "learns from its first images on."
)


def shown() -> Run | None:
    """Return the run that the visitor looks at; None where there is none."""
    name = st.session_state.get(session.SHOWN_RUN)
    try:
        return runs.read(name, visitor.owner()) if isinstance(name, str) else None
    except RunError:
        return None


def show(run: Run) -> None:
    """Let the visitor look at a run. Call it before `choose`."""
    session.pick(session.SHOWN_RUN, run.name)
    if not run.belongs_to(visitor.owner()):
        st.session_state[session.OTHERS_RUNS] = True


def visible() -> list[Run]:
    """Return the runs that the visitor sees, the newest first.

    They are his own alone, unless he switched other people's on.
    """
    owner = visitor.owner()
    every = runs.list_runs(owner)
    if st.session_state.get(session.OTHERS_RUNS):
        return every
    return [run for run in every if run.belongs_to(owner)]


def titles() -> dict[str, str]:
    """Return the runs that can be looked at, the newest first, with what each is called.

    One of them is the one that is shown: at first the newest, best of all an own one.
    """
    owner = visitor.owner()
    now = shown()
    every = visible()
    if now is not None and st.session_state.get(session.OTHERS_RUNS):
        every.append(now)  # where newer ones of others have come
    readable = [run for run in every if run.status != "damaged"]
    called = {run.name: title(run) for run in readable}
    if not called:
        session.forget(session.SHOWN_RUN)
    elif st.session_state.get(session.SHOWN_RUN) not in called:
        own = [run.name for run in readable if run.belongs_to(owner)]
        session.pick(session.SHOWN_RUN, (own or list(called))[0])
    return called


def choose(titles: dict[str, str]) -> None:
    """Let the visitor choose one of the runs that `titles` returned, and see others' runs."""
    if not titles and limits.TRAINING.is_on():
        st.info(INVITATION, icon=":material/model_training:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if titles:
            st.selectbox(
                "Run",
                list(titles),
                format_func=lambda name: titles.get(name, name),
                key=session.SHOWN_RUN,
                persist_state="session",
                width=420,
            )
        if runs.has_anybody_else(visitor.owner()):
            st.toggle(
                "Show other people’s runs",
                key=session.OTHERS_RUNS,
                persist_state="session",
                help="Without their drawings, and without what was fine-tuned on them.",
            )


def title(run: Run) -> str:
    """Return what a run is called; this never changes: Streamlit knows a choice by its title."""
    is_own = run.belongs_to(visitor.owner())
    return run.name if is_own else f"{run.name}, somebody else’s"
