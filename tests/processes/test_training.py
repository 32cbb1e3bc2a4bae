"""Training in real trainer processes: what is learned, what is watched, and what goes wrong."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app import workers
from mnist_app.codegen import scripts
from mnist_app.data import datasets
from mnist_app.data.datasets import EMNIST, one_hot
from mnist_app.imaging import convolution
from mnist_app.model import builder, inspection, training
from mnist_app.model.fitting import fitter
from mnist_app.networks import registry
from mnist_app.networks.architecture import ARCHITECTURES, layers_of
from mnist_app.networks.card import ASSETS, read_card_text
from mnist_app.networks.interventions import Interventions, Pooling
from mnist_app.networks.layers import layer_before
from mnist_app.training import labeled_drawings, runs
from mnist_app.training.presets import SHIPPED
from mnist_app.training.runs import Run, RunError
from mnist_app.training.settings import Settings
from tests.support.process_control import kill, worker_processes
from tests.pages.test_inside import board, component, text_of
from tests.pages.test_inside import run as run_page
from tests.support import emnist
from tests.support.serving import ROOT

SHORT = Settings(images=3000, batch_size=100, epochs=2, dropout=0.3)
LONG = replace(SHORT, images=57_000, epochs=50)
WAIT = 90.0


def train(settings: Settings, owner: str = "") -> Run:
    return ended(started(settings, owner))


def started(settings: Settings, owner: str = "") -> Run:
    run = runs.create(settings, "test", owner)
    workers.start()
    return run


def ended(run: Run) -> Run:
    return until(run, lambda run: run.status not in ("queued", "running", "paused"))


def until(run: Run, condition: Callable[[Run], bool]) -> Run:
    for _ in range(int(WAIT / 0.05)):
        run = runs.read(run.name)
        if condition(run):
            return run
        time.sleep(0.05)
    raise AssertionError(f"{run.status}: {run.state}")


def stop(run: Run) -> Run:
    runs.wish(run, stop=True)
    return ended(run)


def is_learning(run: Run) -> bool:
    return len(runs.read_history(run.folder).training.images) > 1


def has_seen_5000_images(run: Run) -> bool:
    return max(runs.read_history(run.folder).training.images, default=0) >= 5000


def weights(run: Run) -> list[np.ndarray]:
    return list(keras.saving.load_model(run.folder / f"{run.name}.keras").get_weights())


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """What a failed test leaves in the queue would hold up all others."""
    yield
    for run in runs.every():
        if run.state.status == "queued":
            runs.leave_queue(run)
        elif run.is_moving:
            runs.wish(run, stop=True)


@pytest.fixture(scope="module")
def first() -> Run:
    return train(SHORT)


@pytest.fixture(scope="module")
def by_hand() -> Run:
    return train(replace(SHORT, engine="tensorflow"))


def test_it_learns_and_says_so(first: Run) -> None:
    assert (first.status, first.state.whole_epochs) == ("done", 2)
    assert first.state.test_accuracy is not None
    assert first.state.test_accuracy > 0.85
    history = runs.read_history(first.folder)
    assert history.validation.images[0] == 0
    assert history.validation.accuracy[0] < 0.4
    assert history.validation.images[-1] == 6000
    assert history.validation.accuracy[-1] > 0.85
    assert runs.read_live(first.folder).kernels.shape == (8, 5, 5)
    card = registry.read_card(first.name)
    assert card.test_accuracy == first.state.test_accuracy
    assert 0 < card.reject_below < 1


def test_same_settings_same_weights(first: Run) -> None:
    assert same(weights(first), weights(train(SHORT)))


def test_both_engines_draw_the_same_curve(first: Run, by_hand: Run) -> None:
    one, other = (runs.read_history(run.folder).validation for run in (first, by_hand))
    assert other.loss[0] == pytest.approx(one.loss[0], abs=1e-4)
    assert other.accuracy[-1] == pytest.approx(one.accuracy[-1], abs=0.02)
    assert other.loss[-1] == pytest.approx(one.loss[-1], abs=0.06)
    assert by_hand.state.test_accuracy == pytest.approx(first.state.test_accuracy, abs=0.02)


def test_killed_it_says_so_and_goes_on_to_the_same_weights(first: Run) -> None:
    run = started(SHORT)
    until(run, lambda run: run.state.whole_epochs >= 1)
    [trainer] = worker_processes()
    kill([trainer])
    run = until(run, lambda run: run.status == "interrupted")
    runs.go_on(run)
    workers.start()
    run = ended(run)
    assert (run.status, run.state.whole_epochs) == ("done", 2)
    assert same(weights(run), weights(first))


@pytest.mark.parametrize("engine", ["keras", "tensorflow"])
def test_what_is_saved_of_a_network_is_all_there_is(engine: str) -> None:
    chosen = replace(SHORT, engine=engine)
    split = datasets.load_training()
    images, targets = split.images[:500], one_hot(split.labels[:500])
    keras.utils.set_random_seed(1)
    one = fitter(chosen, builder.build_for(chosen))
    other = fitter(chosen, builder.build_for(chosen))
    one.fit(images, targets, lambda: 0.01, lambda *_: False)
    other.restore(one.state())
    for network in (one, other):
        network.fit(images, targets, lambda: 0.01, lambda *_: False)
    assert same(one.state(), other.state())


def test_it_pauses_goes_on_takes_another_rate_stops_and_does_more() -> None:
    run = until(started(LONG), has_seen_5000_images)
    runs.wish(run, pause=True)
    run = until(run, lambda run: run.status == "paused")
    before = runs.read_history(run.folder).training.images
    time.sleep(1)
    assert runs.read_history(run.folder).training.images == before
    runs.wish(run, pause=False, learning_rate=0.0001)
    run = until(run, lambda run: len(runs.read_history(run.folder).rates) > 0)
    assert (run.state.learning_rate, run.status) == (0.0001, "running")
    assert runs.read_history(run.folder).rates[0][1] == 0.0001
    run = stop(run)
    assert run.status == "stopped"
    assert run.state.test_accuracy is not None
    assert run.state.test_accuracy > 0.5
    assert run.state.whole_epochs == 0
    runs.go_on(run, 20)
    run = until(run, lambda run: run.status == "running")
    assert stop(until(run, is_learning)).status == "stopped"


@pytest.mark.parametrize("engine", ["keras", "tensorflow"])
def test_both_engines_tell_a_loss_that_is_no_number(engine: str) -> None:
    chosen = replace(SHORT, engine=engine)
    network = builder.build_for(chosen)
    network.set_weights([np.full_like(weight, np.nan) for weight in network.get_weights()])
    split = datasets.load_training(count=200)
    losses: list[float] = []

    def after(_count: int, loss: float, _accuracy: float) -> bool:
        losses.append(loss)
        return len(losses) == 2

    fitter(chosen, network).fit(split.images, one_hot(split.labels), lambda: 0.01, after)
    assert np.isnan(losses).all()


def test_a_loss_that_is_no_number_stops_it_and_says_what_to_try() -> None:
    # This weight decay makes every weight a hundred times larger at each step.
    run = train(replace(SHORT, optimizer="adamw", learning_rate=1000.0, weight_decay=0.1))
    assert run.status == "failed"
    assert re.search(r"After [\d,]+ images the loss was no number", run.state.message)
    assert "Try a learning rate ten times lower, 100." in run.state.message
    assert not registry.exists(run.name)


def test_a_full_disk_stops_it_and_it_goes_on_when_there_is_space(first: Run) -> None:
    run = until(started(SHORT), is_learning)
    [trainer] = worker_processes()
    # No file may grow beyond this, as on a disk that is full: the checkpoint is larger.
    trainer.rlimit(psutil.RLIMIT_FSIZE, (20_000, psutil.RLIM_INFINITY))
    run = ended(run)
    assert run.status == "failed"
    assert "The disk is full" in run.state.message
    trainer.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    runs.go_on(run)
    run = ended(run)
    assert run.status == "done"
    assert same(weights(run), weights(first))


def test_what_it_cannot_begin_with_is_said_and_the_trainer_lives() -> None:
    run = train(replace(SHORT, start_from="quick-0"))
    assert (run.status, run.is_unfinished) == ("failed", True)
    assert "The network quick-0 is not there any more." in run.state.message
    run = ended(runs.create(SHORT, "test", files={"checkpoint.npz": b"PK damaged"}))
    assert (run.status, run.state.whole_epochs) == ("failed", 0)
    assert "The checkpoint of this run is damaged." in run.state.message
    assert len(worker_processes()) == 1


def test_only_as_many_train_as_may_and_the_others_follow_by_themselves() -> None:
    one, other = started(LONG, "one"), started(SHORT, "other")
    until(one, is_learning)
    assert (runs.read(other.name).status, runs.place_in_queue(other)) == ("queued", (1, 1))
    assert len(worker_processes()) == 1
    stop(one)
    assert ended(other).status == "done"


def test_while_others_wait_a_run_gives_way_and_a_paused_one_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    monkeypatch.setattr(training, "TURN", 0.0)
    run, paused = runs.create(SHORT, "first"), runs.create(LONG, "second")
    train_here(run)
    assert [waiting.name for waiting in runs.queue()] == [paused.name, run.name]
    assert runs.read(run.name).state.whole_epochs == 1
    pausing = threading.Thread(
        target=lambda: runs.wish(until(paused, is_learning), pause=True), daemon=True
    )
    pausing.start()
    train_here(paused)
    pausing.join()
    paused = runs.read(paused.name)
    assert (paused.status, paused.state.whole_epochs) == ("stopped", 0)
    assert "paused for 0 minutes while others waited" in paused.state.message
    assert registry.exists(paused.name)
    assert [waiting.name for waiting in runs.queue()] == [run.name]


def train_here(run: Run) -> None:
    with runs.alone(run):
        training.train(run)


def test_a_network_learns_a_persons_drawings_and_forgets_little() -> None:
    odd = np.zeros((28, 28), np.uint8)
    odd[6:22, 6:9] = odd[6:22, 19:22] = odd[12:15, 6:22] = 255  # an H, which is to be a 7
    labeled_drawings.keep("teacher", odd, 7)
    run = labeled_drawings.teach("teacher", "cnn")
    workers.start()
    run = ended(run)
    assert run.status == "done", run.state.message
    assert run.state.before["drawings"] == 0
    assert run.state.after["drawings"] == 1
    assert run.state.before["mnist"] == registry.read_card("cnn").test_accuracy
    assert run.state.after["mnist"] > run.state.before["mnist"] - 0.01
    assert registry.exists(run.name)


def test_the_command_trains_and_resumes_the_same_runs(first: Run, tmp_path: Path) -> None:
    options = ["--preset", "quick", "--images", "3000", "--batch-size", "100", "--epochs", "2"]
    answer = command(*options, "--dropout", "0.3", "--json", "--output", str(tmp_path))
    card = read_card_text((tmp_path / "built.json").read_text())
    assert card.test_accuracy == first.state.test_accuracy
    assert (tmp_path / "built.weights.h5").stat().st_size > 4 * card.parameters
    assert answer["status"] == "done"
    assert answer["epochs"] == 2
    assert answer["test_accuracy"] == first.state.test_accuracy
    assert 0 < float(str(answer["seconds"])) < 60
    again = command("--resume", str(answer["run"]), "--epochs", "1", "--json")
    assert (again["run"], again["epochs"]) == (answer["run"], 3)


def command(*options: str) -> dict[str, object]:
    result = subprocess.run(
        [sys.executable, "-m", "mnist_app", "train", *options],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    answer: dict[str, object] = json.loads(result.stdout.splitlines()[-1])
    return answer


def test_the_command_refuses_what_cannot_be_trained() -> None:
    for options, status, sentence in (
        (["--epochs", "1000"], 2, "Epochs must be from 1 to 100."),
        (["--resume", "never-was"], 1, "There is no run never-was."),
    ):
        result = subprocess.run(
            [sys.executable, "-m", "mnist_app", "train", *options],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        assert result.returncode == status
        assert result.stderr.strip().endswith(sentence)


@pytest.mark.parametrize("write", [scripts.keras_script, scripts.tensorflow_script])
def test_the_shown_scripts_run_and_learn_as_the_run_did(
    write: Callable[[Settings], str], first: Run, tmp_path: Path
) -> None:
    text = write(SHORT)
    # The only change: the same images, from this project instead of from the network.
    loading = "keras.datasets.mnist.load_data()"
    assert text.count(loading) == 1
    names = ", ".join(f'np.load(r"{datasets.MNIST_FILE}")["{name}"]' for name in NAMES)
    a, b, c, d = names.split(", ")
    (tmp_path / "script.py").write_text(text.replace(loading, f"(({a}, {b}), ({c}, {d}))"))
    printed = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
    ).stdout
    found = re.search(r"Right on the 10,000 test images: ([\d.]+)%", printed)
    assert found is not None
    assert float(found[1]) / 100 == pytest.approx(first.state.test_accuracy, abs=0.03)


NAMES = ("x_train", "y_train", "x_test", "y_test")


@pytest.mark.parametrize("name", registry.NETWORKS)
def test_every_network_ships_with_weights_and_a_card(name: str) -> None:
    card = registry.read_card(name)
    assert card.name == name
    assert card.architecture == ARCHITECTURES[name]
    assert card.layers == layers_of(card.architecture)
    assert card.settings.network == name
    assert card.settings.images == datasets.TRAINING_IMAGES
    assert 0 < card.reject_below < 0.9


def test_the_shipped_networks_are_as_good_and_as_small_as_they_should_be() -> None:
    assert registry.read_card("cnn").parameters <= 120_000
    assert registry.read_card("cnn").test_accuracy >= 0.995
    assert registry.read_card("champion").test_accuracy >= 0.996
    files = [ASSETS / f"{name}.weights.h5" for name in registry.NETWORKS]
    assert sum(file.stat().st_size for file in files) <= 8e6


def test_varied_images_and_written_digits_train_too() -> None:
    run = train(replace(SHIPPED["mlp"], images=600, epochs=1))
    assert run.status == "done", run.state.message
    assert "written by the program" in registry.read_card(run.name).data


def test_a_network_with_other_windows_is_shown_and_pooled_as_it_was_built() -> None:
    settings = replace(SHORT, images=500, epochs=1, kernel=3, pool=3, pool_stride=2)
    run = train(replace(settings, activation="tanh"))
    assert run.status == "done", run.state.message
    image = datasets.load_test().images[0]
    built = inspection.inspect(run.name, image, Interventions())
    source = built[layer_before(registry.read_card(run.name).layers, "pool1").name]
    for rule in convolution.RULES:
        pooling = Pooling(rule, 3, 2)
        changes = Interventions(pooling={"pool1": pooling, "pool2": pooling})
        changed = inspection.inspect(run.name, image, changes)
        assert changed["pool2"].shape == built["pool2"].shape
        ours = convolution.pool(source[..., 0], 3, 2, rule)
        np.testing.assert_allclose(changed["pool1"][..., 0], ours, atol=1e-6)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.session_state["network"] = run.name
    run_page(app.run().switch_page("pages/feature_maps.py"))
    app.main.selectbox[0].set_value("tanh1")
    run_page(app)
    assert "**tanh** bends every value to between −1 and 1" in text_of(app)
    app.main.selectbox[0].set_value("pool1")
    run_page(app)
    lens = component(app, "lens")
    ours = convolution.pool(board(lens, "input"), 3, 2)
    np.testing.assert_array_equal(board(lens, "output"), ours)
    assert (lens["window"], lens["stride"]) == ([3, 3], 2)


def test_emnist_trains_and_is_tested_the_same_way() -> None:
    settings = replace(SHORT, data=EMNIST.name, images=300, epochs=1)
    with pytest.raises(RunError, match="is not in"):
        runs.create(settings, "test")
    _, test = emnist.write_some(datasets.emnist_folder())
    run = train(settings)
    assert run.status == "done", run.state.message
    card = registry.read_card(run.name)
    assert card.tested_on == EMNIST.name
    assert card.data == "300 training images of EMNIST Digits"
    answers = builder.load(run.name).predict(test.images.astype(np.float32), verbose=0)
    right = np.mean(answers.argmax(axis=1) == test.labels)
    assert card.test_accuracy == run.state.test_accuracy == pytest.approx(right)
    many = train(replace(settings, images=301))
    assert many.status == "failed"
    assert "of which 3,000 are kept for validation" in many.state.message
    shutil.rmtree(datasets.emnist_folder())
