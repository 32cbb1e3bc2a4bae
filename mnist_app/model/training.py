"""One training run, from the queue to its end. Runs in a worker process."""

import functools
import logging
import math
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from mnist_app import storage
from mnist_app.analysis import metrics
from mnist_app.cluster import ClusterError
from mnist_app.data import datasets
from mnist_app.data.datasets import WATCHED_IMAGES, DatasetError, Split, one_hot
from mnist_app.model import builder, calibration
from mnist_app.model.card import Result, write_card
from mnist_app.model.chronicle import Chronicle
from mnist_app.model.fitting import Fitter, fitter
from mnist_app.model.observation import Diverged, accuracy, probabilities
from mnist_app.networks import registry
from mnist_app.networks.card import card_text
from mnist_app.networks.registry import NetworkError
from mnist_app.storage import StorageError, StorageFull
from mnist_app.training import leases, runs, settings
from mnist_app.training.checkpoint import Checkpoint, CheckpointError
from mnist_app.training.controls import Controls
from mnist_app.training.epoch_data import Written, epochs, read_drawings, read_strokes
from mnist_app.training.history import NO_DRAWING, read_snapshot
from mnist_app.training.leases import LeaseLost
from mnist_app.training.pace import Pace
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import Run, Status
from mnist_app.training.settings import Settings

LOGGER = logging.getLogger(__name__)
# Of so many validation images and as many written ones the threshold is found where one waits for
# it; where training takes long, of all.
THRESHOLD_IMAGES = 600
# Seconds: while others wait, a run is queued again after the epoch in which it has trained so
# long, and one that is paused so long is stopped.
TIME_SLICE = 600.0
# Seconds that a store which does not answer is waited for.
STORE_TIMEOUT = 60.0
# How often a run goes on from its last epoch because the store did not answer.
STORE_LOSSES = 5


def warm() -> None:
    """Fit the quick network to two batches: what TensorFlow does once is done."""
    chosen = Settings()
    split = datasets.load_training()
    count = 2 * chosen.batch_size
    started = fitter(chosen, builder.build(chosen.architecture))
    started.fit(
        split.images[:count], one_hot(split.labels[:count]), lambda: 0.001, lambda *_: False
    )
    started.probabilities(split.images[:1])
    validation_images(chosen.data, datasets.files_version(chosen.data))
    forget()


@functools.lru_cache(2)
def validation_images(source: str, _version: tuple[int, ...]) -> Split:
    """Return a data set's validation images; a warm worker has them, as long as its files stay.

    Raises DatasetError.
    """
    split = datasets.load_validation(source)
    return Split(split.images.copy(), split.labels.copy())  # without all others


def forget() -> None:
    """Free what Keras keeps of the networks so far."""
    keras.backend.clear_session()


def train(run: Run, worker: str) -> None:
    """Fit a run, which `worker` holds, from its last epoch on, until it ends or is stopped.

    Whatever goes wrong is said in the run's message. Where the store or a cluster does not answer,
    it goes on from its last epoch some times more.
    """
    for _ in range(STORE_LOSSES):
        try:
            _train(run, worker)
            return
        except StorageFull as error:
            _fail(Recorder(run, worker), str(error))
            return
        except (StorageError, ClusterError) as error:
            LOGGER.warning("The run %s goes on from its last epoch: %s", run.name, error)
            reason = str(error)
        time.sleep(1)
        held = _read_held(worker)
        if held is None:
            return
        run = held
    _fail(Recorder(run, worker), reason)


def _train(run: Run, worker: str) -> None:
    """Fit a run. Raises StorageError and ClusterError where these do not answer."""
    recorder = Recorder(run, worker)
    training = Training(run, recorder)
    try:
        training.train()
    except LeaseLost:
        LOGGER.warning("The run %s was taken away from this worker.", run.name)
    except (StorageError, ClusterError):
        raise
    except Diverged:
        _fail(recorder, training.why_diverged())
    except (NetworkError, CheckpointError, DatasetError) as error:
        _fail(recorder, str(error))
    except OSError:
        LOGGER.exception("The run %s failed.", run.name)
        _fail(
            recorder, "A file of this server cannot be used. Its disk may be full; try again later."
        )
    except Exception:
        LOGGER.exception("The run %s failed.", run.name)
        _fail(recorder, "The program failed. The worker's log says why.")


def _read_held(worker: str) -> Run | None:
    """Return the run as it is in the store, which is waited for."""
    until = time.monotonic() + STORE_TIMEOUT
    while True:
        try:
            return leases.read_held(worker)
        except StorageError:
            if time.monotonic() >= until:
                return None
            time.sleep(0.5)


def _fail(recorder: Recorder, message: str) -> None:
    """End the run, as soon as the store takes it; later the lease ends by itself."""
    until = time.monotonic() + STORE_TIMEOUT
    try:
        while not recorder.fail(message) and time.monotonic() < until:
            LOGGER.warning("The store does not take the end of this run: %s", message)
            time.sleep(0.5)
    except LeaseLost:
        LOGGER.warning("A run that failed was taken away from this worker: %s", message)


