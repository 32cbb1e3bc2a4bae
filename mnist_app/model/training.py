"""One training run, from the queue to its end. Runs in a trainer process."""

import contextlib
import errno
import logging
import math
import platform
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from loky import ProcessPoolExecutor, cpu_count
from loky.backend import get_context
from numpy.typing import NDArray

from mnist_app import storage
from mnist_app.data import datasets
from mnist_app.data.augmentation import augment
from mnist_app.data.datasets import SOURCES, DatasetError, Split, one_hot
from mnist_app.data.epochs import Epoch
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.model import builder, calibration
from mnist_app.model.fitting import fitter
from mnist_app.networks import card as cards
from mnist_app.networks import registry
from mnist_app.training import runs, settings
from mnist_app.training.runs import Curve, History, Live, Run, RunError, State
from mnist_app.training.settings import Settings

LOGGER = logging.getLogger(__name__)
# Seconds between two looks at what is wished and two writings of what happens.
TICK = 0.3
# Seconds between two looks at validation images, and how many are looked at within an epoch.
VALIDATION_TICK = 1.0
VALIDATION_IMAGES = 500
# The curves get a point at each tick, later fewer: one after each of so many parts of the time.
POINTS = 400
# After so many it is known how long a batch takes.
ENOUGH_BATCHES = 10
WRONG_SHOWN = 8
# Of so many validation images and as many written ones the threshold is found where one waits for
# it; where training takes long, of all.
THRESHOLD_IMAGES = 600
MOST_KERNELS = 32
# Seconds: while others wait, a run gives way after the epoch in which it has trained so long, and
# one that is paused so long is stopped.
TURN = 600.0
CHECKPOINT = "checkpoint.npz"


class Diverged(Exception):
    """The loss is no number any more; the message says what to try."""


def warm() -> None:
    """Fit the quick network to two batches: what TensorFlow does once is done."""
    chosen = Settings()
    split = datasets.load_training()
    count = 2 * chosen.batch_size
    started = fitter(chosen, builder.build_for(chosen))
    started.fit(
        split.images[:count], one_hot(split.labels[:count]), lambda: 0.001, lambda *_: False
    )
    started.probabilities(split.images[:1])
    forget()


def train(run: Run) -> None:
    """Fit a run from its last whole epoch on, until it ends or somebody stops it.

    Whatever goes wrong is said in its state. The run's lock must be held.
    """
    training = Training(run)
    try:
        training.prepare()
        training.fit()
        if training.state.status != "queued":  # else it gave way
            training.finish()
    except Diverged as error:
        training.end("failed", str(error))
    except (RunError, DatasetError) as error:
        training.end("failed", str(error))
    except OSError as error:
        training.end("failed", _about_the_disk(error))
    except Exception as error:
        LOGGER.exception("The run %s failed.", run.name)
        training.end("failed", f"The program failed: {type(error).__name__}. Its log says more.")


def forget() -> None:
    """Free what Keras keeps of the networks so far."""
    keras.backend.clear_session()


class Clock:
    """Seconds that pass while it is not stopped."""

    def __init__(self) -> None:
        """Start at 0."""
        self._zero = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds so far, without those while it was stopped."""
        return time.monotonic() - self._zero

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop it for a while."""
        began = time.monotonic()
        yield
        self._zero += time.monotonic() - began


