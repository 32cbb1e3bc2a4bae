"""A network's card: what it is, what it learned from and how good it is."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parent / "assets"


def card_file(name: str, folder: Path = ASSETS) -> Path:
    """Return where the card of the network `name` lies in `folder`."""
    return folder / f"{name}.json"


@dataclass(frozen=True)
class Layer:
    """One layer of a network: `shape` is its output's, without the batch."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class Card:
    """What a training wrote about its network."""

    name: str
    layers: tuple[Layer, ...]
    parameters: int
    input: str
    data: str
    settings: dict[str, Any]
    seconds_to_train: float
    machine: str
    test_accuracy: float
    """The share of MNIST's 10,000 test images that it gets right, 0 to 1."""


def read_card(name: str, folder: Path = ASSETS) -> Card:
    """Return the card of the network `name`. Raises FileNotFoundError when there is none."""
    values = json.loads(card_file(name, folder).read_text())
    layers = tuple(
        Layer(layer["name"], layer["kind"], tuple(layer["shape"]), layer["parameters"])
        for layer in values.pop("layers")
    )
    return Card(layers=layers, **values)