class Training:
    """What happens to one run in this process."""

    def __init__(self, run: Run, recorder: Recorder) -> None:
        """Nothing is read or built yet."""
        self.run = run
        self.settings = run.settings
        self.recorder = recorder
        self.controls = Controls(recorder, run.learning_rate)
        self.pace = Pace()
        self.began = time.monotonic()
        self.chronicle = Chronicle(recorder, self.pace)
        self.completed_epochs = 0
        self.epoch_ends_at = 0
        self.seconds = 0.0
        self.fitting_since: float | None = None
        self.stop_reason = ""
        self.drawings: Split | None = None
        self.written = Written()
        self.validation: Split
        self.fitter: Fitter

    def train(self) -> None:
        """Prepare, learn epoch by epoch, and finish, unless the run is queued again."""
        self._prepare()
        before = self._measure_before()
        self.chronicle.read_drawing()
        if not self.chronicle.images_seen:
            self.chronicle.look(self.validation[:WATCHED_IMAGES])
        self.chronicle.write(message="", before=before)
        if self._fit():
            self._finish(before)

    def _prepare(self) -> None:
        """Build the network and go back to the last checkpoint, if there is one."""
        data = self.settings.data
        self.validation = validation_images(data, datasets.files_version(data))
        self.drawings = read_drawings(self.recorder.drawings())
        self.written = read_strokes(self.recorder.strokes())
        keras.utils.set_random_seed(self.settings.seed)
        tf.config.experimental.enable_op_determinism()
        checkpoint = self.recorder.go_back()
        started = self.settings.start_from
        if started and checkpoint is None:  # the checkpoint has all weights
            network = builder.load(started)
        else:
            network = builder.build(self.settings.architecture)
        self.fitter = self.chronicle.fitter = fitter(self.settings, network)
        if checkpoint is not None:
            self.fitter.restore(checkpoint.arrays)
            self.completed_epochs = checkpoint.completed_epochs
            self.seconds = checkpoint.seconds
            snapshot = read_snapshot(self.run, self.run.owner)
            if checkpoint.last_event < self.run.last_event:  # some answers to the drawing are gone
                snapshot = replace(snapshot, drawing=NO_DRAWING)
            self.chronicle.go_on(checkpoint.images_seen, snapshot)

    def _fit(self) -> bool:
        """Learn epoch by epoch; say whether the run ends, else it is queued again."""
        numbers = range(self.completed_epochs, self.run.epochs)
        for number, (images, targets) in zip(
            numbers,
            epochs(self.settings, self.drawings, numbers, self.written.learned),
            strict=True,
        ):
            batches = math.ceil(len(images) / self.settings.batch_size)
            self.pace.batches = batches * (self.run.epochs - self.run.first_epoch)
            self.pace.batches_done = batches * (number - self.run.first_epoch)
            self.epoch_ends_at = self.pace.batches_done + batches
            order = np.random.default_rng([self.settings.seed, number]).permutation(len(images))
            self.fitting_since = self.pace.clock.seconds()
            asked = settings.smooth(targets[order], self.settings.label_smoothing)
            self.fitter.fit(images[order], asked, self._rate, self._after_batch)
            self.chronicle.end_point()
            is_last = self.controls.is_stopped or number == numbers[-1]
            self.chronicle.look(self.validation[: None if is_last else WATCHED_IMAGES])
            self.completed_epochs = number if self.controls.is_stopped else number + 1
            self.seconds, self.fitting_since = self._seconds(), None
            self._save()
            if self.controls.is_stopped:
                break
            if number != numbers[-1] and self._is_time_slice_over():
                storage.patiently(self.recorder.requeue)
                return False
        return True

    def _finish(self, before: dict[str, float]) -> None:
        """Measure the network, and write all that others use of it in one transaction."""
        test = datasets.load_test(self.settings.data)
        self.chronicle.write(message=f"Looking at the {len(test):,} test images")
        trained = builder.build(self.settings.architecture)
        trained.set_weights(self.fitter.network().get_weights())
        makes_digits = self.settings.images_per_epoch > self.settings.images
        unseen = self.validation if makes_digits else self.validation[:THRESHOLD_IMAGES]
        people = calibration.people(self.written.apart, len(unseen), self.settings.seed)
        temperature = calibration.calibrate(trained, self.validation + people)
        reject_below = calibration.threshold(trained, unseen, people, self.settings.seed)
        measured = metrics.measure(probabilities(trained, test), test.labels, reject_below)
        result = Result(
            self.completed_epochs,
            self.seconds,
            temperature,
            reject_below,
            measured,
            len(self.drawings or ()),
            len({digit.writer for digit in self.written.learned}),
        )
        card = write_card(self.run, trained, result)
        after = {}
        if before and self.drawings is not None:
            after = {"mnist": measured.accuracy, "drawings": accuracy(trained, self.drawings)}
        artifacts = {"card": card_text(card).encode(), **_files(self.run.name, trained)}
        status: Status = "stopped" if self.controls.is_stopped else "done"
        storage.patiently(
            lambda: self.recorder.finish(
                status,
                artifacts,
                message=self._how_it_was_stopped(),
                test_accuracy=measured.accuracy,
                after=after,
                progress=self.pace.progress,
            )
        )

    def _rate(self) -> float:
        return settings.rate_at(
            self.settings.schedule, self.controls.learning_rate, self.pace.share
        )

    def _after_batch(self, count: int, loss: float, accuracy: float) -> bool:
        self.pace.count_batch()
        if not math.isfinite(loss):
            raise Diverged
        # Zero is the least that smoothed targets allow.
        above = max(loss - settings.least_loss(self.settings.label_smoothing), 0.0)
        self.chronicle.add_batch(count, above, accuracy)
        ends_epoch = self.pace.batches_done == self.epoch_ends_at  # there is a look then, too
        if not ends_epoch and self.pace.is_look_due(self.chronicle.images_seen):
            self.chronicle.look(self.validation[:WATCHED_IMAGES])
        if self.pace.is_tick_due():
            self._tick()
            self.pace.end_tick()
        return self.controls.is_stopped

    def _tick(self) -> None:
        """Write what happened since the last tick, and do what is commanded."""
        self.chronicle.tick()
        try:
            self.chronicle.write(seconds=self._seconds())
            self._apply_commands()
        except StorageError as error:  # the next tick tries again; only a checkpoint must be kept
            LOGGER.warning("The store does not answer: %s", error)

    def _apply_commands(self) -> None:
        has_another_rate = self.controls.apply_commands()
        if self.controls.is_paused and not self.controls.is_stopped:
            before = self.controls.learning_rate
            self._pause()
            has_another_rate |= self.controls.learning_rate != before
        if has_another_rate:
            self.chronicle.add_rate(self.controls.learning_rate)
            self.chronicle.write(learning_rate=self.controls.learning_rate)

    def _pause(self) -> None:
        """Wait until the run shall continue or stop."""
        began = time.monotonic()
        with self.pace.clock.stopped():
            self.recorder.set_status("paused")
            while not self.controls.wait_while_paused(timeout=1.0):
                if self._is_over(began):
                    self.controls.is_stopped = True
                    self.stop_reason = (
                        f"It was paused for {TIME_SLICE / 60:.0f} minutes while others waited, and "
                        "was stopped. What it learned is kept; “Resume” continues."
                    )
            self.recorder.set_status("running")

    def _save(self) -> None:
        """Write a checkpoint with which training goes on as if it had never been interrupted."""
        storage.patiently(self.chronicle.write)
        checkpoint = Checkpoint(
            self.completed_epochs,
            self.seconds,
            self.chronicle.images_seen,
            self.recorder.last_event,
            self.fitter.state(),
        )
        storage.patiently(lambda: self.recorder.save(checkpoint))

    def _measure_before(self) -> dict[str, float]:
        """Return how good the network was that it started from; nothing for a fresh one."""
        if self.run.before or not self.settings.start_from or self.drawings is None:
            return dict(self.run.before)
        mnist = registry.read_card(self.settings.start_from).test_accuracy
        return {"mnist": mnist, "drawings": accuracy(self.fitter.network(), self.drawings)}

    def _seconds(self) -> float:
        """Return how long it has been fitting until now."""
        began = self.fitting_since
        return self.seconds + (0.0 if began is None else self.pace.clock.seconds() - began)

    def _how_it_was_stopped(self) -> str:
        """Return where it was stopped and what it has; an empty text where it was not."""
        if not self.controls.is_stopped or self.stop_reason:
            return self.stop_reason
        return (
            f"It was stopped in epoch {self.completed_epochs + 1} of {self.run.epochs}, after "
            f"{self.chronicle.images_seen:,} images. Its network is kept as it was then."
        )

    def _is_time_slice_over(self) -> bool:
        return self._is_over(self.began)

    @staticmethod
    def _is_over(began: float) -> bool:
        """Say whether what began then, see `time.monotonic`, has lasted long while others wait."""
        return time.monotonic() - began >= TIME_SLICE and runs.is_anybody_waiting()

    def why_diverged(self) -> str:
        """Return what happened when the loss is no number any more, and what to try."""
        return (
            f"After {self.chronicle.images_seen:,} images the loss was no number any more: the "
            "steps were so long that the weights grew without bounds. Try a learning rate ten "
            f"times lower, {self.controls.learning_rate / 10:g}."
        )


def _files(name: str, network: keras.Model) -> dict[str, bytes]:
    """Return the network's weights, for Keras and as floats, and the whole as a Keras file."""
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as folder:
        weights, whole = Path(folder) / f"{name}.weights.h5", Path(folder) / f"{name}.keras"
        network.save_weights(weights)
        network.save(whole)
        files = {"weights": weights.read_bytes(), "keras": whole.read_bytes()}
    return files | {"floats": builder.weights_as_floats(network)}