class Training:
    """What happens to one run in this process."""

    def __init__(self, run: Run) -> None:
        """Nothing is read or built yet."""
        self.folder = run.folder
        self.settings = run.settings
        self.state = replace(run.state, status="running", message="Getting ready")
        self.history = History()
        self.validation = Split(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8))
        self.images_seen = 0
        self.batches = self.batches_done = 0
        self.first_batch: tuple[int, float] | None = None
        self.stopped = False
        self.farewell = ""
        self.live = runs.read_live(run.folder)
        self.began = time.monotonic()
        self.since = Curve()
        self.clock = Clock()
        self.due = self.point_due = self.validation_due = 0.0

    def prepare(self) -> None:
        """Build the network and go back to the last whole epoch, if there is one.

        Raises DatasetError, RunError where the network it starts from is gone, and OSError.
        """
        storage.write_whole(self.folder / "wishes.json", b"{}")
        runs.write_state(self.folder, self.state)
        self.validation = datasets.load_validation(self.settings.data)
        keras.utils.set_random_seed(self.settings.seed)
        tf.config.experimental.enable_op_determinism()
        started = self.settings.start_from
        if (self.folder / CHECKPOINT).exists():
            started = ""  # which may be gone by now, and the checkpoint has all weights
        network = builder.load(started) if started else builder.build_for(self.settings)
        self.fitter = fitter(self.settings, network)
        self._restore()

    def fit(self) -> None:
        """Learn epoch by epoch; after each, everything is saved."""
        self._measure_before()
        self._look(VALIDATION_IMAGES)
        self._write(message="")
        epochs = range(self.state.whole_epochs, self.state.epochs)
        first = self.state.first_epoch
        data = _epochs(self.folder, self.settings, epochs)
        for epoch, (images, targets) in zip(epochs, data, strict=True):
            batches = math.ceil(len(images) / self.settings.batch_size)
            self.batches = batches * (self.state.epochs - first)
            self.batches_done = batches * (epoch - first)
            order = np.random.default_rng([self.settings.seed, epoch]).permutation(len(images))
            started = self.clock.seconds()
            self.fitter.fit(images[order], targets[order], self._rate, self._after_batch)
            self._look(len(self.validation))
            self.state = replace(
                self.state,
                whole_epochs=epoch if self.stopped else epoch + 1,
                seconds=self.state.seconds + self.clock.seconds() - started,
            )
            self._save()
            if self.stopped:
                return
            if epoch != epochs[-1] and _is_turn_over(self.began):
                self._give_way()
                return

    def finish(self) -> None:
        """Measure the network, write all that others use of it, and say so."""
        test = datasets.load_test(self.settings.data)
        self._write(message=f"Looking at the {len(test):,} test images")
        name = self.folder.name
        trained = builder.build_for(self.settings)
        trained.set_weights(self.fitter.network().get_weights())
        temperature = calibration.calibrate(trained, self.validation)
        count = None if self.settings.mixture.written else THRESHOLD_IMAGES
        unseen = self.validation.images[:count]
        reject_below = calibration.threshold(trained, unseen, self.settings.seed)
        share_right = accuracy(trained, test)
        card = _card(self.folder, trained, self.settings, self.state) | {
            "test_accuracy": share_right,
            "temperature": temperature,
            "reject_below": reject_below,
        }
        after = {}
        if self.state.before:
            after = {"mnist": share_right, "drawings": _accuracy_on_drawings(self.folder, trained)}
        with storage.replaced(builder.weights_file(name, self.folder)) as file:
            trained.save_weights(file)
        with storage.replaced(self.folder / f"{name}.keras") as file:
            trained.save(file)
        cards.write_card(name, card, self.folder)
        self.state = replace(self.state, test_accuracy=share_right, after=after)
        self.end("stopped" if self.stopped else "done", self.farewell)

    def end(self, status: runs.Status, message: str) -> None:
        """Write a last state. A disk that takes nothing leaves the run as interrupted."""
        self.state = replace(self.state, status=status, message=message)
        with contextlib.suppress(OSError):
            runs.write_history(self.folder, self.history)
        with contextlib.suppress(OSError):
            runs.write_state(self.folder, self.state)

    def _rate(self) -> float:
        share = self.batches_done / max(1, self.batches - 1)
        return settings.rate_at(self.settings.schedule, self.state.learning_rate, share)

    def _after_batch(self, count: int, loss: float, accuracy: float) -> bool:
        self.batches_done += 1
        if self.first_batch is None:  # it takes longer: TensorFlow compiles the step
            self.first_batch = self.batches_done, self.clock.seconds()
        self.images_seen += count
        if not math.isfinite(loss):
            raise Diverged(self._why_diverged())
        self.since.add(count, loss, accuracy)
        if self.clock.seconds() >= self.due:
            batches_before, began = self.first_batch
            self._tick(self.batches_done - batches_before, self.clock.seconds() - began)
        return self.stopped

    def _tick(self, batches: int, elapsed: float) -> None:
        """Write what happened in so many batches and seconds, and do what is wished."""
        now = self.clock.seconds()
        if now >= self.point_due:
            self._add_point()
            self.point_due = now + elapsed / POINTS
        if now >= self.validation_due:
            self._look(VALIDATION_IMAGES)
            pause = max(VALIDATION_TICK, 5 * elapsed / POINTS)
            self.validation_due = self.clock.seconds() + pause
        self.history.progress = self.batches_done / max(1, self.batches)
        if batches >= ENOUGH_BATCHES:
            self.history.seconds_left = elapsed / batches * (self.batches - self.batches_done)
        # What cannot be written now may be written next time; only a checkpoint must.
        with contextlib.suppress(OSError):
            self._write()
        self._obey()
        self.due = self.clock.seconds() + TICK

    def _add_point(self) -> None:
        """Add the means of all batches since the last point, and the drawing's probabilities."""
        weights = self.since.images
        self.history.training.add(
            self.images_seen,
            float(np.average(self.since.loss, weights=weights)),
            float(np.average(self.since.accuracy, weights=weights)),
        )
        self.since = Curve()
        self._ask_about_drawing()

    def _obey(self) -> None:
        wishes = runs.read_wishes(self.folder)
        if wishes.get("pause") is True and wishes.get("stop") is not True:
            wishes = self._pause()
        self.stopped = wishes.get("stop") is True
        rate = wishes.get("learning_rate")
        low, high = settings.BOUNDS["learning_rate"]
        is_new = rate != self.state.learning_rate
        if is_new and isinstance(rate, int | float) and low <= rate <= high:
            self.state = replace(self.state, learning_rate=float(rate))
            self.history.rates.append((self.images_seen, float(rate)))
            runs.write_state(self.folder, self.state)

    def _give_way(self) -> None:
        """Go to the end of the queue: the checkpoint that was just written has all there is."""
        self.state = replace(self.state, status="queued", queued_at=time.time())
        runs.write_state(self.folder, self.state)

    def _pause(self) -> dict[str, Any]:
        """Wait until it shall go on or stop; return what is wished then."""
        began = time.monotonic()
        with self.clock.stopped():
            self.state = replace(self.state, status="paused")
            runs.write_state(self.folder, self.state)
            wishes = runs.read_wishes(self.folder)
            while wishes.get("pause") is True and wishes.get("stop") is not True:
                time.sleep(0.05)
                wishes = runs.read_wishes(self.folder)
                if _is_turn_over(began):
                    self.farewell = (
                        f"It was paused for {TURN / 60:.0f} minutes while others waited, and was "
                        "stopped. What it learned is kept; “Go on” continues."
                    )
                    wishes = wishes | {"stop": True}
            self.state = replace(self.state, status="running")
            runs.write_state(self.folder, self.state)
        return wishes

    def _look(self, count: int) -> None:
        """Look at the first `count` validation images, and into the network."""
        images, labels = self.validation.images[:count], self.validation.labels[:count]
        probabilities = self.fitter.probabilities(images)
        chosen = probabilities[np.arange(count), labels].astype(np.float64)
        answers = probabilities.argmax(axis=1)
        loss = float(-np.log(np.maximum(chosen, 1e-30)).mean())
        if not math.isfinite(loss):
            raise Diverged(self._why_diverged())
        accuracy = float(np.mean(answers == labels))
        self.history.validation.add(self.images_seen, loss, accuracy)
        wrong = np.flatnonzero(answers != labels)[:WRONG_SHOWN]
        self.live = Live(
            _pictures(self.fitter.first_kernels()),
            images[wrong],
            labels[wrong],
            answers[wrong].astype(np.uint8),
            self.live.drawing,
        )
        with contextlib.suppress(OSError):
            runs.write_live(self.folder, self.live)

    def _ask_about_drawing(self) -> None:
        """Ask about the drawing; another one than before begins another opinion."""
        drawing = runs.read_watched(self.folder)
        if not np.array_equal(drawing, self.live.drawing):
            self.history.opinions.clear()
            self.live = replace(self.live, drawing=drawing)
            with contextlib.suppress(OSError):
                runs.write_live(self.folder, self.live)
        if drawing.any():
            probabilities = self.fitter.probabilities(drawing[np.newaxis])[0]
            if np.isfinite(probabilities).all():
                self.history.add_opinion(self.images_seen, probabilities)

    def _write(self, message: str | None = None) -> None:
        if message is not None:
            self.state = replace(self.state, message=message)
            runs.write_state(self.folder, self.state)
        runs.write_history(self.folder, self.history)

    def _save(self) -> None:
        """Write a checkpoint with which training goes on as if it had never been interrupted."""
        values = {f"{number:03}": value for number, value in enumerate(self.fitter.state())}
        values["history"] = np.array(runs.as_text(self.history))
        values["done"] = np.array([self.state.whole_epochs, self.state.seconds, self.images_seen])
        runs.write_arrays(self.folder / CHECKPOINT, values)
        runs.write_state(self.folder, self.state)
        runs.write_history(self.folder, self.history)

    def _restore(self) -> None:
        file = self.folder / CHECKPOINT
        if not file.exists():
            self.state = replace(self.state, whole_epochs=0, seconds=0.0)
            return
        try:
            with np.load(file, allow_pickle=False) as arrays:
                values = dict(arrays)
            self.history = runs.history_of(str(values.pop("history")))
            whole, seconds, seen = values.pop("done")
            self.fitter.restore([values[name] for name in sorted(values)])
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            raise RunError(
                "The checkpoint of this run is damaged. Delete the run and train another."
            ) from None
        self.state = replace(self.state, whole_epochs=int(whole), seconds=float(seconds))
        self.images_seen = int(seen)

    def _measure_before(self) -> None:
        if self.settings.start_from and not self.state.before:
            mnist = registry.read_card(self.settings.start_from).test_accuracy
            drawn = _accuracy_on_drawings(self.folder, self.fitter.network())
            self.state = replace(self.state, before={"mnist": mnist, "drawings": drawn})

    def _why_diverged(self) -> str:
        return (
            f"After {self.images_seen:,} images the loss was no number any more: the steps were "
            "so long that the weights grew without bounds. Try a learning rate ten times lower, "
            f"{self.state.learning_rate / 10:g}."
        )


