"""The architectures, by name. Each takes raw pixels: the scale of values is its first layer."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from keras import KerasTensor, layers

from mnist_app.cards import ASSETS
from mnist_app.dataset import CLASSES
from mnist_app.digit import IMAGE_SIDE


def build(name: str) -> keras.Model:
    """Return the untrained network `name`.

    Its input are images of shape (batch, 28, 28), 0 to 255; its output, from the layer
    `probabilities`, has shape (batch, 10) and sums to 1. The layer before it is `logits`, a dense
    one. Raises KeyError for an unknown name.
    """
    image = keras.Input((IMAGE_SIDE, IMAGE_SIDE), name="image")
    scaled = layers.Rescaling(1 / 255, name="scale")(image)
    features = ARCHITECTURES[name](scaled)
    logits = layers.Dense(CLASSES, name="logits")(features)
    probabilities = layers.Softmax(name="probabilities")(logits)
    return keras.Model(image, probabilities, name=name)


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


def _cnn(x: KerasTensor) -> KerasTensor:
    x = _add_channel(x)
    x = layers.Conv2D(16, 5, name="conv1")(x)  # 24 x 24 x 16
    x = layers.ReLU(name="relu1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)  # 12 x 12 x 16
    x = layers.Conv2D(48, 5, name="conv2")(x)  # 8 x 8 x 48
    x = layers.ReLU(name="relu2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)  # 4 x 4 x 48
    x = layers.Flatten(name="flatten")(x)  # 768
    x = layers.Dropout(0.2, name="dropout1")(x)
    x = layers.Dense(128, activation="relu", name="dense1")(x)
    return layers.Dropout(0.4, name="dropout2")(x)


def _champion(x: KerasTensor) -> KerasTensor:
    """After one large kernel, four small ones: each sees a little further, with a bend between."""
    x = _add_channel(x)
    x = layers.Conv2D(32, 5, use_bias=False, name="conv1")(x)  # 24 x 24 x 32
    x = layers.MaxPooling2D(2, name="pool1")(x)  # 12 x 12
    x = _normalise(x, 1)
    for number, kernels in enumerate((64, 64, 96, 96), start=2):  # 10, 8, 6 and 4 a side
        x = layers.Conv2D(kernels, 3, use_bias=False, name=f"conv{number}")(x)
        x = _normalise(x, number)
    x = layers.Flatten(name="flatten")(x)  # 1536
    return layers.Dropout(0.4, name="dropout")(x)


def _lenet(x: KerasTensor) -> KerasTensor:
    """LeNet-5: LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning (1998), section II.B.

    As published, with its 32x32 input, trainable subsampling, partly connected third layer and
    scaled tanh; only its output layer is dense with a softmax, instead of distances to drawings.
    """
    x = _add_channel(x)
    x = layers.ZeroPadding2D(2, name="padding")(x)  # 32 x 32
    x = layers.Conv2D(6, 5, name="c1")(x)  # 28 x 28 x 6
    x = layers.Activation(scaled_tanh, name="tanh1")(x)
    x = _subsample(x, 2)  # 14 x 14 x 6
    x = layers.Conv2D(16, 5, kernel_constraint=PartlyConnected(), name="c3")(x)  # 10 x 10 x 16
    x = layers.Activation(scaled_tanh, name="tanh3")(x)
    x = _subsample(x, 4)  # 5 x 5 x 16
    x = layers.Conv2D(120, 5, name="c5")(x)  # 1 x 1 x 120
    x = layers.Activation(scaled_tanh, name="tanh5")(x)
    x = layers.Flatten(name="flatten")(x)
    return layers.Dense(84, activation=scaled_tanh, name="f6")(x)


def _rnn(x: KerasTensor) -> KerasTensor:
    """Read the image as a text of 28 rows; what is remembered after the last one decides."""
    x = layers.GRU(128, return_sequences=True, unroll=True, name="rows")(x)  # 28 x 128
    x = layers.Cropping1D((IMAGE_SIDE - 1, 0), name="last_row")(x)  # 1 x 128
    x = layers.Flatten(name="flatten")(x)
    return layers.Dropout(0.2, name="dropout")(x)


def _mlp(x: KerasTensor) -> KerasTensor:
    x = layers.Flatten(name="flatten")(x)  # 784
    for number, units in enumerate((256, 128), start=1):
        x = layers.Dense(units, activation="relu", name=f"dense{number}")(x)
        x = layers.Dropout(0.2, name=f"dropout{number}")(x)
    return x


def _softmax(x: KerasTensor) -> KerasTensor:
    return layers.Flatten(name="flatten")(x)


ARCHITECTURES: dict[str, Callable[[KerasTensor], KerasTensor]] = {
    "cnn": _cnn,
    "champion": _champion,
    "lenet": _lenet,
    "rnn": _rnn,
    "mlp": _mlp,
    "softmax": _softmax,
}


def scaled_tanh(x: KerasTensor) -> KerasTensor:
    """Return LeNet-5's activation, 1.7159 tanh(2x/3), of which 1 stays 1 and -1 stays -1."""
    return 1.7159 * keras.ops.tanh(2 / 3 * x)


# Table I of the paper: the maps of S2 (rows) that each of the 16 maps of C3 (columns) looks at.
_C3_TABLE = (
    "X000XXX00XXXX0XX",
    "XX000XXX00XXXX0X",
    "XXX000XXX00X0XXX",
    "0XXX00XXXX00X0XX",
    "00XXX00XXXX0XX0X",
    "000XXX00XXXX0XXX",
)


class PartlyConnected(keras.constraints.Constraint):
    """Keep the weights at zero where LeNet-5's C3 has no connection."""

    def __call__(self, w: KerasTensor) -> KerasTensor:
        """Return the kernels, shape (5, 5, 6, 16), without the missing connections."""
        table = np.array([[mark == "X" for mark in row] for row in _C3_TABLE], np.float32)
        return w * keras.ops.convert_to_tensor(table)


def _add_channel(x: KerasTensor) -> KerasTensor:
    return layers.Reshape((IMAGE_SIDE, IMAGE_SIDE, 1), name="channel")(x)


def _normalise(x: KerasTensor, number: int) -> KerasTensor:
    x = layers.BatchNormalization(name=f"norm{number}")(x)
    return layers.ReLU(name=f"relu{number}")(x)


def _subsample(x: KerasTensor, number: int) -> KerasTensor:
    """Halve each map by averaging; a weight and a bias a map are learned."""
    x = layers.AveragePooling2D(2, name=f"average{number}")(x)
    x = layers.DepthwiseConv2D(1, name=f"s{number}")(x)
    return layers.Activation(scaled_tanh, name=f"tanh{number}")(x)
