"""Which networks exist, and what is kept of each: those that ship, and those trained here.

A network consists of artifacts: its card, its weights, and what was measured of it. Those that
ship lie beside the program, those of runs in the store.
"""

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mnist_app import storage
from mnist_app.networks.card import ASSETS, Card, card_text, read_card_text
from mnist_app.networks.evaluation import Evaluation
from mnist_app.storage import StorageError

Kind = Literal["card", "weights", "floats", "scores", "keras"]
_SUFFIXES: dict[Kind, str] = {
    "card": "json",
    "weights": "weights.h5",
    "floats": "weights.f32",
    "scores": "scores.npz",
    "keras": "keras",
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
    if name in NETWORKS:
        return True
    now = version(name)
    return now > 0 and _is_readable(name, now)


def version(name: str, kind: Kind = "card") -> int:
    """Return a number that is another when a network, or `kind` of it, is another.

    A run may learn more; what ships never changes and has 0. 0 also where there is no network
    `name`, where nothing of this kind is kept, or the store cannot be read.
    """
    try:
        return 0 if name in NETWORKS else storage.artifact_version(name, kind)
    except StorageError:
        return 0


def read_card(name: str) -> Card:
    """Return a network's card. Raises NetworkError where there is none."""
    text = read_artifact(name, "card")
    try:
        if text is not None:
            return read_card_text(text.decode())
    except (ValueError, TypeError, KeyError):
        raise NetworkError(f"The card of the network {name} cannot be read.") from None
    raise NetworkError(f"There is no network {name}.")


def read_artifact(name: str, kind: Kind) -> bytes | None:
    """Return what is kept of a network, or None where nothing is, or nothing can be read."""
    try:
        if name in NETWORKS:
            return _file(name, kind).read_bytes()
        return storage.read_artifact(name, kind)
    except (OSError, StorageError):
        return None


def write_artifact(name: str, kind: Kind, content: bytes) -> None:
    """Keep something of a network. Raises OSError for one that ships, StorageError for a run."""
    if name in NETWORKS:
        storage.write_whole(_file(name, kind), content)
        return
    with storage.writing() as connection:
        storage.put_artifact(connection, name, kind, content)


def add_evaluation(name: str, measured: Evaluation) -> None:
    """Write what was measured into a network's card; what it says else stays as it is.

    Raises NetworkError where there is no network `name`, and what `write_artifact` raises.
    """
    card = read_card(name)
    card = replace(card, evaluation=card.evaluation.updated(measured))
    write_artifact(name, "card", card_text(card).encode())


@contextmanager
def weights_file(name: str) -> Iterator[Path]:
    """Give a file, NAME.weights.h5, with a network's weights. Raises NetworkError for none."""
    if name in NETWORKS:
        yield _file(name, "weights")
        return
    content = read_artifact(name, "weights")
    if content is None:
        raise NetworkError(f"The network {name} is not there any more. Choose another one.")
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as folder:
        file = Path(folder) / f"{name}.weights.h5"
        file.write_bytes(content)
        yield file


@functools.lru_cache(4096)
def _is_readable(name: str, version: int) -> bool:  # noqa: ARG001
    try:
        read_card(name)
    except NetworkError:
        return False
    return True


def _file(name: str, kind: Kind) -> Path:
    return ASSETS / f"{name}.{_SUFFIXES[kind]}"
