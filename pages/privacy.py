"""What this server keeps of a visitor, for how long, and the button that deletes it."""

import streamlit as st

from mnist_app import limits, logs
from mnist_app.storage import StorageError, owners
from mnist_app.training import runs
from mnist_app.ui import layout, visitor
from mnist_app.ui.markup.numbers import count

LOGGED = "The server’s log has neither drawings nor addresses."
LOGGED_AS_TEXT = "The server’s log has no drawings; where something fails, it may have an address."

layout.begin("Privacy", "What this server keeps of you, for how long, and how to delete it.")


def show_kept() -> int:
    """What is kept in the store, and how much of it is this visitor's. Returns how much."""
    kept = owners.count(visitor.owner())
    names = ("labeled_drawings", "runs", "rooms", "session_records")
    drawings, own_runs, rooms, pages = (kept[name] for name in names)
    st.table(
        [
            {
                "Kept on this server": "Drawings that you labeled, with their strokes",
                "Yours": count(drawings),
                "For how long": "Until you delete them. Nobody else sees them.",
            },
            {
                "Kept on this server": "Runs: settings, curves, networks",
                "Yours": count(own_runs),
                "For how long": "Until you delete them, or newer ones take their place. "
                f"{runs.cleanup_rule()} Others may look at them, except at those that learned "
                "from drawings.",
            },
            {
                "Kept on this server": "Rooms that you opened, with what people drew there",
                "Yours": count(rooms),
                "For how long": f"For {limits.ROOM_HOURS.value()} hours.",
            },
            {
                "Kept on this server": "The last drawing on each page that you opened",
                "Yours": count(pages),
                "For how long": f"For {limits.SESSION_HOURS.value()} hours, with the chosen "
                "network and your place in the lessons, so that you can go on where you were.",
            },
        ]
    )
    return drawings + own_runs + rooms + pages


def show_rest() -> None:
    """What is known beside that."""
    st.markdown(
        "You have no name here and no account. This browser is known by a random number in a "
        "cookie, which lasts for a year after your last visit. It is the only key to what is "
        "yours: delete that here before you delete the cookie.\n\n"
        "All else that you draw, and pictures that you bring, stay in the server’s memory while "
        "the page is open. When you start a run or open a room, a number made from "
        "your address is kept for a day, to count how many come from there; without this "
        "server’s secret nobody can turn it back.\n\n"
        "What you draw on a phone in a room belongs to the room. Whoever opened it can download "
        "it and train a network on it, and it is deleted with the room.\n\n"
        f"{LOGGED if logs.is_json() else LOGGED_AS_TEXT}\n\n"
        "Your browser loads nothing from other servers, and nothing is sent to any."
    )
    if contact := limits.CONTACT.value():
        st.text(f"This server is run by {contact}.")


def delete() -> None:
    """Delete all that is this visitor’s, and say what that was."""
    gone = owners.forget(visitor.owner())
    st.success(
        f"All of it is deleted. Labeled drawings: {count(gone['labeled_drawings'])}. "
        f"Runs with their networks: {count(gone['runs'])}. Rooms: {count(gone['rooms'])}.",
        icon=":material/delete_forever:",
    )


def offer_deletion() -> None:
    """The table, and below it the button that empties it."""
    table, said = st.container(), st.container()
    with st.popover("Delete all that is mine", icon=":material/delete_forever:"):
        st.markdown(
            "A run that is being trained ends without a network, and an open room closes for "
            "everybody in it. This cannot be undone."
        )
        is_pressed = st.button("Delete it for good", type="primary")
    try:
        with said:
            if is_pressed:
                delete()
        with table:
            is_empty = not show_kept()
        if is_empty and not is_pressed:
            said.caption("Nothing is kept of you at the moment.")
    except StorageError as error:
        said.error(str(error), icon=":material/error:")


offer_deletion()
show_rest()
layout.end("draw", "Draw a digit")
