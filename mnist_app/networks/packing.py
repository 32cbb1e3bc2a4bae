"""A network as one file for the browser, where it answers while the pen moves.

The file is the length of a JSON text in four bytes, the text, and the weights: float32, of each
layer in the order of the architecture, as Keras orders and shapes them. All is little-endian. The
text is {"name": ..., "architecture": [...]}, see `networks.export`.
"""

import json
import struct

from mnist_app.networks import registry
from mnist_app.networks.architecture import Architecture
from mnist_app.networks.export import architecture_as_json


def pack(name: str) -> bytes | None:
    """Return the network `name` as such a file; None where its weights are not kept as floats.

    Raises NetworkError where there is no network `name`.
    """
    card = registry.read_card(name)
    weights = registry.read_artifact(name, "floats")
    if weights is None:
        return None
    text = text_of(name, card.architecture)
    return struct.pack("<I", len(text)) + text + weights


def text_of(name: str, architecture: Architecture) -> bytes:
    """Return the JSON text that stands before the weights."""
    about = {"name": name, "architecture": architecture_as_json(architecture)}
    return json.dumps(about, separators=(",", ":")).encode()
