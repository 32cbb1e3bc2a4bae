"""Corrupting the digit: its control, and what the networks in the browser are told of it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import streamlit as st

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging import corruptions
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.imaging.image_files import as_base64
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.ui import session
from mnist_app.ui.components import corruption as control
from mnist_app.ui.drawing import Drawing

# How many steps of the noise's pattern, 16 bits each, a standard deviation has.
NOISE_STEPS = 4096


def choose_name() -> str:
    """Let the visitor choose a corruption; return its name."""
    name: str = st.segmented_control(
        "Corruption",
        list(CORRUPTIONS),
        format_func=lambda name: CORRUPTIONS[name].title,
        default=next(iter(CORRUPTIONS)),
        required=True,
        label_visibility="collapsed",
        key=session.CORRUPTION,
        persist_state="session",
    )
    return name


def choose_strength(name: str, subject: Drawing) -> float:
    """Let the visitor choose how strong it is, and show the corrupted digit.

    Each corruption keeps its own strength. While the slider moves, the browser answers alone.
    """
    corruption = CORRUPTIONS[name]
    strength = session.strength(name, corruption.neutral)
    control.show(
        name,
        corruption,
        strength,
        corruption.apply(subject.image, strength),
        on_change=lambda value: session.pick_strength(name, value),
    )
    return strength


def prepare(name: str, strength: float) -> dict[str, Any]:
    """Return what happens to the image in the browser, see `components.live`."""
    asked = {"kind": "corrupt", "name": name, "strength": strength, "comparesWithUnprepared": True}
    if CORRUPTIONS[name].apply is corruptions.add_noise:
        pattern = NOISE_STEPS * corruptions.noise((IMAGE_SIDE, IMAGE_SIDE))
        asked["noise"] = as_base64(np.rint(pattern).astype("<i2").tobytes())
    return asked


def read_by_most(digits: Iterable[int]) -> int:
    """Return the digit that most networks read; of two that as many read, the smaller one."""
    return int(np.bincount(list(digits), minlength=CLASSES).argmax())
