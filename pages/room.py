"""A room full of phones: everybody draws, the wall shows what the network reads."""

import streamlit as st

from mnist_app import limits
from mnist_app.analysis import embedding
from mnist_app.classroom import rooms
from mnist_app.classroom.room import Room, RoomError
from mnist_app.ui import layout, resources, session, visitor
from mnist_app.ui.addresses import base_path
from mnist_app.ui.components.room_wall import room_wall
from mnist_app.ui.markup import qr
from mnist_app.ui.parts import phone_address, room_controls

layout.begin("Room", "Everybody draws on a phone, and the wall shows what the network reads.")


def show_door() -> None:
    """Before there is a room: what it is, and how it is opened."""
    if not limits.ROOMS.value():
        st.info("Rooms are switched off on this server.")
        return
    with st.container(horizontal=True, key="room_door"):
        with st.container(key="room_opening"):
            st.markdown(
                "Open a room and show this page on the wall. People scan its QR code or type its "
                "code, draw with a finger, and their phones say at once what the network reads. "
                "One tap sends a drawing to the wall. Nobody needs an account or an app, and a "
                f"room forgets its drawings after {limits.ROOM_HOURS.value()} hours."
            )
            address = phone_address.ask()
            st.button(
                "Open a room",
                type="primary",
                icon=":material/groups:",
                on_click=room_controls.open_room,
            )
        if phone_address.is_reachable(address):
            with st.container(key="room_trial"):
                st.markdown(
                    "**Try it with a phone first.** Scan this code: where the address is right, "
                    "the phone asks for the code on the wall."
                )
                st.image(qr.svg(f"{address}/join"), width="stretch")
    if trouble := session.run_trouble():
        st.error(trouble, icon=":material/error:")


def show_room(room: Room) -> None:
    """The controls, the wall, and the address that phones are sent to."""
    room_controls.show(room)
    wall = st.container()
    address = phone_address.ask()
    link = f"{address}/join?room={room.code}&key={room.key}"
    network = resources.packed_network(embedding.NETWORK)
    with wall:
        room_wall(
            f"{base_path()}/rooms/{room.key}/wall",
            room.code,
            qr.svg(link) if address else "",
            f"{address.split('://')[-1]}/join" if address else "",
            f"{base_path()}/{resources.packed_map().path}",
            f"{base_path()}/{network.path if network else ''}",
            key="room_wall",
            on_hide=room_controls.hide,
        )


try:
    room = rooms.latest(visitor.owner())
except RoomError as error:
    st.error(str(error), icon=":material/error:")
else:
    if room is None:
        show_door()
    else:
        show_room(room)
