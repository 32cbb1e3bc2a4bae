"""Ten digits: the app asks for each once, and says at the end which the network read."""

import secrets

import streamlit as st

from mnist_app.analysis.ten_digits import MOST_SEEDS, Challenge, DrawnDigit
from mnist_app.inference import Pending, Refused
from mnist_app.networks import registry
from mnist_app.ui import canvas, layout, link_settings, links, session
from mnist_app.ui.components.next_digit import next_digit
from mnist_app.ui.components.share_picture import share_picture
from mnist_app.ui.markup import ten_digits as shown
from mnist_app.ui.parts import asking, ten_digits

FILE = "ten_digits.png"

layout.begin(
    "Ten digits",
    "Can a network read your handwriting?",
    link_settings.CHALLENGE,
)


def begin() -> None:
    """Ask for ten digits in another order."""
    canvas.clear()
    move_to(Challenge(secrets.randbelow(MOST_SEEDS)))


def move_to(challenge: Challenge) -> None:
    """Keep where the visitor is, in the session and in the address, for a reload."""
    session.keep_challenge(challenge)
    links.write(link_settings.CHALLENGE)


def go_on() -> None:
    """Take what is on the canvas, and ask for the next digit."""
    challenge, drawing = session.challenge(), canvas.latest()
    if challenge is None or challenge.is_over:
        return
    if not drawing.has_ink:
        st.toast(f"Draw a {challenge.asked} first, or skip it.", icon=":material/draw:")
        return
    canvas.clear()
    move_to(challenge.with_next(DrawnDigit(drawing.strokes, drawing.image, drawing.problem)))


def skip() -> None:
    """Ask for the next digit."""
    challenge = session.challenge()
    if challenge is not None:
        canvas.clear()
        move_to(challenge.with_next(None))


def go_back() -> None:
    """Ask for the last digit again, with its drawing on the canvas."""
    challenge = session.challenge()
    if challenge is None or not challenge.drawn:
        return
    last = challenge.drawn[-1]
    if last is None:
        canvas.clear()
    elif last.strokes:
        canvas.put_strokes(last.strokes, "")
    else:
        canvas.put(last.image, "")
    move_to(challenge.without_last())


@st.fragment
def draw_digit() -> None:
    """Each stroke reruns this and nothing else; nothing is answered before the end."""
    canvas.show()


def introduce() -> None:
    """What will happen, and the button that begins."""
    st.markdown(
        "You are asked for the digits 0 to 9, each once, in random order. Write as you always do. "
        "The network says at the end what it has read, and which stroke misled it."
    )
    st.button("Start", type="primary", icon=":material/play_arrow:", on_click=begin)
    st.html(shown.all_digits())


def ask_for_digit(challenge: Challenge) -> None:
    """The digit that is asked for, the canvas, and the way to the next."""
    with st.container(key="challenge"):
        with st.container(key="challenge_asked"):
            st.html(shown.prompt(challenge.asked, len(challenge.drawn) + 1))
        draw_digit()
        with st.container(horizontal=True, vertical_alignment="center", key="challenge_steps"):
            st.button("Next", type="primary", key="next_digit", help="Enter", on_click=go_on)
            st.button("Skip", key="skip_digit", on_click=skip)
            st.button("Back", key="last_digit", on_click=go_back, disabled=not challenge.drawn)
        with st.container(key="challenge_tools"):
            canvas.controls(has_example=False)
    next_digit()


@st.fragment
def show_results(challenge: Challenge) -> None:
    """What was read, how good that is, and a picture of it."""
    digits = ten_digits.read(challenge)
    if isinstance(digits, Pending | Refused):
        st.info(asking.why_not(digits), icon=":material/hourglass:")
        return
    drawn = [one for one in digits if one.is_drawn]
    headline = shown.headline(sum(one.is_right for one in drawn), len(drawn))
    with st.container(key="challenge_results"):
        st.subheader(f"{headline}.", anchor=False)
        st.html(shown.shares(ten_digits.shares(digits)))
        st.html(shown.strip(digits))
    with st.container(horizontal=True, vertical_alignment="center", key="challenge_picture"):
        if st.button("Again", type="primary", icon=":material/replay:"):
            begin()
            st.rerun()  # the canvas is no part of this fragment
        if drawn:
            offer_picture(shown.picture(digits, registry.title(session.network())), headline)


def offer_picture(picture: bytes, headline: str) -> None:
    """Let the visitor keep or share a picture, a PNG file."""
    st.download_button(
        "Save as PNG",
        picture,
        file_name=FILE,
        mime="image/png",
        icon=":material/download:",
        on_click="ignore",
    )
    share_picture(picture, FILE, f"{headline}.")


challenge = session.challenge()
if challenge is None:
    introduce()
elif challenge.is_over:
    show_results(challenge)
else:
    ask_for_digit(challenge)
layout.poll_for_inference()
