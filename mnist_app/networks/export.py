"""An architecture as plain objects for JSON, and back: for cards, and for the browser.

It is a list with an object for each layer in order, the "kind" and its numbers by name:

    [{"kind": "rescaling", "name": "scale", "divisor": 255.0}, ...,
     {"kind": "dense", "name": "logits", "units": 10, "activation": ""}, ...]

Nothing is left out that has a default, so that whoever reads it needs to know none.
"""

import functools
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from mnist_app.networks.architecture import Architecture
from mnist_app.networks.layer_specs import (
    Activation,
    AddChannel,
    ArchitectureError,
    BatchNormalization,
    Connections,
    Convolution,
    Dense,
    DepthwiseScale,
    Dropout,
    Flatten,
    LastRow,
    LayerSpec,
    Pooling,
    Recurrent,
    Rescaling,
    Softmax,
    ZeroPadding,
)

KINDS: dict[str, type[LayerSpec]] = {
    "rescaling": Rescaling,
    "add_channel": AddChannel,
    "zero_padding": ZeroPadding,
    "convolution": Convolution,
    "pooling": Pooling,
    "depthwise_scale": DepthwiseScale,
    "batch_normalization": BatchNormalization,
    "activation": Activation,
    "recurrent": Recurrent,
    "last_row": LastRow,
    "flatten": Flatten,
    "dropout": Dropout,
    "dense": Dense,
    "softmax": Softmax,
}
_NAMES = {spec: name for name, spec in KINDS.items()}
LARGEST = 1_000_000
"""The largest number that a field may have."""


def architecture_as_json(architecture: Architecture) -> list[dict[str, Any]]:
    """Return an object for each layer; `architecture_from_json` gives back the same network."""
    return [
        {"kind": _NAMES[type(spec)]}
        | {field.name: _as_json(getattr(spec, field.name)) for field in fields(spec)}
        for spec in architecture
    ]


def architecture_from_json(objects: object) -> Architecture:
    """Return the network that `architecture_as_json` made these objects of.

    Raises ArchitectureError for anything else, also for unknown kinds and fields: without them it
    would be another network.
    """
    if not isinstance(objects, list | tuple):
        raise ArchitectureError("An architecture is a list of layers.")
    return tuple(_spec(values, f"Layer {n}") for n, values in enumerate(objects, start=1))


def _spec(values: object, place: str) -> LayerSpec:
    if not isinstance(values, dict):
        raise ArchitectureError(f"{place} is not an object with a kind and a name.")
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ArchitectureError(
            f"{place} is of the unknown kind {_short(kind)}. Known are: {', '.join(KINDS)}."
        )
    place = f"{place} ({kind})"
    spec, given = KINDS[kind], {name: value for name, value in values.items() if name != "kind"}
    types = _types_of(spec)
    known = [field.name for field in fields(spec)]
    for name in given:
        if name not in known:
            raise ArchitectureError(
                f"{place} has the unknown field {_short(name)}. Known are: {', '.join(known)}."
            )
    for name in known:
        if name not in given:
            raise ArchitectureError(f"{place} lacks the field “{name}”.")
    checked: dict[str, Any] = {
        name: _value(given[name], types[name], f"{place}: {name}") for name in known
    }
    return spec(**checked)


@functools.cache
def _types_of(spec: type[LayerSpec]) -> dict[str, Any]:
    return get_type_hints(spec)


def _value(value: object, expected: Any, place: str) -> object:  # noqa: ANN401
    """Return a field's value as its type wants it. Raises ArchitectureError where it cannot be."""
    if expected == Connections:
        return _connections(value, place)
    if expected is bool:
        if not isinstance(value, bool):
            raise ArchitectureError(f"{place} must be true or false.")
        return value
    if expected is int:
        return _whole_number(value, place)
    if expected is float:
        return _number(value, place)
    if not isinstance(value, str):
        raise ArchitectureError(f"{place} must be text.")
    choices = _choices(expected)
    if choices and value not in choices:
        allowed = ", ".join(f"“{choice}”" for choice in choices)
        raise ArchitectureError(f"{place} must be one of: {allowed}.")
    return value


def _whole_number(value: object, place: str, least: int = 1) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST:
        return value
    raise ArchitectureError(f"{place} must be a whole number from {least} to {LARGEST:,}.")


def _number(value: object, place: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST:
        return float(value)
    raise ArchitectureError(f"{place} must be a number from 0 to {LARGEST:,}.")


def _connections(value: object, place: str) -> Connections:
    rows = _list(value, place)
    return tuple(
        tuple(_whole_number(one, place, least=0) for one in _list(row, place)) for row in rows
    )


def _list(value: object, place: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise ArchitectureError(f"{place} must be a list of lists of numbers.")
    return value


def _choices(expected: Any) -> Sequence[str]:  # noqa: ANN401
    """Return the texts that a Literal, or several of them together, allow; none for any text."""
    if get_origin(expected) is Literal:
        return get_args(expected)
    return [choice for one in get_args(expected) for choice in _choices(one)]


def _as_json(value: object) -> object:
    return [list(row) for row in value] if isinstance(value, tuple) else value


def _short(value: object) -> str:
    return f"“{str(value)[:40]}”"
