"""What a scene can show: an element of a page and its state, as the header of a scene says it.

Each class is a kind of element; its fields are the names that may stand in a header.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mnist_app.imaging.convolution import LARGEST_STRIDE, PRESETS, Padding, PoolingRule
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.networks.registry import DEFAULT_NETWORK, NETWORKS, read_card

Starts = Literal["whole", "empty", "playing"]


class LessonError(ValueError):
    """A scene or a lesson that cannot be shown; the message says where and what is wrong."""


@dataclass(frozen=True)
class Reading:
    """What a network reads in the drawing."""

    network: str = DEFAULT_NETWORK
    shows: Literal["canvas", "digit", "bars"] = "bars"


@dataclass(frozen=True)
class Pixels:
    """The 784 numbers; `bytes` adds one of them in detail."""

    shows: Literal["numbers", "bytes"] = "numbers"


@dataclass(frozen=True)
class SlidingKernel:
    """A kernel that slides over the digit: a well-known one, or one that the network learned."""

    preset: str = "Sobel vertical"
    stride: int = 1
    padding: Padding = "valid"
    learned: int | None = None
    starts: Starts = "whole"
    """Whether the result is there, is still empty, or fills by itself."""


@dataclass(frozen=True)
class Columns:
    """A network's layers as columns."""

    network: str = DEFAULT_NETWORK
    layers: tuple[str, ...] = ()
    """Those that are shown; all where none is named."""


@dataclass(frozen=True)
class PoolingBench:
    """The digit before and after pooling."""

    rule: PoolingRule = "max"
    size: int = 2
    stride: int = 2


@dataclass(frozen=True)
class Flow:
    """A network as one picture through which the ink flows."""

    network: str = DEFAULT_NETWORK


@dataclass(frozen=True)
class Corrupted:
    """The digit made harder to read, and what networks read then."""

    name: str = "shift"
    strength: float = 0.0
    networks: tuple[str, ...] = ("softmax", "mlp", "cnn")
    """Three or more: what most read in the digit as it is counts as right."""


@dataclass(frozen=True)
class DigitMap:
    """The map of MNIST's training images, with the drawing on it."""


@dataclass(frozen=True)
class Loss:
    """The network's ten probabilities, the label beside them, and the loss."""

    network: str = DEFAULT_NETWORK
    shows: Literal["answer", "label", "loss"] = "loss"


@dataclass(frozen=True)
class Training:
    """A network that learns while one watches."""

    preset: str = "quick"


@dataclass(frozen=True)
class LearningStep:
    """One step of gradient descent on the drawing."""

    network: str = DEFAULT_NETWORK
    scene: Literal["forward", "loss", "backward", "update"] = "forward"


@dataclass(frozen=True)
class Memorizing:
    """What many steps on a single digit do to it and to all others."""

    network: str = DEFAULT_NETWORK
    shows: Literal["digit", "both"] = "both"


@dataclass(frozen=True)
class Mistakes:
    """Test images that a network reads wrong."""

    network: str = DEFAULT_NETWORK


@dataclass(frozen=True)
class LookedAt:
    """What of the drawing speaks for the answer."""

    network: str = DEFAULT_NETWORK
    shows: Literal["window", "occlusion", "maps"] = "maps"
    """A window to hide parts with; beside it what all places of the window say; three maps."""
    randomized: int = 0
    """How many layers, from the answer back, have random weights."""


@dataclass(frozen=True)
class ChangedMind:
    """The strokes with the least ink with which a network says another digit."""

    network: str = DEFAULT_NETWORK
    shows: Literal["one", "all"] = "all"
    """The strokes to the digit that is likely next, or those to all digits."""


@dataclass(frozen=True)
class FoolingNoise:
    """Noise that makes a network say the digit that is likely next."""

    network: str = DEFAULT_NETWORK
    shows: Literal["one", "all"] = "all"
    """Whether the other networks answer, too."""


@dataclass(frozen=True)
class Dreaming:
    """The image that excites a unit, a map or a digit most, and the images that do."""

    network: str = DEFAULT_NETWORK
    layer: str = "logits"
    number: int | None = None
    """The unit's or the map's, from 0; None for the digit that the network reads."""


