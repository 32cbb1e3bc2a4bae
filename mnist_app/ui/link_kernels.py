"""The kernels that a visitor has changed or muted, in an address.

As URL-safe base64: of each kernel its number, two bytes, and a byte that says whether it is muted;
where it is not, its entries and its bias follow, four bytes each. Numbers below FIRST_LEARNED are
well-known kernels', those from there on the chosen network's.
"""

import base64
import binascii
import struct

import numpy as np

from mnist_app.imaging.convolution import LARGEST_ENTRY, PRESETS, SIDES, Kernel
from mnist_app.networks.layers import layers_of_kind
from mnist_app.ui import resources, session
from mnist_app.ui.components.sliding_kernel import learned_name, preset_name

FIRST_LEARNED = 1000
_HEADER = struct.Struct("<HB")
_WELL_KNOWN = [(preset_name(name, side), (side, side)) for name in PRESETS for side in SIDES]


def edited_kernels() -> str:
    """Return what is changed; nothing where nothing is."""
    edited, parts = session.edited_kernels(), []
    for number, (name, _) in _kernels().items():
        if name in edited:
            weights, bias = edited[name]
            is_muted = not (weights.any() or bias)
            values = np.append(weights.ravel(), np.float32(bias)).astype("<f4")
            parts.append(_HEADER.pack(number, is_muted) + (b"" if is_muted else values.tobytes()))
    return base64.urlsafe_b64encode(b"".join(parts)).rstrip(b"=").decode("ascii")


def edit_kernels(text: str) -> None:
    """Change kernels as a text says. Raises ValueError for what cannot be meant."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("These are no kernels.") from error
    kernels, edited, at = _kernels(), {}, 0
    while at < len(content):
        number, is_muted = _HEADER.unpack(
            content[at : at + _HEADER.size].ljust(_HEADER.size, b"\xff")
        )
        at += _HEADER.size
        if number not in kernels:
            raise ValueError("There is no such kernel.")
        name, (rows, columns) = kernels[number]
        if is_muted:
            edited[name] = np.zeros((rows, columns), np.float32), 0.0
            continue
        end = at + 4 * (rows * columns + 1)
        edited[name] = _read(content[at:end], rows, columns)
        at = end
    session.keep_edits(edited, edited)


def _read(content: bytes, rows: int, columns: int) -> Kernel:
    """Return a kernel and its bias."""
    if len(content) != 4 * (rows * columns + 1):
        raise ValueError("A kernel is cut off.")
    values = np.frombuffer(content, "<f4")
    if not (np.abs(values) <= LARGEST_ENTRY).all():  # what is no number is not, either
        raise ValueError("A kernel has an entry that is too large.")
    return values[:-1].reshape(rows, columns).astype(np.float32), float(values[-1])


def _kernels() -> dict[int, tuple[str, tuple[int, int]]]:
    """Return number -> name among the visitor's edits, and rows and columns."""
    known = dict(enumerate(_WELL_KNOWN))
    card = resources.card(session.network())
    layer = next(iter(layers_of_kind(card.layers, "Conv2D")), None)
    if layer is None or layer.kernel is None:
        return known
    learned = [(learned_name(card.name, layer, at), layer.kernel) for at in range(layer.shape[-1])]
    return known | dict(enumerate(learned, FIRST_LEARNED))
