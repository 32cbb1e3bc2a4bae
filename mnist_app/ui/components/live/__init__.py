"""The network in the browser: it answers while the pen moves."""

from collections.abc import Sequence
from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def live(url: str, reject_below: float, stroke: str, probabilities: Sequence[float] | None) -> None:
    """Let the network answer in the browser, into the answer that stands on the page.

    Args:
        url: Where the browser finds the network, see `networks.export.pack`.
        reject_below: As on the network's card.
        stroke: Another text after each stroke that the server has read.
        probabilities: What Keras answers to that stroke, ten of them; None where it does not.
    """
    _ELEMENT(
        key="live",
        data={
            "url": url,
            "rejectBelow": reject_below,
            "stroke": stroke,
            "probabilities": probabilities,
        },
    )
