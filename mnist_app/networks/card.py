"""A network's card: what it is, what it learned from and how good it is."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mnist_app.data.datasets import MNIST, SOURCES
from mnist_app.storage import write_whole

ASSETS = Path(__file__).parent.parent / "assets"


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
    activation: str = ""
    """The function that an activation or a dense layer applies; empty where the kind says it."""


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
    """The share of the test images that it gets right, 0 to 1."""
    temperature: float = 1.0
    """What its logits were divided by, so that its probabilities are calibrated."""
    reject_below: float = 0.0
    """The top_two_mass, 0 to 1, below which it recognizes no digit; see `answers`."""
    evaluation: dict[str, Any] = field(default_factory=dict)
    """What `python -m mnist_app evaluate` measured; empty when it was not measured yet."""
    tested_on: str = MNIST.name
    """The data set that it learned from and was tested on, one of `dataset.SOURCES`."""
    tried: tuple[dict[str, str], ...] = ()
    """Other recipes and what they gave, a row each."""

    @property
    def tested_on_title(self) -> str:
        """The name of the data set that it was tested on, for people."""
        return SOURCES[self.tested_on].title


def read_card(name: str, folder: Path = ASSETS) -> Card:
    """Return the card of the network `name`. Raises FileNotFoundError when there is none."""
    values = json.loads(card_file(name, folder).read_text())
    layers = tuple(
        Layer(**(layer | {"shape": tuple(layer["shape"])})) for layer in values.pop("layers")
    )
    return Card(layers=layers, **values)


def add_evaluation(name: str, results: dict[str, Any], folder: Path = ASSETS) -> None:
    """Write what was measured into the card of the network `name`.

    Raises FileNotFoundError when there is none.
    """
    file = card_file(name, folder)
    values = json.loads(file.read_text())
    write_card(name, values | {"evaluation": values.get("evaluation", {}) | results}, folder)


def write_card(name: str, values: dict[str, Any], folder: Path) -> None:
    """Write `values`, the fields of a Card, as the card of the network `name`. Raises OSError."""
    write_whole(card_file(name, folder), (json.dumps(values, indent=2) + "\n").encode())
