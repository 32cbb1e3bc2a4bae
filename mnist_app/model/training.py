"""Train a network from nothing on augmented MNIST and write its weights and its card.

Runs in a process of its own: `python -m mnist_app train` starts it.
"""

import argparse
import json
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from loky import ProcessPoolExecutor, cpu_count
from loky.backend import get_context

from mnist_app import cards, dataset
from mnist_app.model import calibration, networks
from mnist_app.recipe import Epoch, Mixture


@dataclass(frozen=True)
class Settings:
    """Everything that a training depends on; the same settings give the same weights."""

    network: str = "cnn"
    epochs: int = 20
    batch_size: int = 128
    peak_learning_rate: float = 0.003
    weight_decay: float = 0.001
    seed: int = 1
    images: int = dataset.TRAINING_IMAGES
    """How many of the 57,000 training images that are not held out, from the first on."""
    written: float = 0.35
    """How many digits the program writes for each image, anew for each epoch."""
    nondigits: float = 0.14
    """How many drawings that are no digit it makes for each image."""


def settings_for(given: dict[str, Any]) -> Settings:
    """Return the settings that the network ships with, changed by those that are `given`."""
    network = given.get("network", Settings.network)
    return replace(RECIPES.get(network, Settings(network)), **given)


RECIPES = {
    "champion": Settings("champion", epochs=17),
    "lenet": Settings("lenet", epochs=6),
    "rnn": Settings("rnn", epochs=8),
    "mlp": Settings("mlp", epochs=6, peak_learning_rate=0.002),
    "softmax": Settings("softmax", epochs=3),
}
"""The networks that ship with other settings than the default ones."""


def train(settings: Settings) -> tuple[keras.Model, dict[str, Any]]:
    """Return the trained and calibrated network and its card.

    Every epoch sees each image once, varied anew. The 10,000 test images are looked at once,
    at the end.
    """
    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    started = time.monotonic()
    network = networks.build(settings.network)
    _fit(network, settings)
    held_out = dataset.load_held_out()
    temperature = calibration.calibrate(network, held_out)
    reject_below = calibration.threshold(network, held_out, settings.seed)
    seconds = time.monotonic() - started
    card = _card(network, settings, seconds)
    return network, card | {"temperature": temperature, "reject_below": reject_below}


def _mixture(settings: Settings) -> Mixture:
    return Mixture(
        written=round(settings.images * settings.written),
        nondigits=round(settings.images * settings.nondigits),
    )


def _fit(network: keras.Model, settings: Settings) -> None:
    """Train while other processes make the images of the next epoch."""
    mixture = _mixture(settings)
    split = dataset.load_training()
    split = dataset.Split(split.images[: settings.images], split.labels[: settings.images])
    count = len(split) + mixture.written + mixture.nondigits
    network.compile(
        optimizer=keras.optimizers.AdamW(
            _one_cycle(settings, count), weight_decay=settings.weight_decay
        ),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    with ProcessPoolExecutor(cpu_count(), context=get_context("loky")) as executor:
        following = Epoch(executor, split, mixture, settings.seed, 0)
        for number in range(settings.epochs):
            images, targets = following.result()
            if number + 1 < settings.epochs:
                following = Epoch(executor, split, mixture, settings.seed, number + 1)
            network.fit(
                images.astype(np.float32),
                targets,
                batch_size=settings.batch_size,
                initial_epoch=number,
                epochs=number + 1,
                verbose=2,
            )


def test_accuracy(network: keras.Model) -> float:
    """Return the share of MNIST's 10,000 test images that `network` gets right, 0 to 1."""
    split = dataset.load_test()
    probabilities = network.predict(split.images.astype(np.float32), batch_size=500, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == split.labels))


def save(network: keras.Model, card: dict[str, Any], folder: Path) -> None:
    """Write `network`'s weights and `card` into `folder`, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    bare = networks.build(network.name)  # without the optimiser's state, twice as large
    bare.set_weights(network.get_weights())
    bare.save_weights(networks.weights_file(network.name, folder))
    cards.write_card(network.name, card, folder)


def _one_cycle(settings: Settings, count: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Rise to the peak in a fifth of all steps, then fall along a cosine to nearly nothing.

    After Smith and Topin, Super-Convergence (2018), https://arxiv.org/abs/1708.07120.
    """
    steps = settings.epochs * -(-count // settings.batch_size)
    rise = max(1, steps // 5)
    return keras.optimizers.schedules.CosineDecay(
        settings.peak_learning_rate / 20,
        decay_steps=max(1, steps - rise),
        alpha=0.001,
        warmup_target=settings.peak_learning_rate,
        warmup_steps=rise,
    )


def _card(network: keras.Model, settings: Settings, seconds: float) -> dict[str, Any]:
    mixture = _mixture(settings)
    return {
        "name": network.name,
        "layers": [_describe(layer) for layer in network.layers],
        "parameters": network.count_params(),
        "input": "28 x 28 pixels, 0 (black) to 255 (white); the layer `scale` divides by 255",
        "data": (
            f"{settings.images:,} training images of MNIST, {mixture.written:,} digits written "
            f"by the program and {mixture.nondigits:,} drawings that are no digit, all varied "
            "anew for each epoch"
        ),
        "settings": asdict(settings),
        "seconds_to_train": round(seconds, 1),
        "machine": f"{platform.machine()}, {cpu_count()} cores",
        "test_accuracy": test_accuracy(network),
    }


def _describe(layer: keras.Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "shape": list(layer.output.shape[1:]),
        "parameters": layer.count_params(),
    }


def main() -> None:
    """Train with the settings given as JSON and save into the given folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("settings", type=json.loads)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    network, card = train(settings_for(arguments.settings))
    save(network, card, arguments.folder)


if __name__ == "__main__":
    main()