def _epochs(
    folder: Path, settings: Settings, numbers: range
) -> Iterator[tuple[Image, NDArray[np.float32]]]:
    """Yield the images and targets of each epoch; varied ones are made anew, by other processes."""
    split = datasets.load_training(settings.data, settings.images)
    if settings.augmentation == "none":
        for number in numbers:
            yield _with_drawings(folder, settings, number, split.images, one_hot(split.labels))
        return
    # Whoever is killed leaves processes behind that end by themselves after a minute.
    executor = ProcessPoolExecutor(cpu_count(), timeout=60, context=get_context("loky"))
    try:

        def epoch(number: int) -> Epoch:
            return Epoch(executor, split, settings.mixture, settings.seed, number)

        following = epoch(numbers.start) if numbers else None
        for number in numbers:
            assert following is not None
            images, targets = following.result()
            if number + 1 in numbers:
                following = epoch(number + 1)
            yield _with_drawings(folder, settings, number, images, targets)
    finally:
        executor.shutdown(kill_workers=True)  # whoever stops waits for no further images


def _with_drawings(
    folder: Path, settings: Settings, number: int, images: Image, targets: NDArray[np.float32]
) -> tuple[Image, NDArray[np.float32]]:
    """Add a person's drawings, each many times and varied, where the run has some."""
    if not (folder / runs.DRAWINGS).exists():
        return images, targets
    drawings = _read_drawings(folder)
    count = runs.drawings_an_epoch(settings)
    chosen = np.arange(count) % len(drawings)
    generator = np.random.default_rng([settings.seed, number, count])
    varied = augment(drawings.images[chosen], generator)
    labels = one_hot(drawings.labels[chosen])
    return np.concatenate([images, varied]), np.concatenate([targets, labels])


