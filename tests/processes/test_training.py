"""Training in real worker processes: what is learned, what is watched, and what goes wrong."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import psutil
import pytest
import sqlalchemy as sa

from mnist_app import storage, workers
from mnist_app.codegen import scripts
from mnist_app.data import datasets
from mnist_app.data.datasets import EMNIST, one_hot
from mnist_app.imaging import convolution
from mnist_app.model import builder, inspection, training
from mnist_app.model.fitting import fitter
from mnist_app.networks import registry
from mnist_app.networks.card import read_card_text
from mnist_app.networks.interventions import Interventions, Pooling
from mnist_app.networks.layers import layer_before, layers_of_kind
from mnist_app.storage import ARTIFACTS
from mnist_app.training import leases, runs
from mnist_app.training.history import Curve, read_history, read_snapshot
from mnist_app.training.moments import read_moments
from mnist_app.training.presets import SHIPPED
from mnist_app.training.run import OPERATOR, Run, RunError
from mnist_app.training.settings import Settings
from mnist_app.workers import WorkerError, local
from tests.support import emnist
from tests.support.handwriting import DIGITS
from tests.support.process_control import end_workers, kill, worker_processes
from tests.support.serving import ROOT

SHORT = Settings(images=3000, batch_size=100, epochs=2, dropout=0.3)
LONG = replace(SHORT, images=57_000, epochs=50)
TIMEOUT = 90.0


def train(settings: Settings, owner: str = OPERATOR) -> Run:
    return ended(started(settings, owner))


def started(settings: Settings, owner: str = OPERATOR) -> Run:
    run = runs.create(settings, "test", owner)
    workers.start()
    return run


def ended(run: Run) -> Run:
    return until(run, lambda run: not run.is_active)


def until(run: Run, condition: Callable[[Run], bool], *, wants_worker: bool = True) -> Run:
    for _ in range(int(TIMEOUT / 0.05)):
        run = runs.read(run.name)
        if condition(run):
            return run
        if wants_worker and run.status == "queued":
            with suppress(WorkerError):
                workers.start()  # as a viewer's next poll does: another test may have killed one
        time.sleep(0.05)
    raise AssertionError(f"{run.status}: {run}")


def send(run: Run, kind: str, value: float | None = None) -> None:
    runs.send_command(run.name, OPERATOR, kind, value)


def stop(run: Run) -> Run:
    send(run, "stop")
    return ended(run)


def is_learning(run: Run) -> bool:
    return len(read_history(run, OPERATOR).training.images) > 1


def has_seen_5000_images(run: Run) -> bool:
    return max(read_history(run, OPERATOR).training.images, default=0) >= 5000


def weights(run: Run) -> list[np.ndarray]:
    content = storage.read_artifact(run.name, "keras")
    assert content is not None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.keras"
        file.write_bytes(content)
        return list(keras.saving.load_model(file).get_weights())


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """What a failed test leaves in the queue would hold up all others."""
    yield
    for run in runs.list_runs():
        if run.status == "queued":
            runs.leave_queue(run.name, OPERATOR)
        elif run.is_active:
            send(run, "stop")


@pytest.fixture(scope="module")
def first() -> Run:
    return train(SHORT)


@pytest.fixture(scope="module")
def by_hand() -> Run:
    return train(replace(SHORT, engine="tensorflow"))


def test_it_learns_and_says_so(first: Run) -> None:
    assert (first.status, first.completed_epochs) == ("done", 2)
    assert first.test_accuracy is not None
    assert first.test_accuracy > 0.85
    validation = read_history(first, OPERATOR).validation
    assert validation.images[0] == 0
    assert validation.accuracy[0] < 0.4
    assert validation.images[-1] == 6000
    assert validation.accuracy[-1] > 0.85
    snapshot = read_snapshot(first, OPERATOR)
    assert snapshot.kernels.shape == (8, 5, 5)
    kept = read_moments(first)
    assert [one.images for one in kept[:4]] == [0, 100, 200, 300]
    assert kept[-1].images == 6000
    assert len(kept[-1].wrong) < 75 < 300 < len(kept[0].wrong)
    assert np.array_equal(kept[-1].wrong, snapshot.wrong)


def test_training_points_stand_in_the_middle_of_their_batches(first: Run) -> None:
    curve = read_history(first, OPERATOR).training
    assert curve.images[:4] == (50, 150, 250, 350)
    assert curve.images[-1] < 6000
    assert_no_event_twice(curve)


def test_its_card_says_what_was_built_and_measured(first: Run) -> None:
    card = registry.read_card(first.name)
    network = builder.load(first.name)
    assert card.layers == builder.describe(network)
    assert card.architecture == first.settings.architecture
    assert card.test_accuracy == first.test_accuracy
    test = datasets.load_test()
    answered = network.predict(test.images.astype(np.float32), verbose=0).argmax(axis=1)
    assert card.test_accuracy == pytest.approx(np.mean(answered == test.labels), abs=2e-4)
    assert 0 < card.reject_below < 1
    assert (card.settings.epochs, card.settings.images) == (2, 3000)


def test_same_settings_same_weights(first: Run) -> None:
    assert same(weights(first), weights(train(SHORT)))


def test_both_engines_draw_the_same_curve(first: Run, by_hand: Run) -> None:
    one, other = (read_history(run, OPERATOR).validation for run in (first, by_hand))
    assert other.loss[0] == pytest.approx(one.loss[0], abs=1e-4)
    assert other.accuracy[-1] == pytest.approx(one.accuracy[-1], abs=0.02)
    assert other.loss[-1] == pytest.approx(one.loss[-1], abs=0.06)
    assert by_hand.test_accuracy == pytest.approx(first.test_accuracy, abs=0.02)


def test_killed_it_resumes_to_the_same_weights(first: Run) -> None:
    run = started(SHORT)
    until(run, lambda run: run.completed_epochs >= 1)
    [worker] = worker_processes()
    kill([worker])
    run = until(run, lambda run: run.status == "interrupted")
    runs.resume(run.name, OPERATOR)
    workers.start()
    run = ended(run)
    assert (run.status, run.completed_epochs) == ("done", 2)
    assert same(weights(run), weights(first))
    assert_no_event_twice(read_history(run, OPERATOR).validation)
    kept, whole = read_moments(run), read_moments(first)
    assert np.array_equal(kept[-1].kernels, whole[-1].kernels)
    assert np.array_equal(kept[-1].wrong, whole[-1].wrong)


def assert_no_event_twice(curve: Curve) -> None:
    assert list(curve.images) == sorted(set(curve.images))


@pytest.mark.parametrize("engine", ["keras", "tensorflow"])
def test_what_is_saved_of_a_network_is_all_there_is(engine: str) -> None:
    chosen = replace(SHORT, engine=engine)
    split = datasets.load_training()
    images, targets = split.images[:500], one_hot(split.labels[:500])
    keras.utils.set_random_seed(1)
    one = fitter(chosen, builder.build(chosen.architecture))
    other = fitter(chosen, builder.build(chosen.architecture))
    one.fit(images, targets, lambda: 0.01, lambda *_: False)
    assert "conv1/kernel" in one.state() or "conv1/0" in one.state()
    other.restore(one.state())
    for network in (one, other):
        network.fit(images, targets, lambda: 0.01, lambda *_: False)
    mine, others = one.state(), other.state()
    assert mine.keys() == others.keys()
    assert all(np.array_equal(mine[name], others[name]) for name in mine)


def test_it_pauses_continues_takes_another_rate_and_stops() -> None:
    run = until(started(LONG), has_seen_5000_images)
    send(run, "pause")
    run = until(run, lambda run: run.status == "paused")
    before = read_history(run, OPERATOR).training.images
    assert (run.completed_epochs, run.seconds > 0) == (0, True)
    time.sleep(1)
    assert read_history(runs.read(run.name), OPERATOR).training.images == before
    for kind, value in (("continue", None), ("learning_rate", 0.0001)):
        send(run, kind, value)
    run = until(run, lambda run: len(read_history(run, OPERATOR).rates) > 0)
    assert (run.learning_rate, run.status) == (0.0001, "running")
    assert read_history(run, OPERATOR).rates[0][1] == 0.0001
    run = stop(run)
    assert run.status == "stopped"
    assert run.test_accuracy is not None
    assert run.test_accuracy > 0.5
    assert run.completed_epochs == 0
    assert re.search(r"stopped in epoch 1 of \d+, after [\d,]+ images", run.message)
    runs.resume(run.name, OPERATOR, 20)
    run = until(run, lambda run: run.status == "running")
    assert stop(until(run, is_learning)).status == "stopped"


@pytest.mark.parametrize("engine", ["keras", "tensorflow"])
def test_both_engines_tell_a_loss_that_is_no_number(engine: str) -> None:
    chosen = replace(SHORT, engine=engine)
    network = builder.build(chosen.architecture)
    network.set_weights([np.full_like(weight, np.nan) for weight in network.get_weights()])
    split = datasets.load_training(count=200)
    losses: list[float] = []

    def after(_count: int, loss: float, _accuracy: float) -> bool:
        losses.append(loss)
        return len(losses) == 2

    fitter(chosen, network).fit(split.images, one_hot(split.labels), lambda: 0.01, after)
    assert np.isnan(losses).all()


def test_a_loss_that_is_no_number_ends_it_with_advice() -> None:
    # This weight decay makes every weight a hundred times larger at each step.
    run = train(replace(SHORT, optimizer="adamw", learning_rate=1000.0, weight_decay=0.1))
    assert run.status == "failed"
    assert re.search(r"After [\d,]+ images the loss was no number", run.message)
    assert "Try a learning rate ten times lower, 100." in run.message
    assert not registry.exists(run.name)


def test_a_full_disk_fails_it_and_later_it_resumes(first: Run) -> None:
    run = until(started(SHORT), is_learning)
    [worker] = worker_processes()
    # No file may grow beyond this, as on a disk that is full: a checkpoint is larger.
    worker.rlimit(psutil.RLIMIT_FSIZE, (100_000, psutil.RLIM_INFINITY))
    log = storage.home() / "worker-0.log"
    until(run, lambda run: not run.is_active or "does not take the end" in log.read_text())
    worker.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    run = until(run, lambda run: run.status == "failed")
    assert "Free some space" in run.message
    runs.resume(run.name, OPERATOR)
    run = ended(run)
    assert run.status == "done"
    assert same(weights(run), weights(first))


def test_what_it_cannot_begin_with_is_said() -> None:
    run = train(replace(SHORT, start_from="quick-0"))
    assert (run.status, run.is_unfinished) == ("failed", True)
    assert "There is no network quick-0." in run.message
    assert len(worker_processes()) == 1


def test_a_worker_that_dies_at_its_start_is_let_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keras.py").write_text("raise SystemExit('This Keras is broken.')")
    (tmp_path / "worker-0.log").write_bytes(b"old " * local.LOG_BYTES)
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    runs.create(SHORT, "test", OPERATOR)
    with monkeypatch.context() as broken:
        broken.setenv("PYTHONPATH", str(tmp_path))
        polls = until_it_is_said()
    log = (tmp_path / "worker-0.log").read_text()
    assert polls > 3
    assert log == "This Keras is broken.\n"
    assert (tmp_path / "worker-0.log.1").stat().st_size == 4 * local.LOG_BYTES
    with pytest.raises(WorkerError, match=r"Its log, worker-0\.log"):
        workers.start()  # at once: as a viewer's next poll does
    assert worker_processes() == []
    until_one_lives()
    end_workers()


def until_it_is_said() -> int:
    """Poll as many viewers do, until it is said that no worker lives; return how often."""
    for polls in range(int(TIMEOUT / 0.05)):
        try:
            workers.start()
        except WorkerError:
            return polls
        time.sleep(0.05)
    raise AssertionError("The worker lives.")


def until_one_lives() -> None:
    for _ in range(int(TIMEOUT / 0.1)):
        with suppress(WorkerError):
            workers.start()
            return
        time.sleep(0.1)
    raise AssertionError("No worker lives again.")


def test_a_damaged_checkpoint_is_said() -> None:
    run = stop(until(started(LONG), is_learning))
    with storage.writing() as connection:
        storage.put_artifact(connection, run.name, "checkpoint", b"PK damaged")
    runs.resume(run.name, OPERATOR, 1)
    run = ended(run)
    assert run.status == "failed"
    assert "The checkpoint of this run is damaged." in run.message


def test_only_one_trains_and_the_others_follow() -> None:
    one, other = started(LONG, "one"), started(SHORT, "other")
    until(one, is_learning)
    other = runs.read(other.name)
    assert (other.status, runs.place_in_queue(other)) == ("queued", (1, 1))
    assert len(worker_processes()) == 1
    stop(one)
    assert ended(other).status == "done"


def test_while_others_wait_a_run_is_requeued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    monkeypatch.setattr(training, "TIME_SLICE", 0.0)
    run, paused = (runs.create(one, "test", OPERATOR) for one in (SHORT, LONG))
    assert train_here() == run.name
    run = runs.read(run.name)
    assert (run.status, run.completed_epochs, runs.place_in_queue(run)) == ("queued", 1, (2, 2))
    pausing = threading.Thread(
        target=lambda: send(until(paused, is_learning, wants_worker=False), "pause"),
        daemon=True,
    )
    pausing.start()
    assert train_here() == paused.name
    pausing.join()
    paused = runs.read(paused.name)
    assert (paused.status, paused.completed_epochs) == ("stopped", 0)
    assert "paused for 0 minutes while others waited" in paused.message
    assert registry.exists(paused.name)
    assert runs.place_in_queue(runs.read(run.name)) == (1, 1)


def train_here() -> str:
    run = leases.claim_next("this process")
    assert run is not None
    renewing = threading.Event()

    def renew() -> None:
        while not renewing.wait(leases.RENEWAL_SECONDS):
            leases.renew("this process")

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    training.train(run, "this process")
    renewing.set()
    thread.join()
    return run.name


def test_the_command_trains_and_resumes_the_same_runs(first: Run, tmp_path: Path) -> None:
    options = ["--preset", "quick", "--images", "3000", "--batch-size", "100", "--epochs", "2"]
    options += ["--dropout", "0.3", "--label-smoothing", "0", "--beta-2", "0.999"]
    answer = command(*options, "--json", "--output", str(tmp_path))
    card = read_card_text((tmp_path / "built.json").read_text())
    assert card.test_accuracy == first.test_accuracy
    assert (tmp_path / "built.weights.h5").stat().st_size > 4 * card.parameters
    assert answer["status"] == "done"
    assert answer["epochs"] == 2
    assert answer["test_accuracy"] == first.test_accuracy
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


def test_the_command_learns_from_peoples_strokes(tmp_path: Path) -> None:
    entries = [
        {"label": label, "writer": writer, "strokes": DIGITS[label]}
        for writer in "abc"
        for label in DIGITS
    ]
    file = tmp_path / "strokes.json"
    file.write_text(json.dumps(entries))
    options = ["--network", "softmax", "--images", "400", "--epochs", "1", "--rewritten", "60"]
    answer = command(*options, "--strokes", str(file), "--json")
    card = registry.read_card(str(answer["run"]))
    assert card.settings.rewritten == 60
    # A third of three writers is held apart.
    assert card.data.endswith("60 digits of 2 people, written anew")
    options += ["--rewritten", "0", "--learning-rate", "0.000001"]
    answer = command(*options, "--start-from", str(answer["run"]), "--json")
    longer = registry.read_card(str(answer["run"]))
    assert longer.data.endswith(f"no digit; it started from {card.name}")
    assert longer.test_accuracy == pytest.approx(card.test_accuracy, abs=0.01)


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (["--epochs", "1000"], 2, "Epochs must be from 1 to 100."),
        (
            ["--resume", "never-was", "--epochs", "1", "--seed", "5", "--preset", "quick"],
            1,
            "keeps its settings. Ignored: --preset, --seed.\nThere is no run never-was.",
        ),
        (["--rewritten", "9"], 1, "or set the number of rewritten digits to 0."),
        (["--network", "mlp", "--start-from", "cnn"], 2, "has other layers than the one to train."),
        (["--strokes", "/nowhere"], 1, "/nowhere cannot be read: No such file or directory."),
    ],
)
def test_the_command_refuses_what_cannot_be_trained(
    options: list[str], status: int, sentence: str
) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "mnist_app", "train", *options],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == status
    assert sentence in result.stderr


@pytest.mark.parametrize("write", [scripts.keras_script, scripts.tensorflow_script])
def test_the_shown_scripts_learn_as_the_run_did(
    write: Callable[[Settings], str], first: Run, tmp_path: Path
) -> None:
    text = write(SHORT)
    # The only change: the same images, from this project instead of from the network.
    loading = "keras.datasets.mnist.load_data()"
    assert text.count(loading) == 1
    arrays = [
        f'np.load(r"{datasets.MNIST_FILE}")["{name}"]'
        for name in ("x_train", "y_train", "x_test", "y_test")
    ]
    local = f"(({arrays[0]}, {arrays[1]}), ({arrays[2]}, {arrays[3]}))"
    (tmp_path / "script.py").write_text(text.replace(loading, local))
    printed = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"([\d.]+)%\s*$", printed)
    assert found is not None, printed
    assert float(found[1]) / 100 == pytest.approx(first.test_accuracy, abs=0.03)


def test_augmented_and_synthetic_digits_train_too() -> None:
    run = train(replace(SHIPPED["mlp"], images=600, rewritten=0, epochs=1))
    assert run.status == "done", run.message
    card = registry.read_card(run.name)
    assert "written by the program" in card.data
    assert card.settings.synthetic_digits == 210


def test_a_network_with_other_windows_is_built_and_pooled_so() -> None:
    settings = replace(SHORT, images=500, epochs=1, kernel=3, pool=3, pool_stride=2)
    run = train(replace(settings, activation="tanh"))
    assert run.status == "done", run.message
    card = registry.read_card(run.name)
    pools = layers_of_kind(card.layers, "MaxPooling2D")
    assert [(pool.kernel, pool.stride) for pool in pools] == [((3, 3), 2)] * 2
    image = datasets.load_test().images[0]
    built = inspection.layers(image, run.name, Interventions())
    for rule in convolution.RULES:
        pooling = Pooling(rule, 3, 2)
        interventions = Interventions(pooling={"pool1": pooling, "pool2": pooling})
        changed = inspection.layers(image, run.name, interventions)
        assert changed["pool2"].shape == built["pool2"].shape
        source = built[layer_before(card.layers, "pool1").name]
        ours = convolution.pool(source[..., 0], 3, 2, rule)
        np.testing.assert_allclose(changed["pool1"][..., 0], ours, atol=1e-6)


def test_emnist_trains_and_is_tested_the_same_way() -> None:
    settings = replace(SHORT, data=EMNIST.name, images=300, epochs=1)
    with pytest.raises(RunError, match="is not in"):
        runs.create(settings, "test", OPERATOR)
    _, test = emnist.write_some(datasets.emnist_folder())
    run = train(settings)
    assert run.status == "done", run.message
    card = registry.read_card(run.name)
    assert card.tested_on == EMNIST.name
    assert card.data == "300 training images of EMNIST Digits"
    answers = builder.load(run.name).predict(test.images.astype(np.float32), verbose=0)
    right = np.mean(answers.argmax(axis=1) == test.labels)
    assert card.test_accuracy == run.test_accuracy == pytest.approx(right)
    many = train(replace(settings, images=301))
    assert many.status == "failed"
    assert "3,300 training images" in many.message
    shutil.rmtree(datasets.emnist_folder())


def test_nothing_is_left_in_the_store_of_a_deleted_run() -> None:
    run = train(replace(SHORT, images=500, epochs=1))
    runs.delete(run.name, OPERATOR)
    with storage.reading() as connection:
        left = sa.select(sa.func.count()).where(ARTIFACTS.c.run == run.name)
        assert connection.execute(left).scalar() == 0
