"""A Dask cluster whose parts are killed: each run ends once, and all is as on one machine."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mnist_app import cluster, storage, workers
from mnist_app.analysis import stroke_drawings
from mnist_app.inference.on_cluster import ClusterPredictor
from mnist_app.networks.prediction import Predictor, spread
from mnist_app.training import epoch_data, runs
from mnist_app.training.history import read_history
from mnist_app.training.run import OPERATOR, Run
from mnist_app.training.settings import Settings
from mnist_app.ui import metrics
from tests.support.dask_cluster import DaskCluster, dask_cluster, trainers, until
from tests.support.handwriting import DIGITS, written
from tests.support.postgres import fresh_database

SHORT = Settings(images=600, batch_size=50, epochs=4, dropout=0.3)
VARIED = Settings(images=400, augmentation="augmented and synthetic", epochs=2)


@pytest.fixture(scope="module")
def running(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patched, fresh_database(postgres) as url:
        patched.setenv("MNIST_APP_HOME", str(folder))
        patched.setenv("MNIST_APP_STORE", url)
        with dask_cluster(folder, workers=2) as parts:
            yield parts
        storage.close()


@pytest.mark.usefixtures("running")
def test_split_over_workers_results_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    until(lambda: cluster.count_trainers() == 2)
    told = {one.name: one.samples[0].value for one in metrics.Store().collect()}
    assert told["mnist_lab_workers"] == 2
    assert list(spread(ClusterPredictor(), partial(_times, 2), [1, 2])) == [2, 4]
    digits = [written(label) for label in DIGITS]
    epochs = list(epoch_data.epochs(VARIED, None, range(2)))
    monkeypatch.setattr(stroke_drawings, "TASK_DIGITS", 4)
    drawings = stroke_drawings.draw_all(digits)
    monkeypatch.delenv("MNIST_APP_CLUSTER")
    for one, other in zip(epochs, epoch_data.epochs(VARIED, None, range(2)), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    expected = stroke_drawings.draw(digits)
    assert np.array_equal(drawings.images[drawings.indices], expected.images[expected.indices])


def _times(factor: int, _predictor: Predictor, number: int) -> int:
    return factor * number


def test_killed_in_the_middle_a_run_ends_once_and_equal(running: DaskCluster) -> None:
    undisturbed = started()
    ended(undisturbed)
    disturbed = started()
    until(lambda: bool(runs.read(disturbed.name).completed_epochs))
    for worker in running.workers:
        if trainers(worker):  # that of the first run trains the second, too: it is warm
            worker.kill()
    running.scheduler.kill()
    ended(disturbed)
    assert network(disturbed) == network(undisturbed)
    images = read_history(runs.read(disturbed.name), OPERATOR).validation.images
    assert list(images) == sorted(set(images))


def started() -> Run:
    run = runs.create(SHORT, "test", OPERATOR)
    workers.look_after_queue()
    return run


def ended(made: Run) -> None:
    def has_ended() -> bool:
        run = runs.read(made.name)
        assert run.status != "failed", run.message
        return run.status == "done"

    until(has_ended)


def network(run: Run) -> bytes:
    floats = storage.read_artifact(run.name, "floats")
    assert floats
    return floats
