"""Addresses that say what a page shows: read once when a page begins, made when asked for.

Only what differs from a page that was just opened stands in an address. Whatever else comes with
one opens the page as it usually is, with a sentence: a stranger can send any address.
"""

import logging
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

import streamlit as st

from mnist_app.data import stroke_links
from mnist_app.data.stroke_links import LinkError
from mnist_app.networks.registry import DEFAULT_NETWORK, NETWORKS
from mnist_app.training import runs
from mnist_app.ui import canvas, session, visitor
from mnist_app.ui.components.copy_link import copy_link
from mnist_app.ui.link_values import Setting
from mnist_app.ui.messages import TOO_LONG

LOGGER = logging.getLogger(__name__)
FROM_LINK = "This drawing came with the link."
LONGEST_VALUE = 6000
"""Characters of a part of an address; the longest is that of ten drawings."""
ADDRESS_TOO_LONG = "This link is too long to be meant. The page opens without what it says."
UNREADABLE = "A part of this link cannot be read. What it says about “{name}” is left out."


def open_link(settings: Iterable[Setting]) -> None:
    """Show what the page's address says, once. Call it before anything is shown."""
    given, state = st.query_params.to_dict(), session.links()
    if not given or given == state.opened:
        return
    # A page may say in its own address where it is: what came with the link is not shown again.
    new = {name: text for name, text in given.items() if state.opened.get(name) != text}
    state.opened = given
    known = {setting.name: setting for setting in (_NETWORK, *settings, _DRAWING)}
    if TOO_LONG in new:
        state.trouble = ADDRESS_TOO_LONG
        return
    troubles = [_apply(known[name], new[name]) for name in known if name in new]
    state.trouble = next(filter(None, troubles), "")


def query(settings: Sequence[Setting]) -> str:
    """Return what follows a page's path in the address of what is on the screen."""
    said = urlencode(_said(settings), safe=",:")
    return f"?{said}" if said else ""


def write(settings: Sequence[Setting]) -> None:
    """Put what the page shows into its address, so that a reload shows it again."""
    said = _said(settings)
    st.query_params.from_dict(said)
    session.links().opened = said


def show_notice() -> None:
    """Say what is wrong with the link that was opened, and offer the drawing that it replaced."""
    state = session.links()
    if state.trouble:
        st.warning(state.trouble, icon=":material/link_off:")
    if state.own_drawing is not None:
        with st.container(horizontal=True, vertical_alignment="center", key="set_aside"):
            st.markdown(FROM_LINK, width="content")
            st.button("Back to yours", icon=":material/undo:", on_click=_take_back)


def show_button(settings: Sequence[Setting]) -> None:
    """Show the button that copies the page's address. Call it inside a fragment of its own."""
    copy_link(query(settings), session.links().asked, _count)


def _said(settings: Sequence[Setting]) -> dict[str, str]:
    """Return what an address says now, by name; what is too long for one is left out."""
    values = {setting.name: setting.text() for setting in (_NETWORK, *settings, _DRAWING)}
    return {name: text for name, text in values.items() if 0 < len(text) <= LONGEST_VALUE}


def _apply(setting: Setting, text: str) -> str:
    """Show what an address says of a setting; return a sentence where that cannot be."""
    try:
        if len(text) > LONGEST_VALUE:
            raise ValueError("This is too long.")
        setting.apply(text)
    except LinkError as error:
        return str(error)
    except ValueError as error:
        LOGGER.info("A link's %s cannot be read: %s", setting.name, error)
        return UNREADABLE.format(name=setting.name)
    return ""


def _network_in_address() -> str:
    network = session.network()
    return "" if network == DEFAULT_NETWORK else network


def _choose_network(name: str) -> None:
    if name not in NETWORKS and name not in runs.list_networks(visitor.owner()):
        raise LinkError(
            "The network of this link was trained by somebody else, or is not here any more. "
            f"“{NETWORKS[DEFAULT_NETWORK].title}” answers instead."
        )
    session.choose_network(name)


def _drawing_in_address() -> str:
    drawing = session.drawing()
    return stroke_links.pack(drawing.strokes, drawing.image) if drawing.has_ink else ""


def _put_drawing(text: str) -> None:
    found = stroke_links.unpack(text)
    own = session.drawing()
    session.links().own_drawing = own if own.has_ink else None
    if isinstance(found, bytes):
        canvas.put_strokes(found, FROM_LINK)
    else:
        canvas.put(found, FROM_LINK)


def _take_back() -> None:
    state = session.links()
    if state.own_drawing is not None:
        canvas.put_back(state.own_drawing)
    state.own_drawing = None


def _count() -> None:
    session.links().asked += 1


_NETWORK = Setting("network", _network_in_address, _choose_network)
_DRAWING = Setting("drawing", _drawing_in_address, _put_drawing)
