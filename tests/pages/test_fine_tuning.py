"""Fine-tuning beside the canvas, without a browser: what is said before, meanwhile and after."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from mnist_app import limits, storage
from mnist_app.analysis import metrics, scores
from mnist_app.data import datasets
from mnist_app.inference import Inference
from mnist_app.networks import registry
from mnist_app.networks.card import card_text
from mnist_app.training import labeled_drawings, leases, runs, slots
from mnist_app.training.recorder import Recorder
from mnist_app.training.slots import Slot
from mnist_app.ui import visitor
from tests.support.apptest import (
    answers,
    component,
    component_keys,
    draw,
    go_to,
    html_with,
    network_choice,
    open_app,
    press,
    run,
    text_of,
)
from tests.support.handwriting import DIGITS, drawn

OWNER = "the visitor"
KINDS: tuple[registry.Kind, ...] = ("weights", "floats", "scores")


@pytest.fixture(autouse=True)
def own_home(
    inference: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """One visitor; what waits stays waiting: the worker is away."""
    inference.process_id()  # a process that starts now would look for all runs in this folder
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    monkeypatch.setattr(slots, "LEASE_SECONDS", 3600.0)
    monkeypatch.setattr(visitor, "owner", lambda: OWNER)
    assert Slot(0).take()
    yield
    storage.close()


def keep(*labels: int) -> None:
    """Keep so many different drawings."""
    for number, label in enumerate(labels):
        image = drawn(label, 28)
        image[0, number] = 1
        labeled_drawings.keep(OWNER, image, label)


def say_what_it_is(app: AppTest, label: int) -> AppTest:
    question = next(one for one in app.segmented_control if one.label.startswith("Was it right"))
    return run(app, question.set_value(label))


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def end(accuracies: tuple[float, float]) -> str:
    """Let the run that waits end as a worker ends it: here with the weights of another network."""
    run = leases.claim_next("worker")
    assert run is not None
    card = replace(registry.read_card("lenet"), name=run.name)
    artifacts = {"card": card_text(card).encode()}
    for kind in KINDS:
        artifacts[kind] = registry.read_artifact("lenet", kind) or b""
    before, after = ({"mnist": one, "drawings": float(one < 0.99)} for one in accuracies)
    recorder = Recorder(run, "worker")
    recorder.record([], before=before)
    recorder.finish("done", artifacts, after=after, test_accuracy=accuracies[1])
    return run.name


def _is_right(network: str) -> NDArray[np.bool_]:
    """Say which test images a network reads right, by its scores that ship."""
    measured = scores.read(registry.read_card(network))
    assert measured is not None
    return metrics.is_right(measured.probabilities, datasets.load_test().labels)


def test_a_drawing_is_labeled_and_kept_with_its_strokes() -> None:
    app = say_what_it_is(draw(open_app(), 4), 4)
    assert "Kept as a 4" in text_of(app)
    columns = storage.LABELED_DRAWINGS.c
    with storage.reading() as connection:
        [(strokes, label)] = connection.execute(sa.select(columns.strokes, columns.label)).all()
    assert label == 4
    assert [stroke["width"] for stroke in strokes["strokes"]] == [18, 18]
    assert strokes["strokes"][0]["points"][0] == [round(2.8 * x, 1) for x in DIGITS[4][0][0]]
    press(app, "Fine-tune")
    assert [tile["title"] for tile in component(app, "labeled_tiles")["tiles"]] == ["4"]
    assert answers(app)[0] == "4"
    press(app, "Delete all")
    assert labeled_drawings.list_drawings(OWNER) == []
    assert "labeled_tiles" not in component_keys(app)


def test_what_to_think_of_is_said_before() -> None:
    app = press(go_to(open_app(), "training"), "Fine-tune on my handwriting")
    go_to(app, "draw")  # where a browser is already
    assert "eight drawings are a good start" in text_of(app)
    press(app, "Fine-tune now")
    assert "Label some drawings first" in text_of(app)
    keep(7)
    assert "These are few" in text_of(run(app))
    keep(7, 7, 7, 7)
    assert "All of them are labeled 7" in text_of(run(app))
    keep(7, 7, 7, 7, 4)
    assert "mixed with images of its data set" in text_of(run(app))
    labeled_drawings.keep("somebody else", drawn(3, 28), 3)
    assert len(component(run(app), "labeled_tiles")["tiles"]) == 5
    press(app, "Close")
    assert "labeled_tiles" not in component_keys(app)


def test_drawings_are_deleted_where_nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(7, 4)
    for switch in (limits.TRAINING, limits.LABELING):
        monkeypatch.setenv(switch.variable, "off")
    app = press(open_app(), "Fine-tune")
    assert runs.SWITCHED_OFF in text_of(app)
    assert "Fine-tune now" not in buttons(app)
    press(app, "Delete all")
    assert labeled_drawings.list_drawings(OWNER) == []


def test_progress_stands_where_the_button_was() -> None:
    keep(7, 4, 7, 4)
    app = press(press(draw(open_app(), 4), "Fine-tune"), "Fine-tune now")
    assert app.get("progress")[0].proto.text == "It is next."
    assert "Fine-tune now" not in buttons(app)
    app = press(open_app(), "Fine-tune")  # whoever comes back finds it
    assert app.get("progress")[0].proto.text == "It is next."


def test_what_was_forgotten_is_shown_and_undone() -> None:
    """The model process of this test has another home: it is the browser's that answers twice."""
    keep(7, 4, 7, 4)
    app = press(press(draw(open_app(), 4), "Fine-tune"), "Fine-tune now")
    name = end((0.9954, 0.9872))
    run(app)
    run(app)
    assert network_choice(app).value == name
    assert "MNIST: 99.54% before, **98.72%** now" in text_of(app)
    right = [_is_right(network) for network in ("cnn", "lenet")]
    lost, learned = np.sum(right[0] & ~right[1]), np.sum(~right[0] & right[1])
    assert f"it forgot {lost} and learned {learned}" in text_of(app)
    assert html_with(app, "lab-tight").count("<figure") == 16
    press(app, "Take back")
    assert network_choice(app).value == "cnn"
    press(app, "Use again")
    assert network_choice(app).value == name
    press(app, "Fine-tune again")
    assert runs.read("fine-tuned-2").settings.start_from == name
