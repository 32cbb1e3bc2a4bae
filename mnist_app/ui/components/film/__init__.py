"""Runs that have ended, one or two, at any moment of their training; what one sees also plays."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mnist_app.ui.components.training_stage import PAINTING
from mnist_app.ui.element import element

_ELEMENT = element(Path(__file__).parent, uses=[PAINTING])


@dataclass(frozen=True)
class Reel:
    """Where the browser finds what there is to see of a run; paths are from the server's root."""

    name: str
    """The run's."""
    state: str
    """How it ended, in a few words, its name among them."""
    result: str
    """What came of it, in a few words; may be empty."""
    film: str
    """The path of all that was kept of it."""
    picture: str
    """The path of the animated PNG."""
    sprite: str
    """The path of the watched images of its data set in one picture; empty for none."""
    labels: str
    """A digit for each of them."""


def show(reels: Sequence[Reel], key: str) -> None:
    """Show one run, or two in step; `key` is Streamlit's of the element."""
    _ELEMENT(key=key, data={"films": [asdict(reel) for reel in reels]})
