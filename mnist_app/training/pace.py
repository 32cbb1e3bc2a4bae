"""How fast a training is: its clock, when to write a point, and how long the rest will take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

# Seconds between two looks at the commands and two writings of what happened.
TICK = 0.3
# Seconds between two looks at validation images.
VALIDATION_TICK = 1.0
# The curves get a point at each tick, later fewer: one after each of so many parts of the time.
POINTS = 400
# After so many batches it is known how long a batch takes.
ENOUGH_BATCHES = 10


class Clock:
    """Seconds that pass while it is not stopped."""

    def __init__(self) -> None:
        """Start at 0."""
        self._zero = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds so far, without those while it was stopped."""
        return time.monotonic() - self._zero

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop it for a while."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._zero += time.monotonic() - began


class Pace:
    """How many batches are done of how many, and when the next things are due."""

    def __init__(self) -> None:
        """Begin with the first batch of a training."""
        self.clock = Clock()
        self.batches = self.batches_done = 0
        self._first_batch: tuple[int, float] | None = None
        self._tick_due = self._point_due = self._validation_due = 0.0

    @property
    def share(self) -> float:
        """The share of the batches that is done, 0 to 1, for the learning rate's schedule."""
        return self.batches_done / max(1, self.batches - 1)

    @property
    def progress(self) -> float:
        """The share of the batches that is done, 0 to 1."""
        return self.batches_done / max(1, self.batches)

    @property
    def seconds_left(self) -> float:
        """How long the rest will take; 0 where nobody knows yet."""
        batches, seconds = self._measured()
        if batches < ENOUGH_BATCHES:
            return 0.0
        return seconds / batches * (self.batches - self.batches_done)

    def count_batch(self) -> None:
        """Count a batch; the first one takes longer, because TensorFlow compiles the step."""
        self.batches_done += 1
        if self._first_batch is None:
            self._first_batch = self.batches_done, self.clock.seconds()

    def is_tick_due(self) -> bool:
        """Say whether it is time to write what happened and to look at the commands."""
        return self.clock.seconds() >= self._tick_due

    def end_tick(self) -> None:
        """Let the next tick be due after a pause."""
        self._tick_due = self.clock.seconds() + TICK

    def is_point_due(self) -> bool:
        """Say whether the curves get a point now, and let the next be due in a while."""
        now = self.clock.seconds()
        if now < self._point_due:
            return False
        self._point_due = now + self._measured()[1] / POINTS
        return True

    def is_validation_due(self) -> bool:
        """Say whether it is time to look at validation images."""
        return self.clock.seconds() >= self._validation_due

    def end_validation(self) -> None:
        """Let the next look be due after a pause that suits the length of the training."""
        pause = max(VALIDATION_TICK, 5 * self._measured()[1] / POINTS)
        self._validation_due = self.clock.seconds() + pause

    def _measured(self) -> tuple[int, float]:
        """Return the batches since the first one, and their seconds."""
        if self._first_batch is None:
            return 0, 0.0
        batches, seconds = self._first_batch
        return self.batches_done - batches, self.clock.seconds() - seconds
