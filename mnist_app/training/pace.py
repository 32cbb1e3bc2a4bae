"""How fast a training is: its clock, when to write what, and how long the rest will take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

# Seconds between two looks at the commands and two writings of what happened.
TICK = 0.25
# In the beginning, when it learns most, validation images are looked at so many times whenever the
# number of images seen has grown by this factor; later when looking takes no more than this share
# of the time, and when this share of the time so far has passed.
EARLY_LOOKS = 10
EARLY_GROWTH = 1.5
LOOKING_SHARE = 0.012
LATER_LOOKS = 1 / 80
# Curves over the images seen get a point when those have grown by this factor.
POINT_GROWTH = 1 + 1 / 32
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


class Growth:
    """Says when a number, such as the images seen, has grown by a factor since the last time."""

    def __init__(self, factor: float) -> None:
        """Any number is new at first."""
        self._factor = factor
        self._due = 0.0

    def has_come(self, number: int) -> bool:
        """Say whether it has grown enough."""
        return number >= self._due

    def begin(self, number: int) -> None:
        """Let it grow from here."""
        self._due = max(number + 1, number * self._factor)


class Pace:
    """How many batches are done of how many, and when the next things are due."""

    def __init__(self) -> None:
        """Begin with the first batch of a training."""
        self.clock = Clock()
        self.batches = self.batches_done = 0
        self._first_batch: tuple[int, float] | None = None
        self._early = Growth(EARLY_GROWTH)
        self._looks = 0
        self._tick_due = self._look_due = 0.0

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

    def is_look_due(self, images: int) -> bool:
        """Say whether to look at validation images after so many `images` seen."""
        if self._looks < EARLY_LOOKS and self._early.has_come(images):
            return True
        return self.clock.seconds() >= self._look_due

    @contextmanager
    def looking(self, images: int, looks: float = 1.0) -> Iterator[None]:
        """Look at validation images; the longer that takes, the later the next look is due.

        One at more images than usual takes as long as so many usual `looks`.
        """
        began = self.clock.seconds()
        yield
        now = self.clock.seconds()
        self._looks += 1
        self._early.begin(images)
        pause = (now - began) / looks / LOOKING_SHARE
        self._look_due = now + max(pause, LATER_LOOKS * self._measured()[1])

    def _measured(self) -> tuple[int, float]:
        """Return the batches since the first one, and their seconds."""
        if self._first_batch is None:
            return 0, 0.0
        batches, seconds = self._first_batch
        return self.batches_done - batches, self.clock.seconds() - seconds
