"""Runs as folders: whose they are, the queue, what is damaged, what is cleaned up."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_app.networks import registry
from mnist_app.storage import home
from mnist_app.training import labeled_drawings, runs
from mnist_app.training.labeled_drawings import HandError
from mnist_app.training.runs import Curve, History, Run, RunError, State
from mnist_app.training.settings import Settings, SettingsError
from tests.support.handwriting import drawn

OWNER = "somebody"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    return tmp_path


def end(run: Run, status: runs.Status = "done", epochs: int = 2) -> None:
    runs.write_state(run.folder, replace(run.state, status=status, whole_epochs=epochs))


def test_a_run_is_what_was_asked_for() -> None:
    made = runs.create(Settings(seed=5), "quick", OWNER)
    read = runs.read(made.name)
    assert (read.name, read.settings.seed, read.status) == ("quick-1", 5, "queued")
    assert read.belongs_to(OWNER)
    assert not read.belongs_to("another")
    assert not read.belongs_to("")


@pytest.mark.parametrize("wrong", [{"epochs": 1000}, {"images": 10**9}, {"network": "../cnn"}])
def test_settings_out_of_bounds_make_no_run(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        runs.create(replace(Settings(), **wrong), "quick", OWNER)
    assert runs.every() == []


def test_two_clicks_at_once_make_one_run() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: runs.create(Settings(), "quick", OWNER), range(8)))
    assert {run.name for run in made} == {"quick-1"}
    with pytest.raises(RunError, match=r"Your run quick-1 is queued\. Wait"):
        runs.create(Settings(seed=2), "quick", OWNER)
    assert runs.create(Settings(), "quick", "another").name == "quick-2"


def test_the_queue_is_in_order_and_one_can_leave_it() -> None:
    made = [runs.create(Settings(), "quick", f"owner {number}") for number in range(3)]
    assert [run.name for run in runs.queue()] == ["quick-1", "quick-2", "quick-3"]
    assert runs.place_in_queue(made[2]) == (3, 3)
    runs.leave_queue(made[0])
    assert runs.place_in_queue(made[2]) == (2, 2)
    assert runs.place_in_queue(made[0]) == (0, 2)
    assert runs.read("quick-1").status == "stopped"


def test_a_run_whose_trainer_died_is_interrupted_and_can_go_on() -> None:
    run = runs.create(Settings(), "quick", OWNER)
    end(run, "running", 1)
    run = runs.read(run.name)
    assert run.status == "interrupted"
    runs.go_on(run)
    assert runs.read(run.name).status == "queued"


def test_while_a_trainer_holds_it_a_run_is_left_alone() -> None:
    run = runs.create(Settings(), "quick", OWNER)
    end(run, "running", 1)
    with runs.alone(run):
        assert runs.read(run.name).status == "running"
        with pytest.raises(RunError, match=r"quick-1 is being trained\. Stop it first\."):
            runs.go_on(run, 1)
        with pytest.raises(RunError, match=r"quick-1 is being trained\. Stop it first\."):
            runs.delete(run.name)
    runs.delete(run.name)
    assert runs.every() == []


def test_more_epochs_begin_a_new_schedule() -> None:
    run = runs.create(Settings(epochs=2), "quick", OWNER)
    end(run)
    run = runs.read(run.name)
    with pytest.raises(RunError, match="has done its 2 epochs"):
        runs.go_on(run)
    runs.go_on(run, 3)
    state = runs.read(run.name).state
    assert (state.first_epoch, state.epochs, state.status) == (2, 5, "queued")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("settings.json", b"{"),
        ("settings.json", b'{"epochs": 100000}'),
        ("settings.json", b"[]"),
        ("state.json", b""),
        ("state.json", b'{"status": "nonsense"}'),
        ("state.json", b'{"status": "done", "epochs": "many"}'),
        ("state.json", b"\xff\xfe\x00"),
    ],
)
def test_a_damaged_folder_is_listed_as_damaged_and_can_be_deleted(
    file: str, content: bytes
) -> None:
    whole = runs.create(Settings(), "quick", OWNER)
    broken = runs.create(Settings(), "quick", "another")
    (broken.folder / file).write_bytes(content)
    assert {run.name: run.status for run in runs.every()} == {
        whole.name: "queued",
        broken.name: "damaged",
    }
    with pytest.raises(RunError, match=r"The folder of the run quick-2 is damaged"):
        runs.read(broken.name)
    runs.delete(broken.name)
    assert [run.name for run in runs.every()] == [whole.name]


@pytest.mark.parametrize("file", ["history.json", "live.npz", "wishes.json", "drawing.npy"])
@pytest.mark.parametrize("content", [b"", b"[1]", b"nonsense", b"PK\x03\x04"])
def test_damaged_pictures_are_no_pictures(file: str, content: bytes) -> None:
    run = runs.create(Settings(), "quick", OWNER)
    (run.folder / file).write_bytes(content)
    assert runs.read_history(run.folder) == History()
    assert len(runs.read_live(run.folder).wrong) == 0
    assert runs.read_wishes(run.folder) == {}
    assert not runs.read_watched(run.folder).any()


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "A", "a b", "-a", "a" * 41, "ä"])
def test_what_is_no_name_is_no_run(name: str) -> None:
    assert not registry.exists(name)
    with pytest.raises(RunError, match="small letters"):
        runs.read(name)


def test_old_runs_are_cleaned_up_and_running_ones_are_not(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "KEPT_RUNS", 2)
    waiting = runs.create(Settings(), "waiting", "another")
    for _ in range(4):
        end(runs.create(Settings(), "quick", OWNER))
    runs.clean_up()
    assert {run.name for run in runs.every()} == {waiting.name, "quick-4", "quick-5"}
    monkeypatch.setattr(runs, "KEPT_SECONDS", -1)
    runs.clean_up()
    assert [run.name for run in runs.every()] == [waiting.name]
    assert own_home.exists()


def test_a_home_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    monkeypatch.setenv("MNIST_APP_HOME", str(file))
    with pytest.raises(RunError, match="cannot be used"):
        runs.create(Settings(), "quick", OWNER)
    assert runs.every() == []


def test_history_and_state_come_back_as_they_were_written() -> None:
    run = runs.create(Settings(), "quick", OWNER)
    history = History(Curve([1], [0.5], [0.25]), Curve([2], [1.0], [0.0]), [(3, 0.1)])
    history.add_opinion(4, np.full(10, 0.1, np.float32))
    runs.write_history(run.folder, history)
    assert runs.read_history(run.folder) == history
    state = State("done", OWNER, time.time(), test_accuracy=0.99, before={"mnist": 0.5})
    runs.write_state(run.folder, state)
    assert json.loads((run.folder / "state.json").read_text())["owner"] == OWNER
    assert runs.read(run.name).state == state


def test_drawings_are_kept_corrected_exported_and_deleted() -> None:
    image, other = drawn(4, 28), drawn(7, 28)
    labeled_drawings.keep(OWNER, image, 9)
    labeled_drawings.keep(OWNER, image, 4)
    labeled_drawings.keep(OWNER, other, 7)
    labeled_drawings.keep("another", image, 1)
    kept = labeled_drawings.drawings(OWNER)
    assert [drawing.label for drawing in kept] == [4, 7]
    assert np.array_equal(kept[0].image, image)
    (home() / "exported.npz").write_bytes(labeled_drawings.exported(kept))
    with np.load(home() / "exported.npz") as arrays:
        assert arrays["images"].shape == (2, 28, 28)
        assert arrays["labels"].tolist() == [4, 7]
    labeled_drawings.delete(OWNER, kept[0].number)
    labeled_drawings.delete("another", kept[1].number)
    assert [drawing.label for drawing in labeled_drawings.drawings(OWNER)] == [7]
    labeled_drawings.delete(OWNER)
    assert labeled_drawings.drawings(OWNER) == []
    assert len(labeled_drawings.drawings("another")) == 1


def test_drawings_that_cannot_be_kept_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HandError, match="a digit from 0 to 9"):
        labeled_drawings.keep(OWNER, drawn(4, 28), 10)
    with pytest.raises(HandError, match="28 × 28"):
        labeled_drawings.keep(OWNER, drawn(4, 280), 4)
    with pytest.raises(HandError, match="Say what some drawings were first"):
        labeled_drawings.teach(OWNER, "cnn")
    monkeypatch.setattr(labeled_drawings, "MOST_DRAWINGS", 1)
    labeled_drawings.keep(OWNER, drawn(4, 28), 4)
    with pytest.raises(HandError, match="1 drawings are kept already"):
        labeled_drawings.keep(OWNER, drawn(5, 28), 5)
    (home() / "hand.sqlite3").write_bytes(b"no database" * 100)
    with pytest.raises(HandError, match="cannot be read or written"):
        labeled_drawings.drawings(OWNER)
