"""The training page without a browser: who may do what, and what is refused."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.inference import Inference
from mnist_app.networks import registry
from mnist_app.networks.card import card_text
from mnist_app.training import labeled_drawings, runs
from mnist_app.training.presets import PRESETS
from mnist_app.training.settings import BOUNDS, Settings
from tests.pages.test_draw import draw, open_app
from tests.support.handwriting import drawn


@pytest.fixture(autouse=True)
def own_home(door: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs of other tests are none of these; what waits in the queue waits: the trainer is away."""
    door.process_id()  # a process that starts now would look for all runs in this folder
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    with runs.trainer_slot(0):
        yield


def training_page() -> AppTest:
    return open_app().switch_page("pages/training.py").run()


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def progress(app: AppTest) -> str:
    return str(app.get("progress")[0].proto.text)


def finished(run: runs.Run) -> None:
    """Let a run look as if it had ended, with the curves and no network."""
    runs.write_state(run.folder, replace(run.state, status="done", whole_epochs=2))


def test_nothing_trained_yet_and_then_a_run_waits() -> None:
    app = training_page()
    assert "Nothing was trained yet" in app.info[0].value
    press(app, "Train")
    [run] = runs.every()
    assert run.name == "quick-1"
    assert run.settings == PRESETS["quick"].settings
    assert "quick-1" in progress(app)
    assert "Leave the queue" in buttons(app)
    press(app, "Leave the queue")
    assert runs.read(run.name).status == "stopped"


def test_a_second_training_waits_for_the_first_to_end() -> None:
    app = press(training_page(), "Train")
    app.segmented_control(key="preset").set_value("overfit").run()
    press(app, "Train")
    assert "Your run quick-1 is" in app.error[0].value
    assert len(runs.every()) == 1


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_shows_its_lesson_and_its_network(preset: str) -> None:
    app = training_page()
    app.segmented_control(key="preset").set_value(preset).run()
    assert not app.exception
    assert PRESETS[preset].lesson in [text.value for text in app.markdown]
    parameters = sum(layer.parameters for layer in PRESETS[preset].settings.layers)
    assert f"The network: {parameters:,} parameters" in [e.label for e in app.expander]


def test_a_network_that_cannot_be_built_is_refused() -> None:
    app = training_page()
    app.number_input(key="setting_stages").set_value(3).run()
    app.number_input(key="setting_kernel").set_value(9).run()
    assert not app.exception
    assert "smaller than its window" in app.error[0].value
    assert next(button for button in app.button if button.label == "Train").disabled


@pytest.mark.parametrize(("key", "value"), [("epochs", 1000), ("learning_rate", -1.0)])
def test_numbers_sent_past_the_fields_are_not_trained_with(key: str, value: float) -> None:
    app = training_page()
    app.number_input(key=f"setting_{key}").set_value(value).run()
    press(app, "Train")
    low, high = BOUNDS[key]
    assert all(low <= getattr(run.settings, key) <= high for run in runs.every())


def test_others_can_see_a_run_and_not_touch_it() -> None:
    run = runs.create(Settings(), "quick", "somebody else")
    app = training_page()
    assert "quick-1" in progress(app)
    assert not {"Pause", "Stop and keep what it learned", "Leave the queue"} & set(buttons(app))
    finished(run)
    app.run()
    assert not {"Delete", "Train more"} & set(buttons(app))
    assert app.table[-1].value["Started by"].tolist() == ["somebody else"]


def test_a_damaged_run_is_listed_and_nothing_else_fails() -> None:
    whole = runs.create(Settings(), "quick", "somebody else")
    broken = runs.create(Settings(), "quick", "yet another")
    (broken.folder / "state.json").write_bytes(b"{")
    app = training_page()
    assert not app.exception
    assert app.table[-1].value["State"].tolist() == ["queued", "damaged: cannot be read"]
    assert whole.name in progress(app)


def test_a_home_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    monkeypatch.setenv("MNIST_APP_HOME", str(file))
    app = training_page()
    assert not app.exception
    assert "cannot be written" in app.error[0].value
    press(app, "Train")
    assert "cannot be used" in app.error[0].value


def test_a_drawing_is_said_kept_and_deleted() -> None:
    app = draw(open_app(), 4)
    question = app.segmented_control[0]
    assert question.label.startswith("What was it really?")
    question.set_value(4).run()
    assert "Kept as a 4" in " ".join(caption.value for caption in app.caption)
    app.switch_page("pages/training.py").run()
    assert "1 of your drawings are kept" in " ".join(text.value for text in app.markdown)
    press(app, "Delete all")
    assert "Teach “cnn” my digits" not in buttons(app)


def test_nobody_sees_another_persons_drawings() -> None:
    labeled_drawings.keep("somebody else", drawn(4, 28), 4)
    assert "Delete all" not in buttons(training_page())


def test_a_network_that_was_deleted_is_replaced_by_the_usual_one() -> None:
    app = press(training_page(), "Train")
    [run] = runs.every()
    card = replace(registry.read_card("cnn"), name=run.name)
    registry.write_artifact(run.name, "card", card_text(card).encode())
    finished(run)
    press(app.run(), "Use this network")
    assert app.sidebar.selectbox[0].value == run.name
    runs.delete(run.name)
    app.run()
    assert not app.exception
    assert app.sidebar.selectbox[0].value == "cnn"
