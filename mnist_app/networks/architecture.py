"""A network as a list of layers, before anything of it is built: shapes and parameters.

Whoever plans a training sees its network at once; Keras and TensorFlow build the same one later.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.networks.card import Layer

ActivationName = Literal["relu", "tanh", "sigmoid"]
Shape = tuple[int, ...]


class PlanError(ValueError):
    """A network that cannot be built; the message is a sentence for the person."""


@dataclass(frozen=True)
class Convolution:
    """Square kernels that stay inside the image ("valid"), one pixel a step."""

    name: str
    filters: int
    kernel: int
    bias: bool = True


@dataclass(frozen=True)
class Pooling:
    """Max pooling with square windows that stay inside the image ("valid")."""

    name: str
    size: int
    stride: int


@dataclass(frozen=True)
class Normalization:
    """Batch normalization; the moving average of Keras's default, or a quicker one."""

    name: str
    momentum: float = 0.99


@dataclass(frozen=True)
class Activation:
    """An activation as a layer of its own."""

    name: str
    function: ActivationName


@dataclass(frozen=True)
class Flatten:
    """All numbers in a row."""

    name: str = "flatten"


@dataclass(frozen=True)
class Dropout:
    """While training, this share of all numbers is zero, and the others grow by as much."""

    name: str
    rate: float


@dataclass(frozen=True)
class Dense:
    """Each unit looks at all inputs."""

    name: str
    units: int
    activation: ActivationName | Literal["linear"] = "relu"


Step: TypeAlias = Convolution | Pooling | Normalization | Activation | Flatten | Dropout | Dense
Plan = tuple[Step, ...]
"""What lies between the image, 28 x 28 with values from 0 to 1, and the logits."""


LOGITS = Dense("logits", CLASSES, "linear")
"""What every network ends with, before the softmax."""

# The shipped networks that consist of these layers alone.
PLANS: dict[str, Plan] = {
    "cnn": (
        Convolution("conv1", 16, 5),
        Activation("relu1", "relu"),
        Pooling("pool1", 2, 2),
        Convolution("conv2", 48, 5),
        Activation("relu2", "relu"),
        Pooling("pool2", 2, 2),
        Flatten(),
        Dropout("dropout1", 0.2),
        Dense("dense1", 128),
        Dropout("dropout2", 0.4),
    ),
    # After one large kernel, four small ones: each sees a little further, with a bend between.
    "champion": (
        Convolution("conv1", 32, 5, bias=False),
        Pooling("pool1", 2, 2),
        Normalization("norm1"),
        Activation("relu1", "relu"),
        *(
            step
            for number, filters in enumerate((64, 64, 96, 96), start=2)
            for step in (
                Convolution(f"conv{number}", filters, 3, bias=False),
                Normalization(f"norm{number}"),
                Activation(f"relu{number}", "relu"),
            )
        ),
        Flatten(),
        Dropout("dropout", 0.4),
    ),
    "mlp": (
        Flatten(),
        Dense("dense1", 256),
        Dropout("dropout1", 0.2),
        Dense("dense2", 128),
        Dropout("dropout2", 0.2),
    ),
    "softmax": (Flatten(),),
}


def build(
    stages: int,
    filters: int,
    kernel: int,
    pool: int,
    pool_stride: int,
    activation: ActivationName,
    batch_norm: bool,
    dropout: float,
    dense: int,
) -> Plan:
    """Return a network of stages of convolution and max pooling, and a dense layer.

    Each stage has twice the filters of the one before. With batch normalization, pooling comes
    first, because fewer numbers are then normalized. No dense units: no dense layer.
    """
    steps: list[Step] = []
    for number in range(1, stages + 1):
        bend = Activation(f"{activation}{number}", activation)
        pooling = Pooling(f"pool{number}", pool, pool_stride)
        convolution = Convolution(f"conv{number}", filters, kernel, bias=not batch_norm)
        norm = Normalization(f"norm{number}", momentum=0.9)
        rest = (pooling, norm, bend) if batch_norm else (bend, pooling)
        steps += [convolution, *rest]
        filters *= 2
    steps.append(Flatten())
    if dense:
        steps.append(Dense("dense1", dense, activation))
    if dropout:
        steps.append(Dropout("dropout", dropout))
    return tuple(steps)


def layers_of(plan: Plan) -> tuple[Layer, ...]:
    """Return all layers of the network that a plan makes, as a card has them.

    Raises PlanError where an image becomes smaller than the window that should walk over it.
    """
    side = IMAGE_SIDE
    layers = [
        Layer("image", "InputLayer", (side, side), 0),
        Layer("scale", "Rescaling", (side, side), 0),
    ]
    if not isinstance(plan[0], Flatten):
        layers.append(Layer("channel", "Reshape", (side, side, 1), 0))
    for step in plan:
        layers.append(_layer(step, layers[-1].shape))
    layers.append(_layer(LOGITS, layers[-1].shape))
    layers.append(Layer("probabilities", "Softmax", (CLASSES,), 0))
    return tuple(layers)


def as_tuples(plan: Plan) -> list[tuple[Any, ...]]:
    """Return a plan as `model.by_hand.Network` takes it, the logits included."""
    return [_as_tuple(step) for step in (*plan, LOGITS)]


def _as_tuple(step: Step) -> tuple[Any, ...]:
    match step:
        case Convolution(name, filters, kernel, bias):
            return ("convolution", name, filters, kernel, bias)
        case Pooling(name, size, stride):
            return ("pooling", name, size, stride)
        case Normalization(name, momentum):
            return ("normalization", name, momentum)
        case Activation(name, function):
            return ("activation", name, function)
        case Flatten(name):
            return ("flatten", name)
        case Dropout(name, rate):
            return ("dropout", name, rate)
        case Dense(name, units, activation):
            return ("dense", name, units, activation)


def _layer(step: Step, shape: Shape) -> Layer:
    """Return the layer that a step makes of maps or units of this shape."""
    match step:
        case Convolution(name, filters, kernel, bias):
            side = _walked(name, shape[0], kernel, 1)
            parameters = kernel * kernel * shape[-1] * filters + filters * bias
            return Layer(name, "Conv2D", (side, side, filters), parameters)
        case Pooling(name, size, stride):
            side = _walked(name, shape[0], size, stride)
            return Layer(name, "MaxPooling2D", (side, side, shape[-1]), 0)
        case Normalization(name):
            return Layer(name, "BatchNormalization", shape, 4 * shape[-1])
        case Activation(name, function):
            kind = "ReLU" if function == "relu" else "Activation"
            return Layer(name, kind, shape, 0, function)
        case Flatten(name):
            return Layer(name, "Flatten", (math.prod(shape),), 0)
        case Dropout(name):
            return Layer(name, "Dropout", shape, 0)
        case Dense(name, units, activation):
            return Layer(name, "Dense", (units,), (shape[-1] + 1) * units, activation)


def _walked(name: str, side: int, window: int, stride: int) -> int:
    """Return how many steps a window takes along an image, as `filters.walk` does for "valid"."""
    if window > side:
        raise PlanError(
            f"{name} would get maps of {side} × {side}, smaller than its window of {window} × "
            f"{window}. Take fewer stages, smaller kernels or a smaller pool stride."
        )
    return (side - window) // stride + 1
