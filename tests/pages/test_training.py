"""The training page without a browser: who may do what, and what is refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnist_app import limits, storage
from mnist_app.inference import Inference
from mnist_app.networks import registry
from mnist_app.networks.layers import count_parameters
from mnist_app.storage import RUNS
from mnist_app.training import labeled_drawings, leases, runs, slots
from mnist_app.training.history import TRAINING, Event
from mnist_app.training.labeled_drawings import LabeledDrawing
from mnist_app.training.presets import PRESETS
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import Run
from mnist_app.training.settings import BOUNDS, Settings, as_dictionary
from mnist_app.training.slots import Slot
from mnist_app.workers import local
from tests.support.apptest import (
    SCRIPT,
    by_label,
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
from tests.support.handwriting import drawn

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
    return str(component(app, "run_stage")["run"])


def unfold(app: AppTest) -> AppTest:
    """Open what is folded while a run is on the stage."""
    app.session_state["folded"] = True
    return run(app)


def choose_preset(app: AppTest, name: str) -> AppTest:
    """Choose a preset as its card does."""
    app.session_state["preset"] = name
    for setting, value in as_dictionary(PRESETS[name].settings).items():
        app.session_state[f"setting_{setting}"] = value
    app.run()
    assert not app.exception
    return app


def see_others(app: AppTest) -> AppTest:
    """See other people's runs, too."""
    app.session_state["others_runs"] = True
    app.run()
    assert not app.exception
    return app


def rows_of(app: AppTest) -> dict[str, str]:
    """Return the runs in the table, each with where it is and whose."""
    tables = [str(html.value) for html in app.html if 'class="lab-runs"' in str(html.value)]
    return dict(re.findall(r'scope="row">(.*?)<small>(.*?)</small>', "".join(tables)))


def finish(run: Run, card: bytes = b"") -> None:
    """Let a run end as a worker ends it."""
    taken = leases.claim_next("worker")
    assert taken is not None
    assert taken.name == run.name
    artifacts = {"card": card} if card else {}
    Recorder(taken, "worker").finish("done", artifacts, completed_epochs=2)


def test_nothing_is_trained_yet_and_then_a_run_waits() -> None:
    app = training_page()
    assert "Your runs will stand here" in app.info[0].value
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
    choose_preset(app, "overfit")
    press(app, "Train")
    assert "Your run quick-1 is" in app.error[0].value
    assert len(runs.list_runs()) == 1


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_is_marked_and_shows_its_network(preset: str) -> None:
    app = choose_preset(training_page(), preset)
    assert component(app, "preset_cards") == {"chosen": preset, "changed": False}
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
    assert component(app, "preset_cards") == {"chosen": "quick", "changed": True}
    assert "57,000" in app.error[0].value
    assert by_label(app.button, "Train").disabled
    assert runs.list_runs() == []


def test_others_can_see_a_run_and_not_touch_it() -> None:
    made = runs.create(Settings(), "quick", "somebody else")
    app = see_others(training_page())
    assert run_on_stage(app) == "quick-1"
    assert not component(app, "run_stage")["isOwn"]
    assert "Train" in buttons(app)
    finish(made)
    app.run()
    assert not {"Delete", "Train more", "Resume"} & set(buttons(app))
    assert rows_of(app) == {"quick-1": "done, by somebody else"}


def test_a_newcomer_sees_nobody_elses_run_unless_he_asks() -> None:
    failed = runs.create(Settings(), "quick", "somebody else")
    taken = leases.claim_next("worker")
    assert taken is not None
    Recorder(taken, "worker").fail("The program failed.")
    app = training_page()
    assert failed.name not in text_of(app)
    assert "stage" not in component_keys(app)
    assert rows_of(app) == {}
    assert "Your runs will stand here" in text_of(app)
    unfold(press(app, "Train"))
    assert rows_of(app) == {"quick-2": "queued"}
    see_others(app)
    assert list(rows_of(app)) == ["quick-2", "quick-1"]
    assert run_on_stage(app) == "quick-2"
    assert app.multiselect(key="compared_runs").value == []


def test_a_run_counts_in_the_table_while_it_trains() -> None:
    app = press(training_page(), "Train")
    taken = leases.claim_next("worker")
    assert taken is not None
    unfold(app)
    assert app.multiselect(key="compared_runs").value == []
    point = Event(TRAINING, 100, (2.3, 0.1))
    Recorder(taken, "worker").record([point], progress=0.4, seconds=12.0)
    app.run()
    assert app.multiselect(key="compared_runs").value == ["quick-1"]
    assert rows_of(app) == {"quick-1": "running, 40%"}
    assert "number 1 of 2<small>12 s</small>" in html_with(app, "lab-runs")


def test_what_learned_from_drawings_is_its_owners_alone() -> None:
    drawings = labeled_drawings.as_npz([LabeledDrawing(1, drawn(4, 28), 4, {})])
    run = runs.create(Settings(), "fine-tuned", "somebody else", drawings)
    finish(run, CARD)
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    for key, sent in (("network", run.name), ("shown_run", run.name), ("others_runs", True)):
        app.session_state[key] = sent
    app.run()
    assert network_choice(app).value == "cnn"
    go_to(app, "training")
    assert "stage" not in component_keys(app)
    assert "Your runs will stand here" in text_of(app)


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
    see_others(go_to(app, "training"))
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
    app = see_others(training_page())
    states = {name: state.split(",")[0] for name, state in rows_of(app).items()}
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
    monkeypatch.setattr(local, "_children", {})
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
    assert network_choice(app).value == run.name
    runs.delete(run.name, run.owner)
    app = AppTest.from_file(str(SCRIPT), default_timeout=60)
    app.session_state["network"] = run.name
    app.run()
    assert not app.exception
    assert network_choice(app).value == "cnn"
