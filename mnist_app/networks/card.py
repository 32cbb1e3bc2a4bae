"""A network's card: what it is, what it learned from and how good it is."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from mnist_app.data.datasets import MNIST, SOURCES
from mnist_app.networks import evaluation as evaluations
from mnist_app.networks.architecture import Architecture
from mnist_app.networks.evaluation import Evaluation
from mnist_app.networks.export import architecture_as_json, architecture_from_json
from mnist_app.networks.layers import Layer, count_parameters

ASSETS = Path(__file__).parent.parent / "assets"
"""Where the networks that ship lie, their cards beside them."""
INPUT = "28 x 28 pixels, 0 (black) to 255 (white); the layer `scale` divides by 255"
"""The input of every network here, in words."""

T = TypeVar("T")
# What the types of plain fields look like after JSON.
_PLAIN: dict[Any, Any] = {str: str, int: int, float: int | float, bool: bool}


class CardError(ValueError):
    """A card that cannot be read; the message is a sentence for the person."""


@dataclass(frozen=True)
class TrainingDetails:
    """How a network was trained, as far as its card says it."""

    network: str
    """The name of its architecture: a shipped network's, or "built" of stages."""
    images: int
    """How many images of the data set it learned from."""
    epochs: int
    """How many it has completed."""
    batch_size: int
    seed: int
    learning_rate: float
    """The highest of its schedule."""
    schedule: str = "one cycle"
    optimizer: str = "adam"
    weight_decay: float = 0.0
    beta_2: float = 0.999
    label_smoothing: float = 0.0
    augmentation: str = "none"
    """As in `training.settings`, like all names here."""
    synthetic_digits: int = 0
    """How many digits that the program writes joined the images in each epoch."""
    negatives: int = 0
    """How many drawings that are no digit joined them."""
    rewritten: int = 0
    """How many digits of people, written anew, joined them."""
    engine: str = "keras"
    start_from: str = ""
    """The network whose weights it started with; empty for random ones."""


@dataclass(frozen=True)
class Card:
    """What a training wrote about its network."""

    name: str
    architecture: Architecture
    layers: tuple[Layer, ...]
    """As they were built."""
    settings: TrainingDetails
    evaluation: Evaluation
    """What was measured of it; the test images of `tested_on` always."""
    data: str
    """What it learned from, in words."""
    input: str = INPUT
    seconds_to_train: float = 0.0
    machine: str = ""
    """Where it was trained, in words."""
    temperature: float = 1.0
    """What its logits were divided by, so that its probabilities are calibrated."""
    reject_below: float = 0.0
    """The top_two_mass, 0 to 1, below which it recognizes no digit; see `prediction`."""
    tested_on: str = MNIST.name
    """The data set that it learned from and was tested on, one of `data.datasets.SOURCES`."""
    tried: tuple[Mapping[str, str], ...] = ()
    """Other recipes and what they gave, a row each."""

    @property
    def parameters(self) -> int:
        """How many parameters all its layers have together."""
        return count_parameters(self.layers)

    @property
    def test_accuracy(self) -> float:
        """The share of the test images of `tested_on` that it gets right, 0 to 1."""
        return self.evaluation.tests[self.tested_on].accuracy

    @property
    def tested_on_title(self) -> str:
        """The name of the data set that it was tested on, for people."""
        return SOURCES[self.tested_on].title


def card_text(card: Card) -> str:
    """Return a card as JSON text; `read_card_text` gives back the same card.

    Raises ValueError where a number in it is not finite.
    """
    values = {one.name: getattr(card, one.name) for one in fields(card)} | {
        "architecture": architecture_as_json(card.architecture),
        "layers": [_without_defaults(layer) for layer in card.layers],
        "settings": asdict(card.settings),
        "evaluation": evaluations.as_json(card.evaluation),
    }
    lines = ",\n".join(
        f"  {json.dumps(name)}: {_indented(value)}" for name, value in values.items()
    )
    return f"{{\n{lines}\n}}\n"


def read_card_text(text: str) -> Card:
    """Return the card that `card_text` made this text of.

    Unknown fields are ignored, since a newer program may have written them; missing ones have
    their defaults. An architecture alone must be known in full, see `export`: else it would be
    another network. Raises CardError for anything else.
    """
    try:
        values = json.loads(text, parse_constant=_refuse)
        card = _known(
            Card,
            values
            | {
                "architecture": architecture_from_json(values["architecture"]),
                "layers": tuple(_layer(layer) for layer in values["layers"]),
                "settings": _known(TrainingDetails, values["settings"]),
                "evaluation": evaluations.from_json(values["evaluation"]),
                "tried": tuple(values.get("tried", ())),
            },
        )
    except KeyError as error:
        raise CardError(f"This card cannot be read: “{error.args[0]}” is missing.") from error
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise CardError(f"This card cannot be read: {error}") from error
    if card.tested_on not in SOURCES or card.tested_on not in card.evaluation.tests:
        raise CardError("This card cannot be read: it does not say how its test images are read.")
    return card


def _known(kind: type[T], values: Mapping[str, Any]) -> T:
    """Make a dataclass of those values that it knows. Raises TypeError for text as a number."""
    known = {one.name: one.type for one in fields(kind)}  # type: ignore[arg-type]
    given = {name: values[name] for name in known if name in values}
    for name, value in given.items():
        expected = _PLAIN.get(known[name], object)
        if not isinstance(value, expected):
            raise TypeError(f"“{name}” has the value {str(value)[:40]!r}.")
    return kind(**given)


def _layer(values: Mapping[str, Any]) -> Layer:
    layer = _known(Layer, values)
    kernel = layer.kernel and (int(layer.kernel[0]), int(layer.kernel[1]))
    connections = tuple(tuple(connected) for connected in layer.connections)
    return replace(layer, shape=tuple(layer.shape), kernel=kernel, connections=connections)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number.")


def _indented(value: object) -> str:
    """Return JSON text of a field; a list has one line for each of its objects."""
    if isinstance(value, list | tuple) and value:
        lines = ",\n".join(f"    {json.dumps(one, allow_nan=False)}" for one in value)
        return f"[\n{lines}\n  ]"
    return json.dumps(value, indent=2, allow_nan=False).replace("\n", "\n  ")


def _without_defaults(layer: Layer) -> dict[str, Any]:
    """Return a layer's fields, without those that most kinds of layers do not have."""
    return {
        one.name: getattr(layer, one.name)
        for one in fields(layer)
        if one.default is MISSING or getattr(layer, one.name) != one.default
    }
