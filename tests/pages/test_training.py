"""The training page without a browser: who may do what, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnist_app import limits, storage, workers
from mnist_app.inference import Inference
from mnist_app.networks import registry
from mnist_app.networks.layers import count_parameters
from mnist_app.storage import RUNS
from mnist_app.training import leases, runs, slots
from mnist_app.training.presets import PRESETS
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import Run
from mnist_app.training.settings import BOUNDS, Settings
from mnist_app.training.slots import Slot
from tests.support.apptest import (
    SCRIPT,
    by_label,
    component,
    draw,
    go_to,
    open_app,
    press,
    run,
    text_of,
)

CARD = registry.read_artifact("cnn", "card") or b""


@pytest.fixture(autouse=True)
def own_home(
    inference: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Runs of other tests are none of these; what waits stays waiting: the worker is away."""
    inference.process_id()  # a process that starts now would look for all runs in this folder
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    monkeypatch.setattr(slots, "LEASE_SECONDS", 3600.0)
    assert Slot(0).take()
    yield
    storage.close()


def training_page() -> AppTest:
    return go_to(open_app(), "training")


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def run_on_stage(app: AppTest) -> str:
    return str(component(app, "stage")["run"])


def unfold(app: AppTest) -> AppTest:
    """Open what is folded while a run is on the stage."""
    app.session_state["folded"] = True
    return run(app)


def finish(run: Run, card: bytes = b"") -> None:
    """Let a run end as a worker ends it."""
    taken = leases.claim_next("worker")
    assert taken is not None
    assert taken.name == run.name
    artifacts = {"card": card} if card else {}
    Recorder(taken, "worker").finish("done", artifacts, completed_epochs=2)


def test_nothing_is_trained_yet_and_then_a_run_waits() -> None:
    app = training_page()
    assert "No network has been trained yet" in app.info[0].value
    press(app, "Train")
    [made] = runs.list_runs()
    assert made.name == "quick-1"
    assert made.settings == PRESETS["quick"].settings
    assert run_on_stage(app) == "quick-1"
    assert "Train" not in buttons(app)
    runs.leave_queue(made.name, made.owner)
    assert "Train" in buttons(run(app))


def test_a_second_training_waits_for_the_first_to_end() -> None:
    app = unfold(press(training_page(), "Train"))
    app.segmented_control(key="preset").set_value("overfit").run()
    press(app, "Train")
    assert "Your run quick-1 is" in app.error[0].value
    assert len(runs.list_runs()) == 1


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_shows_its_lesson_and_its_network(preset: str) -> None:
    app = training_page()
    app.segmented_control(key="preset").set_value(preset).run()
    assert not app.exception
    assert PRESETS[preset].lesson in [text.value for text in app.markdown]
    parameters = count_parameters(PRESETS[preset].settings.layers)
    assert f"The network: {parameters:,} parameters" in [e.label for e in app.expander]


def test_a_network_that_cannot_be_built_is_refused() -> None:
    app = training_page()
    app.number_input(key="setting_stages").set_value(3).run()
    app.number_input(key="setting_kernel").set_value(9).run()
    assert not app.exception
    assert "smaller than its window" in app.error[0].value
    assert by_label(app.button, "Train").disabled


@pytest.mark.parametrize(
    ("name", "value"), [("epochs", 1000), ("learning_rate", -1.0), ("batch_size", 10**9)]
)
def test_numbers_sent_past_the_fields_are_not_trained_with(name: str, value: float) -> None:
    """The field itself falls back to a bound; a run is made, with a number that it may have."""
    app = training_page()
    app.session_state[f"setting_{name}"] = value
    press(app, "Train")
    [run] = runs.list_runs()
    low, high = BOUNDS[name]
    assert low <= getattr(run.settings, name) <= high


def test_settings_that_do_not_fit_together_make_no_run() -> None:
    """The field allows it, for EMNIST's sake: the program's own check refuses it."""
    app = training_page()
    app.number_input(key="setting_images").set_value(100_000).run()
    assert "57,000" in app.error[0].value
    assert by_label(app.button, "Train").disabled
    assert runs.list_runs() == []