@dataclass(frozen=True)
class Results:
    """Published results on MNIST, by year."""


Element = (
    Reading
    | Pixels
    | SlidingKernel
    | Columns
    | PoolingBench
    | Flow
    | Corrupted
    | DigitMap
    | Loss
    | Training
    | LearningStep
    | Memorizing
    | Mistakes
    | LookedAt
    | ChangedMind
    | FoolingNoise
    | Dreaming
    | Results
)
KINDS: dict[str, type[Element]] = {
    "reading": Reading,
    "pixels": Pixels,
    "kernel": SlidingKernel,
    "columns": Columns,
    "pooling": PoolingBench,
    "flow": Flow,
    "corruption": Corrupted,
    "map": DigitMap,
    "loss": Loss,
    "training": Training,
    "step": LearningStep,
    "memorizing": Memorizing,
    "mistakes": Mistakes,
    "evidence": LookedAt,
    "strokes": ChangedMind,
    "noise": FoolingNoise,
    "dream": Dreaming,
    "results": Results,
}
"""What a header calls each kind."""
LARGEST_WINDOW = 6


def read_element(kind: str, state: Mapping[str, str]) -> Element:
    """Return the element of this kind in a state, whose values are texts.

    Raises LessonError for what is unknown or impossible.
    """
    if kind not in KINDS:
        raise LessonError(f"There is no element “{kind}”. Known are {_listed(KINDS)}.")
    element = KINDS[kind]
    hints = get_type_hints(element)
    names = [field.name for field in fields(element)]
    for name in state:
        if name not in names:
            known = _listed(names) if names else "none"
            raise LessonError(f"“{kind}” has no state “{name}”. Known are {known}.")
    found = element(**{name: _read(name, text, hints[name]) for name, text in state.items()})
    _check(found)
    return found


def _read(name: str, text: str, hint: Any) -> Any:  # noqa: ANN401
    """Return a value of the type that its field has."""
    if get_origin(hint) is Literal:
        if text not in get_args(hint):
            raise LessonError(f"“{name}” cannot be “{text}”, only {_listed(get_args(hint))}.")
        return text
    if get_origin(hint) is tuple:
        return tuple(text.split())
    [kind] = [one for one in (get_args(hint) or (hint,)) if one is not NoneType]
    try:
        return kind(text)
    except ValueError:
        raise LessonError(f"“{name}” is a number, not “{text}”.") from None


def _check(element: Element) -> None:
    """Raise LessonError for a state whose values have the right type and still cannot be."""
    for network in [getattr(element, "network", ""), *getattr(element, "networks", ())]:
        _check_known("network", network, ["", *NETWORKS])
    match element:
        case SlidingKernel():
            _check_known("preset", element.preset, PRESETS)
            _check_within("stride", element.stride, LARGEST_STRIDE)
        case PoolingBench():
            _check_within("size", element.size, LARGEST_WINDOW)
            _check_within("stride", element.stride, LARGEST_WINDOW)
        case Corrupted():
            _check_known("name", element.name, CORRUPTIONS)
            low, *_, high = CORRUPTIONS[element.name].strengths
            if not low <= element.strength <= high:
                raise LessonError(f"“strength” is from {low:g} to {high:g} for “{element.name}”.")
        case LookedAt() if element.network:
            learning = [one for one in read_card(element.network).layers if one.parameters]
            if not 0 <= element.randomized <= len(learning):
                raise LessonError(f"“randomized” is from 0 to {len(learning)}.")
        case Dreaming() if element.network:
            layers = {one.name: one for one in read_card(element.network).layers}
            _check_known("layer", element.layer, layers)
            most = layers[element.layer].shape[-1]
            if element.number is not None and not 0 <= element.number < most:
                raise LessonError(f"“number” is from 0 to {most - 1} for “{element.layer}”.")


def _check_known(name: str, value: str, known: Mapping[str, object] | list[str]) -> None:
    if value not in known:
        raise LessonError(f"“{name}” cannot be “{value}”, only {_listed(filter(None, known))}.")


def _check_within(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise LessonError(f"“{name}” is from 1 to {most}, not {value}.")


def _listed(names: Any) -> str:  # noqa: ANN401
    return ", ".join(map(str, names))
