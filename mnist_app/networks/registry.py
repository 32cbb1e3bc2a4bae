"""Which networks exist, and what is kept of each: those that ship, and those trained here.

A network consists of artifacts: its card, its weights, and what was measured of it. Those that
ship lie beside the program, those of runs in the store.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_app.networks.card import ASSETS, Card
from mnist_app.networks.card import read_card as read_card_in
from mnist_app.storage import home, write_whole

Kind = Literal["card", "weights", "scores"]
_SUFFIXES: dict[Kind, str] = {
    "card": "json",
    "weights": "weights.h5",
    "scores": "scores.npz",
}


class NetworkError(Exception):
    """A network that is not there or cannot be read; the message is a sentence for the person."""


@dataclass(frozen=True)
class Shipped:
    """A network that ships with the program, in words."""

    title: str
    """What pages call it."""
    summary: str
    """What kind of network it is."""


NETWORKS: dict[str, Shipped] = {
    "cnn": Shipped("Small CNN", "Two convolutions, each followed by max pooling"),
    "champion": Shipped("Big CNN", "Five convolutions: the most accurate one here"),
    "lenet": Shipped("LeNet-5 (1998)", "The network that read checks in the 1990s"),
    "rnn": Shipped("Row reader (RNN)", "Reads the image row by row, from the top"),
    "mlp": Shipped("No convolution (MLP)", "Three dense layers"),
    "softmax": Shipped("One layer", "A single dense layer with a softmax"),
}
"""The networks that ship with the program, by the name that the command line takes."""
DEFAULT_NETWORK = "cnn"


def title(name: str) -> str:
    """Return what pages call a network: a run is called by its own name."""
    return NETWORKS[name].title if name in NETWORKS else name


def exists(name: str) -> bool:
    """Say whether there is a network `name` that can answer."""
    return name in NETWORKS or (version(name) > 0 and _is_readable(name, version(name)))


def version(name: str) -> int:
    """Return a number that is another when a network is another; 0 where it never changes.

    A run may learn more. 0 also where there is no network `name`.
    """
    try:
        return 0 if name in NETWORKS else _file(name, "card").stat().st_mtime_ns
    except OSError:
        return 0


def read_card(name: str) -> Card:
    """Return a network's card. Raises NetworkError where there is none."""
    try:
        return read_card_in(name, _file(name, "card").parent)
    except (OSError, ValueError, TypeError, KeyError):
        raise NetworkError(f"There is no network {name}.") from None


def read_artifact(name: str, kind: Kind) -> bytes | None:
    """Return what is kept of a network, or None where nothing is."""
    try:
        return _file(name, kind).read_bytes()
    except OSError:
        return None


def write_artifact(name: str, kind: Kind, content: bytes) -> None:
    """Keep something of a network. Raises OSError."""
    write_whole(_file(name, kind), content)


@contextmanager
def weights_file(name: str) -> Iterator[Path]:
    """Give a file, NAME.weights.h5, with a network's weights. Raises NetworkError for none."""
    file = _file(name, "weights")
    if not file.exists():
        raise NetworkError(f"The network {name} is not there any more. Choose another one.")
    yield file


@functools.lru_cache(256)
def _is_readable(name: str, version: int) -> bool:  # noqa: ARG001
    try:
        read_card(name)
    except NetworkError:
        return False
    return True


def _file(name: str, kind: Kind) -> Path:
    folder = ASSETS if name in NETWORKS else home() / "runs" / name
    return folder / f"{name}.{_SUFFIXES[kind]}"
