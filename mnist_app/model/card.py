"""The card of a network that was trained here, written from the network as it was built."""

import platform
from dataclasses import dataclass

import keras
from loky import cpu_count

from mnist_app.data.datasets import SOURCES
from mnist_app.model.builder import describe
from mnist_app.networks.card import Card, TrainingDetails
from mnist_app.networks.evaluation import Evaluation, Measurement
from mnist_app.training.run import Run
from mnist_app.training.settings import Settings


@dataclass(frozen=True)
class Result:
    """What came out of a training."""

    completed_epochs: int
    seconds: float
    """Of fitting."""
    temperature: float
    reject_below: float
    """See `networks.card.Card`."""
    test: Measurement
    """How the test images are read."""
    drawings: int
    """How many of a person's drawings it learned."""
    writers: int
    """How many people's digits it learned, written anew."""


def write_card(run: Run, network: keras.Model, result: Result) -> Card:
    """Return the card of `network`, which `run` has trained."""
    settings = run.settings
    return Card(
        name=run.name,
        architecture=settings.architecture,
        layers=describe(network),
        settings=_details(settings, result.completed_epochs),
        evaluation=Evaluation(tests={settings.data: result.test}),
        data=_data_in_words(settings, result),
        seconds_to_train=round(result.seconds, 1),
        machine=f"{platform.machine()}, {cpu_count()} cores",
        temperature=result.temperature,
        reject_below=result.reject_below,
        tested_on=settings.data,
    )


def _details(settings: Settings, completed_epochs: int) -> TrainingDetails:
    return TrainingDetails(
        network=settings.network,
        images=settings.images,
        epochs=completed_epochs,
        batch_size=settings.batch_size,
        seed=settings.seed,
        learning_rate=settings.learning_rate,
        schedule=settings.schedule,
        optimizer=settings.optimizer,
        weight_decay=settings.weight_decay,
        beta_2=settings.beta_2,
        label_smoothing=settings.label_smoothing,
        augmentation=settings.augmentation,
        synthetic_digits=settings.mixture.synthetic,
        negatives=settings.mixture.negatives,
        rewritten=settings.mixture.rewritten,
        engine=settings.engine,
        start_from=settings.start_from,
    )


def _data_in_words(settings: Settings, result: Result) -> str:
    mixture = settings.mixture
    parts = [f"{settings.images:,} training images of {SOURCES[settings.data].title}"]
    if settings.label_noise:
        parts[0] += f", {100 * settings.label_noise:g}% of them with wrong labels"
    if settings.augmentation != "none":
        parts[0] += ", augmented in each epoch"
    if mixture.synthetic:
        parts.append(f"{mixture.synthetic:,} digits written by the program")
        parts.append(f"{mixture.negatives:,} drawings that are no digit")
    if mixture.rewritten:
        parts.append(f"{mixture.rewritten:,} digits of {result.writers} people, written anew")
    if result.drawings:
        parts.append(f"{result.drawings} drawings by a person")
    words = "; ".join(parts)
    return f"{words}; it started from {settings.start_from}" if settings.start_from else words
