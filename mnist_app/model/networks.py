"""The architectures, by name. Each takes raw pixels: the scale of values is its first layer."""

from collections.abc import Callable
from pathlib import Path

import keras
from keras import layers

from mnist_app.cards import ASSETS
from mnist_app.dataset import CLASSES
from mnist_app.digit import IMAGE_SIDE


def build(name: str) -> keras.Model:
    """Return the untrained network `name`.

    Its input are images of shape (batch, 28, 28), 0 to 255; its output, from the layer
    `probabilities`, has shape (batch, 10) and sums to 1. Raises KeyError for an unknown name.
    """
    return ARCHITECTURES[name]()


def load(name: str) -> keras.Model:
    """Return the trained network `name`, built here in code, with its shipped weights.

    Raises KeyError for an unknown name.
    """
    network = build(name)
    network.load_weights(weights_file(name, ASSETS))
    return network


def weights_file(name: str, folder: Path) -> Path:
    """Return where the weights of the network `name` lie in `folder`."""
    return folder / f"{name}.weights.h5"


def _cnn() -> keras.Model:
    image = keras.Input((IMAGE_SIDE, IMAGE_SIDE), name="image")
    x = layers.Reshape((IMAGE_SIDE, IMAGE_SIDE, 1), name="channel")(image)
    x = layers.Rescaling(1 / 255, name="scale")(x)
    x = layers.Conv2D(16, 5, name="conv1")(x)  # 24 x 24 x 16
    x = layers.ReLU(name="relu1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)  # 12 x 12 x 16
    x = layers.Conv2D(32, 5, name="conv2")(x)  # 8 x 8 x 32
    x = layers.ReLU(name="relu2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)  # 4 x 4 x 32
    x = layers.Flatten(name="flatten")(x)  # 512
    x = layers.Dropout(0.2, name="dropout1")(x)
    x = layers.Dense(128, activation="relu", name="dense1")(x)
    x = layers.Dropout(0.4, name="dropout2")(x)
    logits = layers.Dense(CLASSES, name="logits")(x)
    probabilities = layers.Softmax(name="probabilities")(logits)
    return keras.Model(image, probabilities, name="cnn")


ARCHITECTURES: dict[str, Callable[[], keras.Model]] = {"cnn": _cnn}
