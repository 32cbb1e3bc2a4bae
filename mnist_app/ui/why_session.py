"""What the page Why keeps for one visitor, beside what all pages keep in `session`."""

import streamlit as st

from mnist_app.ui.drawing import Drawing

DIGIT = "why_digit"
LAYER = "why_layer"
RANDOM = "why_random"
QUESTION = "why_question"
NOISE_DIGIT = "noise_digit"
NOISE_STEPS = "noise_steps"
DREAM_LAYER = "dream_layer"
DREAM_NUMBER = "dream_number"
GAME_DIGIT = "game_digit"
QUESTIONS = ("mind", "noise", "dream", "alike", "game")
"""What can be asked: the values of `QUESTION`."""
MOST_BEFORE = 20
"""So many strokes can be taken back, one after the other."""
_ANSWERED = "answered_"
_GAME = "stroke_game"
_BEST = "stroke_game_best"
_BEFORE = "before_taken_stroke"


def answered(name: str, question: object) -> object | None:
    """Return what `keep_answer` kept for this question under `name`; None for another question."""
    kept = st.session_state.get(_ANSWERED + name)
    return kept[1] if kept and kept[0] == question else None


def keep_answer(name: str, question: object, answer: object) -> None:
    """Keep the answer to a question, in the place of the last one under `name`."""
    st.session_state[_ANSWERED + name] = question, answer


def game() -> tuple[Drawing, int, int] | None:
    """Return the drawing with which a game began, what it was read as and what is wanted."""
    begun: tuple[Drawing, int, int] | None = st.session_state.get(_GAME)
    return begun


def set_game(begun: tuple[Drawing, int, int] | None) -> None:
    """Begin a game with a drawing and a digit, or end it."""
    st.session_state[_GAME] = begun


def best_scores() -> dict[tuple[int, int], float]:
    """Return the visitor's best games: (from, to) -> share of the digit's ink, to be changed."""
    best: dict[tuple[int, int], float] = st.session_state.setdefault(_BEST, {})
    return best


def keep_before(drawing: Drawing, canvas: int) -> None:
    """Keep the drawing that a stroke was put onto; `canvas` is the new one's number."""
    earlier = _before(drawing.canvas)
    st.session_state[_BEFORE] = [*earlier, (drawing, canvas)][-MOST_BEFORE:]


def before(canvas: int) -> Drawing | None:
    """Return the drawing that a stroke was put onto; None where that is another canvas."""
    kept = _before(canvas)
    return kept[-1][0] if kept else None


def forget_before(canvas: int) -> None:
    """Forget the last drawing that `keep_before` kept: it is back, on a canvas of this number."""
    earlier = st.session_state[_BEFORE][:-1]
    st.session_state[_BEFORE] = [*earlier[:-1], (earlier[-1][0], canvas)] if earlier else []


def _before(canvas: int) -> list[tuple[Drawing, int]]:
    """Return the drawings that led to the one on a canvas, each with the number of the next one."""
    kept: list[tuple[Drawing, int]] = st.session_state.get(_BEFORE, [])
    return kept if kept and kept[-1][1] == canvas else []
