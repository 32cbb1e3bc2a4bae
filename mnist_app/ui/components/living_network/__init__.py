"""The living network: the whole network as one picture, through which the ink flows to the answer.

It moves in the browser alone, with what the element "live" computes there.
"""

from pathlib import Path

from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent)


def living_network(title: str) -> None:
    """Show the network with this title. It hides itself where the browser cannot run it."""
    _ELEMENT(key="living_network", data={"title": title})
