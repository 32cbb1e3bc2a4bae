"""A network's card as text: nothing is lost, what is unknown is ignored, accuracy stands once."""

import json
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app.data.datasets import SOURCES
from mnist_app.data.strokes import PENS, POSITIONS, SIZES
from mnist_app.networks import registry
from mnist_app.networks.architecture import ARCHITECTURES, layers_of
from mnist_app.networks.card import (
    ASSETS,
    Card,
    CardError,
    TrainingDetails,
    card_text,
    read_card_text,
)
from mnist_app.networks.evaluation import Confusion, Evaluation, Measurement, StrokeGrid
from mnist_app.networks.registry import NETWORKS, read_card
from mnist_app.training.presets import SHIPPED
from tests.support.architectures import architectures

SHARES = st.floats(0, 1)
DIGITS = st.integers(0, 9)
MEASUREMENTS = st.builds(
    Measurement,
    images=st.integers(0, 10**6),
    accuracy=SHARES,
    rejected=SHARES,
    calibration_error=SHARES,
    per_digit=st.tuples(*[st.none() | SHARES] * 10),
    confusions=st.lists(st.builds(Confusion, DIGITS, DIGITS, st.integers(1, 99))).map(tuple),
)
GRIDS = st.builds(
    StrokeGrid,
    digits=st.integers(1, 10**4),
    accuracy=SHARES.flatmap(
        lambda share: st.just(((((share, 1 - share),) * len(SIZES)),) * len(PENS))
    ),
    usual=MEASUREMENTS,
)
DETAILS = st.builds(
    TrainingDetails,
    network=st.text(),
    images=st.integers(100, 57_000),
    epochs=st.integers(0, 100),
    batch_size=st.integers(8, 2048),
    seed=st.integers(0, 2**31 - 1),
    learning_rate=st.floats(1e-6, 1000),
)


@st.composite
def cards(draw: st.DrawFn) -> Card:
    architecture = draw(architectures())
    tested_on = draw(st.sampled_from(list(SOURCES)))
    tests = draw(st.dictionaries(st.sampled_from(list(SOURCES)), MEASUREMENTS))
    return Card(
        name=draw(st.text()),
        architecture=architecture,
        layers=layers_of(architecture),
        settings=draw(DETAILS),
        evaluation=Evaluation({**tests, tested_on: draw(MEASUREMENTS)}, draw(st.none() | GRIDS)),
        data=draw(st.text()),
        input=draw(st.text()),
        seconds_to_train=draw(st.floats(0, 1e6)),
        machine=draw(st.text()),
        temperature=draw(st.floats(0.25, 4)),
        reject_below=draw(SHARES),
        tested_on=tested_on,
        tried=tuple(draw(st.lists(st.dictionaries(st.text(), st.text()), max_size=2))),
    )


@pytest.fixture
def values() -> dict[str, Any]:
    """A card as JSON objects."""
    return json.loads((ASSETS / "cnn.json").read_text())


@given(cards())
def test_a_card_comes_back_from_its_text_as_it_was(card: Card) -> None:
    assert read_card_text(card_text(card)) == card


@pytest.mark.parametrize("name", NETWORKS)
def test_a_shipped_card_says_how_its_network_was_trained(name: str) -> None:
    card, trained = read_card(name), SHIPPED[name]
    assert card_text(card) == (ASSETS / f"{name}.json").read_text()
    assert card.name == card.settings.network == name
    assert card.architecture == ARCHITECTURES[name]
    assert card.layers == layers_of(card.architecture)
    for field in fields(TrainingDetails):
        if field.name not in ("synthetic_digits", "negatives"):
            assert getattr(card.settings, field.name) == getattr(trained, field.name), field.name
    made = card.settings.synthetic_digits, card.settings.negatives
    assert made == (trained.mixture.synthetic, trained.mixture.negatives)
    for count in (card.settings.images, *made):
        assert f"{count:,}" in card.data
    assert 0 < card.reject_below < 0.9
    assert 0.5 < card.temperature < 1.2


@pytest.mark.parametrize("name", NETWORKS)
def test_a_shipped_network_is_measured_in_every_cell(name: str) -> None:
    card = read_card(name)
    assert card.evaluation.tests["mnist"].images == 10_000
    assert card.test_accuracy == card.evaluation.tests["mnist"].accuracy
    grid = card.evaluation.strokes
    assert grid is not None
    cells = [share for table in grid.accuracy for row in table for share in row]
    assert len(cells) == len(PENS) * len(SIZES) * len(POSITIONS)
    assert grid.mean == pytest.approx(sum(cells) / len(cells))
    assert grid.worst == min(cells) < grid.mean < grid.usual.accuracy


