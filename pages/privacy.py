"""What this server keeps of a visitor, for how long, and the button that deletes it."""

from collections.abc import Mapping

import streamlit as st

from mnist_app import limits, logs
from mnist_app.storage import StorageError, owners
from mnist_app.training import runs
from mnist_app.ui import layout, session_record, visitor
from mnist_app.ui.markup.numbers import count

SHOWN = {
    "session_records": "The last drawing on each page that you opened",
    "labeled_drawings": "Drawings that you labeled, with their strokes",
    "runs": "Runs: settings, curves, networks",
    "rooms": "Rooms that you opened, with what people drew there",
}
"""What the store has of a visitor, by the names of its tables."""
LOGGED = "The server’s log has neither drawings nor addresses."
LOGGED_AS_TEXT = "The server’s log has no drawings; where something fails, it may have an address."

layout.begin("Privacy", "What this server keeps of you, for how long, and how to delete it.")


def show_kept(kept: Mapping[str, int]) -> None:
    """What is kept in the store, how much of it is this visitor’s, and for how long."""
    hours = limits.SESSION_HOURS.value()
    how_long = {
        "session_records": f"For {hours} hours, with the chosen network and your place in the "
        "lessons, so that you can go on where you were."
        if hours
        else "It is not kept.",
        "labeled_drawings": "Until you delete them. Nobody else sees them.",
        "runs": f"Until you delete them, or newer ones take their place. {runs.cleanup_rule()} "
        "Others may look at them, except at those that learned from drawings.",
        "rooms": f"For {limits.ROOM_HOURS.value()} hours.",
    }
    st.table(
        [
            {
                "Kept on this server": what,
                "Yours": count(kept[name]),
                "For how long": how_long[name],
            }
            for name, what in SHOWN.items()
        ]
    )


def show_rest() -> None:
    """What is known beside that."""
    st.markdown(
        "You have no name here and no account. This browser is known by a random number in a "
        "cookie, which lasts for a year after your last visit. It is the only key to what is "
        "yours: delete that here before you delete the cookie.\n\n"
        "Of a picture that you bring, the digit on the canvas is kept and nothing else. When you "
        "start a run or open a room, a number made from your address is kept for a day, to count "
        "how many come from there; without this server’s secret nobody can turn it back.\n\n"
        "What you draw on a phone in a room belongs to the room. Whoever opened it can download "
        "it and train a network on it, and it is deleted with the room.\n\n"
        f"{LOGGED if logs.is_json() else LOGGED_AS_TEXT}\n\n"
        "Your browser loads nothing from other servers, and nothing is sent to any."
    )
    if contact := limits.CONTACT.value():
        st.text(f"This server is run by {contact}.")


def wants_deletion() -> bool:
    """Offer to delete all that is this visitor’s; say whether that is wanted."""
    with st.popover("Delete all that is mine", icon=":material/delete_forever:"):
        st.markdown(
            "A run that is being trained ends without a network, and an open room closes for "
            "everybody in it. This cannot be undone."
        )
        return st.button("Delete it for good", type="primary")


def delete() -> None:
    """Delete all that is this visitor’s, and say what that was."""
    session_record.RECORDER.write()  # else what waits to be kept would be kept afterwards
    gone = owners.forget(visitor.owner())
    st.success(
        f"All of it is deleted. Last drawings: {count(gone['session_records'])}. "
        f"Labeled drawings: {count(gone['labeled_drawings'])}. "
        f"Runs with their networks: {count(gone['runs'])}. Rooms: {count(gone['rooms'])}.",
        icon=":material/delete_forever:",
    )


def show_and_delete() -> None:
    """The table, and below it the button that empties it, or what it has deleted."""
    table, below = st.container(), st.empty()
    kept = owners.count(visitor.owner())
    if not any(kept[name] for name in SHOWN):
        below.caption("Nothing is kept of you at the moment.")
    else:
        with below:
            is_wanted = wants_deletion()
        if is_wanted:
            with below:
                delete()
            kept = owners.count(visitor.owner())
    with table:
        show_kept(kept)


try:
    show_and_delete()
except StorageError as error:
    st.error(str(error), icon=":material/error:")
show_rest()
layout.end("draw", "Draw a digit")