def _read_drawings(folder: Path) -> Split:
    with np.load(folder / runs.DRAWINGS, allow_pickle=False) as arrays:
        return Split(arrays["images"], arrays["labels"])


def _accuracy_on_drawings(folder: Path, network: keras.Model) -> float:
    return accuracy(network, _read_drawings(folder))


def accuracy(network: keras.Model, split: Split) -> float:
    """Return the share of images that `network` gets right, 0 to 1."""
    probabilities = network.predict(split.images.astype(np.float32), batch_size=500, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == split.labels))


def _pictures(kernels: Array) -> Array:
    """Return kernels or weights as pictures, shape (n, rows, columns); none where they are none."""
    if kernels.ndim == 4:
        return kernels[:, :, 0, :MOST_KERNELS].transpose(2, 0, 1)
    if kernels.shape[0] == 28 * 28:
        return kernels[:, :MOST_KERNELS].T.reshape(-1, 28, 28)
    return np.zeros((0, 1, 1), np.float32)


def _is_turn_over(began: float) -> bool:
    """Say whether what began then, see `time.monotonic`, has lasted long while others wait."""
    return time.monotonic() - began >= TURN and bool(runs.queue())


def _data_in_words(folder: Path, settings: Settings) -> str:
    mixture = settings.mixture
    data = f"{settings.images:,} training images of {SOURCES[settings.data].title}"
    if settings.augmentation != "none":
        data += ", varied anew for each epoch"
    if mixture.written:
        data += (
            f", with {mixture.written:,} digits written by the program and {mixture.nondigits:,} "
            "drawings that are no digit"
        )
    if settings.start_from:
        count = len(_read_drawings(folder))
        data += f", and {count} drawings by a person; it began as {settings.start_from}"
    return data


def _card(folder: Path, network: keras.Model, settings: Settings, state: State) -> dict[str, Any]:
    return {
        "name": folder.name,
        "layers": [asdict(layer) for layer in settings.layers],
        "parameters": network.count_params(),
        "input": "28 x 28 pixels, 0 (black) to 255 (white); the layer `scale` divides by 255",
        "data": _data_in_words(folder, settings),
        "settings": asdict(settings) | {"epochs": state.whole_epochs},
        "seconds_to_train": round(state.seconds, 1),
        "machine": f"{platform.machine()}, {cpu_count()} cores",
        "tested_on": settings.data,
    }


def _about_the_disk(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"The disk is full ({error.strerror}). Free some space, then go on from the last "
            "whole epoch."
        )
    return f"The run's folder cannot be written: {error.strerror or error}."
