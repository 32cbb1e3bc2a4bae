"""The networks in the browser: they answer while the pen moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_app.networks.prediction import SURE
from mnist_app.ui.element import element
from mnist_app.ui.markup import predictions

CONSTANTS = {"SURE": SURE, "SHOWN_FROM": predictions.SHOWN_FROM, "WORDS": predictions.WORDS}
"""What `live/answers.js` says as `markup.predictions` does."""
_ELEMENT = element(Path(__file__).parent, CONSTANTS)


@dataclass(frozen=True)
class LiveNetwork:
    """A network that answers in the browser."""

    key: str
    """Its answers go into the answers on the page that have this key, see `markup.predictions`."""
    url: str
    """Where the browser finds it, see `networks.packing`."""
    reject_below: float
    """As on the network's card."""
    changes: Mapping[str, Any] | None = None
    """What the visitor changed in it, see `live/changes.js`; None for nothing."""
    probabilities: Sequence[float] | None = None
    """What Keras answers to the last stroke, ten of them; None where it does not."""
    whole: bool = False
    """Whether it gets the whole canvas shrunk instead of the digit: `normalize.scale_whole`."""


def live(
    networks: Sequence[LiveNetwork], stroke: str, prepare: Mapping[str, Any] | None = None
) -> None:
    """Let networks answer in the browser, into the answers that stand on the page.

    Args:
        networks: Of the first one all elements are told what each layer makes.
        stroke: Another text after each stroke that the server has read.
        prepare: None, or what happens to the image before the networks get it, see `live.js`:
            {"kind": "shift", "down": 1, "right": 0}, in pixels, or what happens to the drawing:
            {"kind": "move", "across": 0.5, "down": 0.0}, see `normalize.move_ink`.
    """
    _ELEMENT(
        key="live",
        data={
            "networks": [
                {
                    "key": network.key,
                    "url": network.url,
                    "rejectBelow": network.reject_below,
                    "changes": network.changes,
                    "whole": network.whole,
                }
                for network in networks
            ],
            "stroke": stroke,
            "prepare": prepare,
            "probabilities": {
                network.key: network.probabilities
                for network in networks
                if network.probabilities is not None
            },
        },
    )
