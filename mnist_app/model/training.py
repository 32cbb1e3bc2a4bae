"""Train a network from nothing on augmented MNIST and write its weights and its card.

Runs in a process of its own: `python -m mnist_app train` starts it.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_app import cards, dataset
from mnist_app.augmentation import augment
from mnist_app.model import networks


@dataclass(frozen=True)
class Settings:
    """Everything that a training depends on; the same settings give the same weights."""

    network: str = "cnn"
    epochs: int = 30
    batch_size: int = 128
    peak_learning_rate: float = 0.003
    weight_decay: float = 0.001
    seed: int = 1
    images: int = 60_000
    """How many of the 60,000 training images, from the first on."""


def train(settings: Settings) -> tuple[keras.Model, dict[str, Any]]:
    """Return the trained network and its card.

    Every epoch sees each image once, augmented anew. The 10,000 test images are looked at once,
    at the end.
    """
    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()
    split = dataset.load_training()
    images, labels = split.images[: settings.images], split.labels[: settings.images]
    network = networks.build(settings.network)
    network.compile(
        optimizer=keras.optimizers.AdamW(
            _one_cycle(settings, len(images)), weight_decay=settings.weight_decay
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    started = time.monotonic()
    for epoch in range(settings.epochs):
        generator = np.random.default_rng([settings.seed, epoch])
        network.fit(
            augment(images, generator).astype(np.float32),
            labels.astype(np.int32),
            batch_size=settings.batch_size,
            initial_epoch=epoch,
            epochs=epoch + 1,
            verbose=2,
        )
    seconds = time.monotonic() - started
    return network, _card(network, settings, seconds)


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
    cards.card_file(network.name, folder).write_text(json.dumps(card, indent=2) + "\n")


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
    return {
        "name": network.name,
        "layers": [_describe(layer) for layer in network.layers],
        "parameters": network.count_params(),
        "input": "28 x 28 pixels, 0 (black) to 255 (white); the layer `scale` divides by 255",
        "data": f"the first {settings.images} training images of MNIST, augmented",
        "settings": asdict(settings),
        "seconds_to_train": round(seconds, 1),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
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
    network, card = train(Settings(**arguments.settings))
    save(network, card, arguments.folder)


if __name__ == "__main__":
    main()
