"""Fool it: change a digit with as little ink as possible until the network says another."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.explain.strokes import changed_share
from mnist_app.ui import session, why_session
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup.numbers import exact_percent


def show(subject: Drawing, probabilities: NDArray[np.float32]) -> None:
    """The rules, the game that goes on, and the best ones so far."""
    answer = int(probabilities.argmax())
    if subject.is_example:
        st.info("Draw a digit first. Then fool the network with it.", icon=":material/draw:")
        return
    game = why_session.game()
    if game is None:
        offer(subject, answer)
    else:
        go_on(*game, subject, answer)
    for (first, last), share in sorted(why_session.best_scores().items(), key=lambda one: one[1]):
        st.markdown(f"{first} → {last} with {exact_percent(share)} of its ink")


def offer(subject: Drawing, answer: int) -> None:
    """Let the visitor choose a digit and begin."""
    others = [digit for digit in range(CLASSES) if digit != answer]
    if st.session_state.get(why_session.GAME_DIGIT) not in others:
        session.pick(why_session.GAME_DIGIT, others[-1])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            f"Make it say, in place of {answer},",
            others,
            required=True,
            key=why_session.GAME_DIGIT,
        )
        wanted = others[-1] if chosen is None else chosen
        st.button(
            "Begin",
            type="primary",
            icon=":material/play_arrow:",
            on_click=why_session.set_game,
            args=((subject, answer, wanted),),
        )
    st.caption("Add as little ink as you can to your digit until the network is fooled.")


def go_on(begun: Drawing, first: int, wanted: int, subject: Drawing, answer: int) -> None:
    """Say how far the visitor is."""
    share = changed_share(begun.normalized.ink, subject.normalized.ink)
    if answer == wanted and share > 0:
        keep_best(first, wanted, share)
        st.success(
            f"Fooled! It says {wanted} with {exact_percent(share)} of the digit’s ink changed.",
            icon=":material/emoji_events:",
        )
    else:
        st.info(
            f"It says {answer}. Make it say {wanted}. So far {exact_percent(share)} of the ink "
            "is changed.",
            icon=":material/stylus:",
        )
    st.button("End this game", icon=":material/stop:", on_click=why_session.set_game, args=(None,))


def keep_best(first: int, last: int, share: float) -> None:
    """Keep a game that took less ink than all before."""
    best = why_session.best_scores()
    best[first, last] = min(share, best.get((first, last), np.inf))
