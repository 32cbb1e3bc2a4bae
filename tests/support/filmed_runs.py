"""Runs that are over and have a film, without a training."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mnist_app import storage
from mnist_app.storage import RUNS, Now
from mnist_app.training import runs, settings
from mnist_app.training.history import NO_SNAPSHOT, PROBABILITIES, TRAINING, VALIDATION, Event
from mnist_app.training.moments import moment
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import Run
from mnist_app.training.settings import Settings
from mnist_app.ui import visitor
from tests.support.handwriting import drawn

OWNER_NUMBER = "a" * 32
OWNER = visitor.owner_by({"mnist_lab_visitor": OWNER_NUMBER})
IMAGES = (0, 128, 256, 512, 1024, 100_000)
SURE = (0.01, 0.01, 0.01, 0.01, 0.91, 0.01, 0.01, 0.01, 0.01, 0.01)


def filmed(
    name: str = "quick-1",
    images: Sequence[int] = IMAGES,
    kernels: int = 8,
    chosen: Settings | None = None,
) -> Run:
    """A run of OWNER that is done, with a moment after so many images each.

    At the first it gets 400 images wrong, at the second 200, then 133, 100, 80, 66.
    """
    recorder = Recorder(_begun(name, chosen or Settings()), "test")
    generator = np.random.default_rng(1)
    for number, seen in enumerate(images, start=1):
        wrong = np.arange(400 // number, dtype=np.uint16)
        snapshot = replace(
            NO_SNAPSHOT,
            kernels=generator.normal(size=(kernels, 5, 5)).astype(np.float32),
            wrong=wrong,
            answers=np.full(len(wrong), 3, np.uint8),
            drawing=drawn(4, 28),
        )
        events = [
            Event(TRAINING, seen, (2.3 / number, 1 - 0.9 / number)),
            Event(VALIDATION, seen, (2.0 / number, 1 - 0.8 / number)),
            Event(PROBABILITIES, seen, SURE if number > 1 else (0.1,) * 10),
        ]
        recorder.record(events, [moment(seen, snapshot)], snapshot)
    recorder.finish("done", {}, completed_epochs=2)
    return runs.read(name)


def _begun(name: str, chosen: Settings) -> Run:
    """A run that "test" trains: no other worker ever sees it wait."""
    with storage.writing() as connection:
        connection.execute(
            RUNS.insert().values(
                name=name,
                owner=OWNER,
                status="running",
                settings=settings.as_dictionary(chosen),
                queued_at=Now(),
                changed_at=Now(),
                epochs=chosen.epochs,
                learning_rate=chosen.learning_rate,
                worker="test",
                lease_until=Now() + 10,
            )
        )
    return runs.read(name)
