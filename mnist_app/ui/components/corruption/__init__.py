"""How strongly the digit is corrupted: a slider that is answered while it moves."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from mnist_app.imaging.corruptions import Corruption
from mnist_app.imaging.image_files import as_base64
from mnist_app.imaging.normalize import Image
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def show(
    name: str,
    corruption: Corruption,
    strength: float,
    corrupted: Image,
    on_change: Callable[[float], None],
) -> None:
    """Show the slider and beside it the corrupted digit, uint8 (28, 28).

    While it moves, the element "live" is told the strength, and frames those answers whose network
    reads another digit than most read without the corruption; `on_change` gets it on release.
    """
    key = f"corruption_{name}"
    low, high = corruption.strengths[0], corruption.strengths[-1]

    def report() -> None:
        sent = getattr(st.session_state[key], "strength", None)
        if isinstance(sent, int | float) and low <= sent <= high:
            on_change(float(sent))

    _ELEMENT(
        key=key,
        data={
            "title": corruption.title,
            "unit": corruption.unit,
            "low": low,
            "high": high,
            "step": corruption.step,
            "neutral": corruption.neutral,
            "strength": strength,
            "image": as_base64(corrupted.tobytes()),
        },
        on_strength_change=report,
    )
