"""What a training tells of itself while it learns: gathered here, and written at each tick."""

from dataclasses import replace

import numpy as np

from mnist_app.data.datasets import WATCHED_IMAGES, Split
from mnist_app.model.fitting import Fitter
from mnist_app.model.observation import kernel_pictures, validate
from mnist_app.storage import StorageError
from mnist_app.training import history, moments
from mnist_app.training.history import NO_ANSWER, NO_SNAPSHOT, Event, Snapshot
from mnist_app.training.moments import Moment
from mnist_app.training.pace import POINT_GROWTH, Growth, Pace
from mnist_app.training.recorder import Recorder


class Chronicle:
    """The events and moments of a run that are not written yet, and its newest snapshot."""

    fitter: Fitter
    """Of the network that learns: to be set before anything is told of it."""

    def __init__(self, recorder: Recorder, pace: Pace) -> None:
        """Nothing has happened yet; `recorder` takes what is written."""
        self.images_seen = 0
        self.snapshot = NO_SNAPSHOT
        self._recorder = recorder
        self._pace = pace
        self._events: list[Event] = []
        self._moments: list[Moment] = []
        self._batches: list[tuple[int, float, float]] = []
        self._looked_after = -1
        self._batch_size = 1
        self._point, self._answer = Growth(POINT_GROWTH), Growth(POINT_GROWTH)

    def go_on(self, images_seen: int, snapshot: Snapshot) -> None:
        """Begin where the run was left."""
        self.images_seen, self.snapshot = images_seen, snapshot

    def add_batch(self, count: int, loss: float, accuracy: float) -> None:
        """Count a batch of so many images, its mean loss and accuracy (0 to 1)."""
        self.images_seen += count
        self._batches.append((count, loss, accuracy))
        if self._point.has_come(self.images_seen):
            self.end_point()

    def end_point(self) -> None:
        """Add the means of the batches since the last point, in the middle of these batches.

        What is left of an epoch, less than a batch, waits for more: its mean would say little.
        """
        self._batch_size = max([self._batch_size, *(count for count, _, _ in self._batches)])
        if sum(count for count, _, _ in self._batches) < self._batch_size:
            return
        counts, losses, accuracies = zip(*self._batches, strict=True)
        means = [float(np.average(values, weights=counts)) for values in (losses, accuracies)]
        self._add(history.TRAINING, *means, images=self.images_seen - sum(counts) // 2)
        self._batches.clear()
        self._point.begin(self.images_seen)

    def add_rate(self, rate: float) -> None:
        """Note that another learning rate was set by hand."""
        self._events.append(Event(history.RATE, self.images_seen, (rate,)))

    def look(self, split: Split) -> None:
        """Look at validation images and into the network: a moment. Raises Diverged.

        One look after so many images is enough.
        """
        if self.images_seen == self._looked_after:
            return
        self._looked_after = self.images_seen
        with self._pace.looking(self.images_seen, len(split) / WATCHED_IMAGES):
            seen = validate(self.fitter, split)
            self._add(history.VALIDATION, seen.loss, seen.accuracy)
            kernels = kernel_pictures(self.fitter.first_kernels())
            self.snapshot = replace(
                self.snapshot, kernels=kernels, wrong=seen.wrong, answers=seen.answers
            )
            self._moments.append(moments.moment(self.images_seen, self.snapshot))
            self._answer_drawing()

    def tick(self) -> None:
        """See what changes from one frame to the next: the kernels, and the drawing's answer."""
        self.read_drawing()
        self._answer_drawing()
        kernels = kernel_pictures(self.fitter.first_kernels())
        self.snapshot = replace(self.snapshot, kernels=kernels)

    def read_drawing(self) -> None:
        """Read which drawing the network shall answer to; another one begins another trace."""
        try:
            drawing = self._recorder.watched_drawing()
        except StorageError:
            return
        if not np.array_equal(drawing, self.snapshot.drawing):
            self.snapshot = replace(self.snapshot, drawing=drawing, probabilities=NO_ANSWER)
            self._answer = Growth(POINT_GROWTH)
            self._add(history.DRAWING)

    def write(self, **values: object) -> None:
        """Write all that is not written yet, and columns of the run beside it.

        Raises StorageError, and LeaseLost; it is kept then.
        """
        self._recorder.record(
            self._events,
            self._moments,
            None if self.snapshot is NO_SNAPSHOT else self.snapshot,
            progress=self._pace.progress,
            seconds_left=self._pace.seconds_left,
            **values,
        )
        self._events.clear()
        self._moments.clear()

    def _answer_drawing(self) -> None:
        if not self.snapshot.drawing.any():
            return
        answered = self.fitter.probabilities(self.snapshot.drawing[np.newaxis])[0]
        if not np.isfinite(answered).all():
            return
        self.snapshot = replace(self.snapshot, probabilities=answered)
        if self._answer.has_come(self.images_seen):
            self._add(history.PROBABILITIES, *map(float, answered))
            self._answer.begin(self.images_seen)

    def _add(self, kind: str, *numbers: float, images: int | None = None) -> None:
        """Add an event, that of now unless it happened after so many `images`."""
        at = self.images_seen if images is None else images
        self._events.append(Event(kind, at, tuple(round(number, 5) for number in numbers)))
