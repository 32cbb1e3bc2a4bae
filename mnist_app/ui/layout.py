"""What all pages share: how a page begins, the sidebar, and waiting for the network."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_app.inference import InferenceError, Pending, Refused
from mnist_app.networks import registry
from mnist_app.networks.registry import NETWORKS
from mnist_app.training import runs
from mnist_app.ui import garbage, links, resources, session, session_record, visitor
from mnist_app.ui.components.scroll_to_top import scroll_to_top
from mnist_app.ui.link_values import Setting
from mnist_app.ui.markup import style
from mnist_app.ui.markup.numbers import exact_percent

POLL_SECONDS = 0.4
# While the network cannot start, which may take long.
TROUBLE_POLL_SECONDS = 2.0
PAGES = Path(__file__).parents[2] / "pages"


def begin(title: str, introduction: str, settings: Sequence[Setting] = ()) -> None:
    """Begin a page: its title, a sentence below it, and the sidebar. Call it first.

    `settings` are what its address says beside network and drawing: see `ui.link_settings`.
    """
    _leave_other_page()
    session_record.resume()
    links.open_link(settings)
    session_record.begin()
    garbage.leave_out_what_is_loaded()
    st.set_page_config(page_title=f"{title} · MNIST Lab", layout="wide")
    st.html(style.SHEET)
    with st.container(key="beginning"):
        scroll_to_top(session.arrivals())
    with st.container(horizontal=True, key="heading"):
        st.title(title, anchor=False, width="content")
        st.markdown(introduction, width="content")
        with st.container(key="link"):
            st.fragment(_own_on_each_page(lambda: links.show_button(settings)))()
    links.show_notice()
    with st.sidebar:
        _choose_network()
    session_record.note()


def beside_canvas(*, large: bool = False) -> DeltaGenerator:
    """Return the place for the canvas and, right of it, one container with all that comes of it.

    The canvas stays in sight while the rest scrolls; on a phone it comes first. `large` gives it
    half of the screen.
    """
    key = "large_canvas" if large else "page_row"
    return st.container(horizontal=True, wrap=False, key=key)


def end(page: str, label: str) -> None:
    """End a page with the way to another, by its file's name. Call it last."""
    with st.container(horizontal=True, key="next"):
        st.page_link(
            PAGES / f"{page}.py",
            label=f"Next: {label}",
            icon=":material/arrow_forward:",
            icon_position="right",
        )
        st.page_link(PAGES / "privacy.py", label="What is kept here", icon=":material/lock:")


def poll_for_inference() -> None:
    """Rerun the page as soon as the network can answer. Call it last on a page that asks it."""
    reason = _why_not_ready()
    if reason is None and not session.is_polling():
        return
    shown = reason or ""

    def poll() -> None:
        now = _why_not_ready()
        if now != shown:
            session.set_polling(now is not None)
            st.rerun()

    session.set_polling(True)
    seconds = TROUBLE_POLL_SECONDS if shown else POLL_SECONDS
    st.fragment(_own_on_each_page(poll), run_every=seconds)()


def is_ready() -> bool:
    """Say whether an answer would come at once."""
    return _why_not_ready() is None


def wait_for_inference(answer: Pending | Refused) -> None:
    """Let a fragment that got no answer start the polling, unless it would get the same again."""
    is_refused = isinstance(answer, Refused) and is_ready()
    if not (is_refused or session.is_polling()):
        session.set_polling(True)
        st.rerun()


def show_again() -> None:
    """Run the fragment again that calls this, or the whole page where that is running."""
    context = get_script_run_ctx()
    is_fragment = context is not None and bool(context.fragment_ids_this_run)
    st.rerun(scope="fragment" if is_fragment else "app")


def _why_not_ready() -> str | None:
    """Return why no answer can come now, "" while the network starts; None where one can."""
    try:
        return None if resources.inference().is_ready() else ""
    except InferenceError as error:
        return str(error)


def _leave_other_page() -> None:
    """Drop the other page's fragments as soon as the visitor comes from there.

    Streamlit does so only at the end of this run; until then a widget's late message, from a
    field that was left by the click on the link, would run a fragment that is gone, on a blank
    page.
    """
    context = get_script_run_ctx()
    if context is not None and session.comes_from_elsewhere(context.page_script_hash):
        context.fragment_storage.clear()
        session.links().trouble = ""


def _own_on_each_page(function: Callable[[], None]) -> Callable[[], None]:
    """Return a function that is to be a fragment under a name of its own on each page.

    Streamlit knows a fragment by its name and its place. Were it the same on two pages, a rerun
    that was asked for on one and arrives after the way to the other would blank the app.
    """

    @functools.wraps(function)
    def own() -> None:
        function()

    context = get_script_run_ctx()
    own.__qualname__ = f"{function.__qualname__}_{context.page_script_hash if context else ''}"
    return own


def runs_to_choose(chosen: str) -> list[str]:
    """Return the visitor's own runs that can answer, and the network `chosen` if it is another."""
    names = [name for name in runs.list_networks(visitor.owner()) if registry.exists(name)]
    return names if chosen in (*NETWORKS, *names) else [*names, chosen]


def _choose_network() -> None:
    session.take_next_network()
    network = session.network()
    if session.is_new_label(_title_and_accuracy(network)):
        # Streamlit knows a choice by its label, and forgets it when a run has learned more.
        session.choose_network(network)
    names, key = [*NETWORKS, *runs_to_choose(network)], session.network_widget()
    st.selectbox(
        "Network",
        names,
        names.index(network),
        format_func=_title_and_accuracy,
        key=key,
        on_change=session.take_choice,
        args=(key,),
    )
    card = resources.card(network)
    st.caption(
        f"{card.parameters:,} parameters. It reads {exact_percent(card.test_accuracy, 2)} of "
        f"{card.tested_on_title}’s test images correctly."
    )


def _title_and_accuracy(name: str) -> str:
    """Return "Small CNN · 99.50%": a network as people call it, and how accurate it is."""
    accuracy = exact_percent(resources.card(name).test_accuracy, 2)
    return f"{registry.title(name)} · {accuracy}"
