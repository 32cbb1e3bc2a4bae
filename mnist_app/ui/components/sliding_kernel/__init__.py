"""A kernel slides over an image: the image, the kernel to edit and its result in one row.

Which kernel, its weights and how it slides change in the browser at once, while the pen moves, too;
they are reported afterwards. Below are the kernels that a network has learned, and their maps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from mnist_app.imaging import convolution
from mnist_app.imaging.convolution import (
    LARGEST_ENTRY,
    LARGEST_STRIDE,
    PADDINGS,
    PRESETS,
    SIDES,
    Array,
    Kernel,
    KernelChoice,
)
from mnist_app.imaging.image_files import as_base64
from mnist_app.imaging.normalize import Image
from mnist_app.lessons.elements import Starts
from mnist_app.networks.layers import Layer, window_of
from mnist_app.ui.element import WINDOWS_SCRIPT, element
from mnist_app.ui.markup.network_words import activation_in_words

CONSTANTS = {
    "PRESETS": {
        name: {
            "sentence": preset.sentence,
            "kernels": {
                side: [float(weight) for weight in convolution.preset(name, side).ravel()]
                for side in SIDES
            },
        }
        for name, preset in PRESETS.items()
    },
    "LARGEST_ENTRY": LARGEST_ENTRY,
    "LARGEST_STRIDE": LARGEST_STRIDE,
    "PADDINGS": PADDINGS,
}
"""What the browser knows without being told at each stroke."""
USES = (WINDOWS_SCRIPT,)
_ELEMENT = element(Path(__file__).parent, CONSTANTS, USES)


@dataclass(frozen=True)
class LearnedKernels:
    """The kernels of a convolution that has one input map."""

    network: str
    """The network's name."""
    layer: Layer
    """The convolution."""
    trained: Sequence[Kernel]
    """Its kernels as they were learned."""
    before: Layer
    """The layer whose output it takes."""
    source: Array
    """That output, shape (rows, columns)."""
    activation: str
    """What follows directly, see `networks.layers.activate`; empty for nothing."""

    def name(self, number: int) -> str:
        """Return what a kernel is called among the visitor's edits."""
        return learned_name(self.network, self.layer, number)


def sliding_kernel(
    image: Image,
    learned: LearnedKernels | None,
    chosen: KernelChoice,
    edited: Mapping[str, Kernel],
    key: str,
    on_choose: Callable[[KernelChoice], None],
    on_edit: Callable[[Mapping[str, Kernel]], None],
    awaited: int = 0,
    starts: Starts = "whole",
    turn: str = "",
) -> None:
    """Show what a kernel makes of an image, and let the visitor choose and edit it.

    Args:
        image: The digit, uint8 (28, 28).
        learned: What the chosen network has learned; None where it has no convolution, or where
            that is not known yet.
        chosen: Which kernel slides at first; from then on the browser knows better, until the
            turn is another.
        edited: The kernels that the visitor has changed before, by `preset_name` or
            `LearnedKernels.name`; from then on the browser knows better.
        key: Streamlit's key of the element.
        on_choose: Called with what the visitor chooses.
        on_edit: Called with all changed kernels of those that are shown here.
        awaited: How many learned kernels will come; place is kept for them.
        starts: Whether the result is there at first, is empty, or fills by itself.
        turn: Another text begins anew, with what is chosen; a lesson has one for each step.
    """
    originals = kernels_by_name(learned)

    def report_choice() -> None:
        found = read_choice(_sent(key, "chosen"), len(learned.trained) if learned else 0)
        if found is not None:
            on_choose(found)

    def report_edits() -> None:
        found = read_edits(_sent(key, "edited"), originals)
        if found is not None:
            on_edit(found)

    _ELEMENT(
        key=key,
        data={
            "image": as_base64(image.tobytes()),
            "chosen": asdict(chosen),
            "learned": learned and _data(learned),
            "awaited": awaited,
            "starts": starts,
            "turn": turn,
            "edited": {name: _kernel(edited[name]) for name in originals if name in edited},
        },
        on_chosen_change=report_choice,
        on_edited_change=report_edits,
    )


def preset_name(name: str, side: int) -> str:
    """Return what a well-known kernel is called among the visitor's edits."""
    return f"{name} {side}"


def learned_name(network: str, layer: Layer, number: int) -> str:
    """Return what a network's kernel is called among the visitor's edits."""
    return f"{network} {layer.name} {number}"


def kernels_by_name(learned: LearnedKernels | None) -> dict[str, Kernel]:
    """Return all kernels that are shown, unchanged, by what edits call them."""
    presets = {
        preset_name(name, side): (convolution.preset(name, side), 0.0)
        for name in PRESETS
        for side in SIDES
    }
    if learned is None:
        return presets
    return presets | {learned.name(number): one for number, one in enumerate(learned.trained)}


def _data(learned: LearnedKernels) -> dict[str, Any]:
    size, stride, padding = window_of(learned.layer)
    return {
        "name": f"{learned.network} {learned.layer.name}",
        "layer": learned.layer.name,
        "before": learned.before.name,
        "shape": learned.before.shape[:2],
        "source": as_base64(learned.source.astype("<f4").tobytes()),
        "side": size[0],
        "stride": stride,
        "padding": padding,
        "hasBias": learned.layer.has_bias,
        "function": learned.activation,
        "activation": activation_in_words(learned.activation),
        "kernels": [_kernel(kernel) for kernel in learned.trained],
    }


def _kernel(kernel: Kernel) -> dict[str, Any]:
    weights, bias = kernel
    return {"weights": as_base64(weights.astype("<f4").tobytes()), "bias": bias}


def _sent(key: str, name: str) -> object:
    return getattr(st.session_state[key], name, None)


def read_choice(sent: object, count: int) -> KernelChoice | None:
    """Return what was chosen, where it is possible: a browser can send anything."""
    if not isinstance(sent, dict):
        return None
    preset, side, stride, padding, learned = (
        sent.get(name) for name in ("preset", "side", "stride", "padding", "learned")
    )
    if preset not in list(PRESETS) or side not in list(SIDES) or padding not in list(PADDINGS):
        return None
    if type(side) is not int or type(stride) is not int or not 1 <= stride <= LARGEST_STRIDE:
        return None
    if learned is not None and (type(learned) is not int or not 0 <= learned < count):
        return None
    return KernelChoice(str(preset), side, stride, padding, learned)


def read_edits(sent: object, originals: Mapping[str, Kernel]) -> dict[str, Kernel] | None:
    """Return the changed kernels among those that were sent, without those that cannot be."""
    if not isinstance(sent, dict):
        return None
    found = {
        name: _read_kernel(sent[name], original)
        for name, original in originals.items()
        if name in sent
    }
    return {name: kernel for name, kernel in found.items() if kernel is not None}


def _read_kernel(sent: object, original: Kernel) -> Kernel | None:
    weights, bias = (
        (sent.get("weights"), sent.get("bias")) if isinstance(sent, dict) else (None, None)
    )
    if not isinstance(weights, list) or len(weights) != original[0].size:
        return None
    if not all(_is_entry(number) for number in (*weights, bias)):
        return None
    kernel = np.array(weights, np.float32).reshape(original[0].shape), float(bias or 0)
    is_other = bool((kernel[0] != original[0]).any()) or kernel[1] != original[1]
    return kernel if is_other else None


def _is_entry(number: object) -> bool:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    return abs(number) <= LARGEST_ENTRY