def test_accuracy_and_parameters_stand_in_one_place(values: dict[str, Any]) -> None:
    assert "test_accuracy" not in values
    assert "parameters" not in values
    values["evaluation"]["tests"]["mnist"]["accuracy"] = 0.25
    values["layers"][-2]["parameters"] += 1
    card, before = read_card_text(json.dumps(values)), read_card("cnn")
    assert card.test_accuracy == 0.25
    assert card.parameters == before.parameters + 1


def test_fields_of_a_newer_program_are_ignored(values: dict[str, Any]) -> None:
    before = read_card_text(json.dumps(values))
    tests = values["evaluation"]["tests"]["mnist"]
    some_layer, grid = values["layers"][3], values["evaluation"]["strokes"]
    for place in (values, values["settings"], values["evaluation"], tests, some_layer, grid):
        place["from_the_future"] = {"any": ["thing"]}
    assert read_card_text(json.dumps(values)) == before


def test_what_is_missing_has_its_default(values: dict[str, Any]) -> None:
    optional = {
        *("input", "seconds_to_train", "machine", "temperature", "reject_below", "tested_on"),
        "tried",
    }
    card = read_card_text(json.dumps({n: v for n, v in values.items() if n not in optional}))
    assert (card.temperature, card.reject_below, card.tested_on) == (1.0, 0.0, "mnist")
    assert card.tried == ()
    assert card.test_accuracy == read_card("cnn").test_accuracy
    del values["settings"]["optimizer"]
    assert read_card_text(json.dumps(values)).settings.optimizer == "adam"


@pytest.mark.parametrize(
    "path",
    [
        *(["name"], ["architecture"], ["layers"], ["settings"], ["evaluation"], ["data"]),
        *(["settings", "epochs"], ["evaluation", "tests"], ["evaluation", "tests", "mnist"]),
        *(["evaluation", "tests", "mnist", "accuracy"], ["layers", 3, "shape"]),
        ["architecture", 2, "filters"],
    ],
)
def test_a_card_without_what_it_must_say_is_refused(
    values: dict[str, Any], path: list[Any]
) -> None:
    place: Any = values
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    with pytest.raises(CardError, match="This card cannot be read"):
        read_card_text(json.dumps(values))


def test_an_architecture_with_unknown_parts_is_refused(
    values: dict[str, Any],
) -> None:
    values["architecture"][2]["dilation"] = 2
    with pytest.raises(CardError, match="unknown field “dilation”"):
        read_card_text(json.dumps(values))


@given(st.data())
def test_whatever_stands_in_a_card_it_is_read_or_refused(data: st.DataObject) -> None:
    values = json.loads((ASSETS / "softmax.json").read_text())
    place: Any = values
    while isinstance(place, dict | list) and place:
        steps = list(place) if isinstance(place, dict) else list(range(len(place)))
        step = data.draw(st.sampled_from(steps))
        if data.draw(st.booleans()) or not isinstance(place[step], dict | list):
            junk = st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.integers())
            place[step] = data.draw(junk)
            break
        place = place[step]
    try:
        card = read_card_text(json.dumps(values))
    except CardError:
        return
    assert read_card_text(card_text(card)) == card
    assert isinstance(card.reject_below + card.test_accuracy + card.temperature, float)
    assert f"{card.parameters:,} {card.settings.epochs:,} {card.name.upper()} {card.data.upper()}"


@pytest.mark.parametrize("text", ["", "[]", "null", "7", "{}", "{", "\x00", '{"name": "cnn"}'])
def test_text_that_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(CardError):
        read_card_text(text)


def test_a_newer_measurement_replaces_only_what_it_measured() -> None:
    old = read_card("cnn").evaluation
    other = replace(old.tests["mnist"], accuracy=0.5)
    assert old.updated(Evaluation({"emnist": other})).tests == {**old.tests, "emnist": other}
    assert old.updated(Evaluation({"mnist": other})).tests == {"mnist": other}
    assert old.updated(Evaluation({"mnist": other})).strokes == old.strokes
    assert old.strokes is not None
    grid = replace(old.strokes, digits=1)
    assert old.updated(Evaluation({}, grid)) == Evaluation(old.tests, grid)


def test_what_was_measured_goes_into_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ASSETS / "cnn.json", tmp_path)
    monkeypatch.setattr(registry, "ASSETS", tmp_path)
    before = read_card("cnn")
    measured = Evaluation({"mnist": replace(before.evaluation.tests["mnist"], accuracy=0.5)})
    registry.add_evaluation("cnn", measured)
    after = read_card("cnn")
    assert after.test_accuracy == 0.5
    assert after == replace(before, evaluation=before.evaluation.updated(measured))
