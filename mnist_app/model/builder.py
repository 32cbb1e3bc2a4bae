"""The architectures, by name. Each takes raw pixels: the scale of values is its first layer."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from keras import KerasTensor, layers

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.networks import architecture, registry
from mnist_app.networks.architecture import PLANS, Plan, Step
from mnist_app.networks.registry import NETWORKS
from mnist_app.training import runs
from mnist_app.training.runs import RunError
from mnist_app.training.settings import Settings


def build(name: str) -> keras.Model:
    """Return the untrained network `name`.

    Its input are images of shape (batch, 28, 28), 0 to 255; its output, from the layer
    `probabilities`, has shape (batch, 10) and sums to 1. The layer before it is `logits`, a dense
    one. Raises KeyError for an unknown name.
    """
    return _between(ARCHITECTURES[name], name)


def build_for(settings: Settings) -> keras.Model:
    """Return the untrained network that the settings ask for, as `build` does."""
    if settings.plan is None:
        return build(settings.network)
    return _between(_follow(settings.plan), settings.network)


def _between(follow: Callable[[KerasTensor], KerasTensor], name: str) -> keras.Model:
    image = keras.Input((IMAGE_SIDE, IMAGE_SIDE), name="image")
    scaled = layers.Rescaling(1 / 255, name="scale")(image)
    features = follow(scaled)
    logits = layers.Dense(CLASSES, name="logits")(features)
    probabilities = layers.Softmax(name="probabilities")(logits)
    return keras.Model(image, probabilities, name=name)


def load(name: str) -> keras.Model:
    """Return the trained network `name`, a shipped one or a run's, built here in code.

    Raises RunError for an unknown name.
    """
    if name in NETWORKS:
        network = build(name)
    elif registry.exists(name):
        network = build_for(runs.read(name).settings)
    else:
        raise RunError(f"The network {name} is not there any more. Choose another.")
    network.load_weights(weights_file(name, runs.network_folder(name)))
    return network


def weights_file(name: str, folder: Path) -> Path:
    """Return where the weights of the network `name` lie in `folder`."""
    return folder / f"{name}.weights.h5"


def layer_of(step: Step) -> keras.Layer:
    """Return the Keras layer that a step of a plan describes."""
    match step:
        case architecture.Convolution(name, filters, kernel, bias):
            return layers.Conv2D(filters, kernel, use_bias=bias, name=name)
        case architecture.Pooling(name, size, stride):
            return layers.MaxPooling2D(size, stride, name=name)
        case architecture.Normalization(name, momentum):
            return layers.BatchNormalization(momentum=momentum, name=name)
        case architecture.Activation(name, "relu"):
            return layers.ReLU(name=name)
        case architecture.Activation(name, function):
            return layers.Activation(function, name=name)
        case architecture.Flatten(name):
            return layers.Flatten(name=name)
        case architecture.Dropout(name, rate):
            return layers.Dropout(rate, name=name)
        case architecture.Dense(name, units, activation):
            return layers.Dense(units, activation=activation, name=name)


def _follow(plan: Plan) -> Callable[[KerasTensor], KerasTensor]:
    def follow(x: KerasTensor) -> KerasTensor:
        if not isinstance(plan[0], architecture.Flatten):
            x = _add_channel(x)
        for step in plan:
            x = layer_of(step)(x)
        return x

    return follow


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


ARCHITECTURES: dict[str, Callable[[KerasTensor], KerasTensor]] = {
    "lenet": _lenet,
    "rnn": _rnn,
    **{name: _follow(plan) for name, plan in PLANS.items()},
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


def _subsample(x: KerasTensor, number: int) -> KerasTensor:
    """Halve each map by averaging; a weight and a bias a map are learned."""
    x = layers.AveragePooling2D(2, name=f"average{number}")(x)
    x = layers.DepthwiseConv2D(1, name=f"s{number}")(x)
    return layers.Activation(scaled_tanh, name=f"tanh{number}")(x)
