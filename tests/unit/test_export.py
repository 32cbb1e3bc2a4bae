"""Architectures as JSON: nothing is lost on the way there and back, and nothing is guessed."""

import inspect
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.networks import layer_specs
from mnist_app.networks.architecture import ARCHITECTURES, Architecture
from mnist_app.networks.export import KINDS, architecture_as_json, architecture_from_json
from mnist_app.networks.layer_specs import ArchitectureError, LayerSpec
from tests.support.architectures import architectures

CONVOLUTION = {
    "kind": "convolution",
    "name": "conv1",
    "filters": 2,
    "kernel": 3,
    "stride": 1,
    "padding": "valid",
    "bias": True,
    "connections": [[0], [0]],
}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(list(ARCHITECTURES.values())) | architectures())
def test_an_architecture_comes_back_from_json_as_it_was(architecture: Architecture) -> None:
    text = json.dumps(architecture_as_json(architecture), allow_nan=False)
    assert architecture_from_json(json.loads(text)) == architecture


def test_every_kind_of_layer_has_a_name_in_json() -> None:
    specs = [
        one
        for _, one in inspect.getmembers(layer_specs, inspect.isclass)
        if issubclass(one, LayerSpec) and one is not LayerSpec
    ]
    assert sorted(KINDS.values(), key=str) == sorted(specs, key=str)


def test_json_is_a_plain_list_of_kinds_and_named_numbers() -> None:
    objects = architecture_as_json(ARCHITECTURES["softmax"])
    assert objects == [
        {"kind": "rescaling", "name": "scale", "divisor": 255.0},
        {"kind": "flatten", "name": "flatten"},
        {"kind": "dense", "name": "logits", "units": 10, "activation": ""},
        {"kind": "softmax", "name": "probabilities"},
    ]


def test_the_example_is_read() -> None:
    [spec] = architecture_from_json([CONVOLUTION])
    assert spec == layer_specs.Convolution("conv1", 2, 3, connections=((0,), (0,)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "attention"}, "Layer 1 is of the unknown kind “attention”. Known are: resc"),
        ({"kind": ["convolution"]}, "Layer 1 is of the unknown kind"),
        ({"dilation": 2}, r"Layer 1 \(convolution\) has the unknown field “dilation”. Known are"),
        ({"filters": None}, r"Layer 1 \(convolution\): filters must be a whole number from 1"),
        ({"filters": 0}, "filters must be a whole number from 1"),
        ({"filters": 2.0}, "filters must be a whole number from 1"),
        ({"filters": True}, "filters must be a whole number from 1"),
        ({"filters": 10**400}, "filters must be a whole number from 1"),
        ({"bias": 1}, "bias must be true or false"),
        ({"padding": "full"}, "padding must be one of: “valid”, “same”"),
        ({"padding": 1}, "padding must be text"),
        ({"name": 7}, "name must be text"),
        ({"connections": 3}, "connections must be a list of lists of numbers"),
        ({"connections": [3]}, "connections must be a list of lists of numbers"),
        ({"connections": [[-1]]}, "connections must be a whole number from 0"),
    ],
)
def test_what_is_no_layer_is_refused_with_a_sentence(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ArchitectureError, match=sentence) as refused:
        architecture_from_json([CONVOLUTION | changes])
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf"), "0.5", True, None])
def test_what_is_no_number_is_refused(rate: object) -> None:
    with pytest.raises(ArchitectureError, match="rate must be a number from 0"):
        architecture_from_json([{"kind": "dropout", "name": "dropout", "rate": rate}])


@pytest.mark.parametrize("missing", ["name", "filters", "padding", "connections"])
def test_nothing_may_be_left_out(missing: str) -> None:
    values = {name: value for name, value in CONVOLUTION.items() if name != missing}
    with pytest.raises(ArchitectureError, match=f"lacks the field “{missing}”"):
        architecture_from_json([values])


@given(JSON_VALUES | st.lists(st.dictionaries(st.sampled_from([*CONVOLUTION]), JSON_VALUES)))
def test_whatever_json_is_read_is_an_architecture_or_a_sentence(values: object) -> None:
    try:
        read = architecture_from_json(values)
    except ArchitectureError as error:
        said = str(error)
    else:
        said = "."
        assert architecture_from_json(architecture_as_json(read)) == read
    assert said.endswith(".")