def test_others_can_see_a_run_and_not_touch_it() -> None:
    made = runs.create(Settings(), "quick", "somebody else")
    app = training_page()
    assert run_on_stage(app) == "quick-1"
    assert not component(app, "stage")["isOwn"]
    assert "Train" in buttons(app)
    finish(made)
    app.run()
    assert not {"Delete", "Train more", "Resume"} & set(buttons(app))
    assert app.table[-1].value["Started by"].tolist() == ["somebody else"]


def test_what_is_switched_off_is_said_and_all_else_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finish(runs.create(Settings(), "quick", "somebody else"), CARD)
    for switch in (limits.TRAINING, limits.LABELING, limits.UPLOADS):
        monkeypatch.setenv(switch.variable, "off")
    app = open_app()
    text = text_of(draw(app, 4))
    assert "Labeling drawings is switched off on this server." in text
    assert "Bringing pictures is switched off on this server." in text
    assert not [one for one in app.segmented_control if one.label.startswith("Was it right")]
    go_to(app, "training")
    assert "Training is switched off on this server." in text_of(app)
    assert not {"Train", "Train more", "Fine-tune on my handwriting"} & set(buttons(app))
    assert run_on_stage(app) == "quick-1"
    assert "Use this network" in buttons(app)
    assert "Nothing can be trained" not in text_of(app)


def test_where_no_worker_is_runs_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.TRAINERS.variable, "0")
    assert "No worker is there" not in text_of(training_page())  # one is, on another machine
    with storage.writing() as connection:
        connection.execute(storage.WORKERS.delete())
    app = press(training_page(), "Train")
    assert "No worker is there at the moment" in text_of(app)
    assert run_on_stage(app) == "quick-1"


def test_a_run_that_cannot_be_read_harms_no_other() -> None:
    whole = runs.create(Settings(), "quick", "somebody else")
    broken = runs.create(Settings(), "quick", "yet another")
    with storage.writing() as connection:
        chosen = RUNS.update().where(RUNS.c.id == broken.number)
        connection.execute(chosen.values(settings={"epochs": 10**6}))
    app = training_page()
    assert not app.exception
    states = dict(zip(app.table[-1].value["Run"], app.table[-1].value["State"], strict=True))
    assert states == {whole.name: "queued", broken.name: "damaged"}
    assert run_on_stage(app) == whole.name


def test_a_home_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    monkeypatch.setenv("MNIST_APP_HOME", str(file))
    app = training_page()
    assert not app.exception
    assert "Nothing can be trained now" in text_of(app)
    press(app, "Train")
    assert "cannot be used" in text_of(app)
    assert str(tmp_path) not in text_of(app)
    assert "Errno" not in text_of(app)


def test_a_worker_that_cannot_start_is_said_without_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "worker-0.log").mkdir()
    with storage.writing() as connection:
        connection.execute(storage.WORKERS.delete())
    monkeypatch.setattr(workers, "_children", {})
    text = text_of(press(training_page(), "Train"))
    assert "cannot start a process that trains" in text
    assert str(tmp_path) not in text
    assert "directory" not in text


def test_an_interrupted_run_is_said_and_resumed() -> None:
    app = press(training_page(), "Train")
    [run] = runs.list_runs()
    assert leases.claim_next("worker") is not None
    with storage.writing() as connection:
        connection.execute(RUNS.update().values(lease_until=1.0))
    app.run()
    assert "Its worker process ended" in text_of(app)
    press(app, "Resume")
    assert runs.read(run.name).status == "queued"


def test_a_deleted_network_is_replaced_by_the_usual_one() -> None:
    app = press(training_page(), "Train")
    [run] = runs.list_runs()
    finish(run, CARD)
    press(app.run(), "Use this network")
    assert app.selectbox(key="network").value == run.name
    runs.delete(run.name, run.owner)
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    app.session_state["network"] = run.name
    app.run()
    assert not app.exception
    assert app.selectbox(key="network").value == "cnn"
