"""The networks, each a list of layers: the one place where an architecture is spelled.

What Keras builds, what is computed by hand, the scripts that are shown and the export are all
derived from these lists.
"""

from typing import Any

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.networks.layer_specs import (
    Activation,
    ActivationName,
    AddChannel,
    ArchitectureError,
    BatchNormalization,
    Convolution,
    Dense,
    DepthwiseScale,
    Dropout,
    Flatten,
    LastRow,
    LayerSpec,
    Pooling,
    Recurrent,
    Rescaling,
    Softmax,
    ZeroPadding,
)
from mnist_app.networks.layers import INPUT, Layer

Architecture = tuple[LayerSpec, ...]
"""Everything between an image, 28 x 28 with values from 0 to 255, and the probabilities."""


def network_of(*hidden: LayerSpec) -> Architecture:
    """Return the network with these hidden layers, between the scaled image and the logits."""
    first = hidden[0] if hidden else None
    channel = () if isinstance(first, Flatten | Recurrent) else (AddChannel(),)
    return (Rescaling(), *channel, *hidden, Dense("logits", CLASSES, ""), Softmax())


def built(
    stages: int,
    filters: int,
    kernel: int,
    pool: int,
    pool_stride: int,
    activation: ActivationName,
    batch_norm: bool,
    dropout: float,
    dense: int,
) -> Architecture:
    """Return a network of stages of convolution and max pooling, and a dense layer.

    Each stage has twice the filters of the one before. With batch normalization, pooling comes
    first, because fewer numbers are then normalized. No dense units: no dense layer.
    """
    hidden: list[LayerSpec] = []
    for number in range(1, stages + 1):
        nonlinearity = Activation(f"{activation}{number}", activation)
        pooling = Pooling(f"pool{number}", pool, pool_stride)
        norm = BatchNormalization(f"norm{number}", momentum=0.9)
        hidden.append(Convolution(f"conv{number}", filters, kernel, bias=not batch_norm))
        hidden += [pooling, norm, nonlinearity] if batch_norm else [nonlinearity, pooling]
        filters *= 2
    hidden.append(Flatten())
    if dense:
        hidden.append(Dense("dense1", dense, activation))
    if dropout:
        hidden.append(Dropout("dropout", dropout))
    return network_of(*hidden)


def _small_cnn() -> Architecture:
    return network_of(
        Convolution("conv1", 16, 5),
        Activation("relu1", "relu"),
        Pooling("pool1", 2, 2),
        Convolution("conv2", 48, 5),
        Activation("relu2", "relu"),
        Pooling("pool2", 2, 2),
        Flatten(),
        Dropout("dropout1", 0.1),
        Dense("dense1", 128),
        Dropout("dropout2", 0.1),
    )


def _big_cnn() -> Architecture:
    """After one large kernel, four small ones, each of which sees a little further."""
    return network_of(
        Convolution("conv1", 32, 5, bias=False),
        Pooling("pool1", 2, 2),
        BatchNormalization("norm1"),
        Activation("relu1", "relu"),
        *(
            layer
            for number, filters in enumerate((64, 64, 96, 96), start=2)
            for layer in (
                Convolution(f"conv{number}", filters, 3, bias=False),
                BatchNormalization(f"norm{number}"),
                Activation(f"relu{number}", "relu"),
            )
        ),
        Flatten(),
        Dropout("dropout", 0.4),
    )


def _lenet() -> Architecture:
    """LeNet-5: LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning (1998), section II.B.

    As published, with its 32x32 input, trainable subsampling, partly connected third layer and
    scaled tanh; only its output layer is dense with a softmax, instead of distances to drawings.
    """
    # Table I of the paper: the maps of S2 (rows) that each of the 16 maps of C3 (columns) sees.
    table = (
        "X000XXX00XXXX0XX",
        "XX000XXX00XXXX0X",
        "XXX000XXX00X0XXX",
        "0XXX00XXXX00X0XX",
        "00XXX00XXXX0XX0X",
        "000XXX00XXXX0XXX",
    )
    connections = tuple(
        tuple(row for row, marks in enumerate(table) if marks[column] == "X")
        for column in range(16)
    )
    return network_of(
        ZeroPadding("padding", 2),  # 32 x 32
        Convolution("c1", 6, 5),  # 28 x 28 x 6
        Activation("tanh1", "scaled_tanh"),
        Pooling("average2", 2, 2, "average"),  # 14 x 14 x 6
        DepthwiseScale("s2"),
        Activation("tanh2", "scaled_tanh"),
        Convolution("c3", 16, 5, connections=connections),  # 10 x 10 x 16
        Activation("tanh3", "scaled_tanh"),
        Pooling("average4", 2, 2, "average"),  # 5 x 5 x 16
        DepthwiseScale("s4"),
        Activation("tanh4", "scaled_tanh"),
        Convolution("c5", 120, 5),  # 1 x 1 x 120
        Activation("tanh5", "scaled_tanh"),
        Flatten(),
        Dense("f6", 84, "scaled_tanh"),
    )


def _row_reader() -> Architecture:
    """It reads the image like a text of 28 rows; its state after the last one decides."""
    return network_of(
        Recurrent("rows", 128),
        LastRow("last_row"),
        Flatten(),
        Dropout("dropout", 0.2),
    )


def _mlp() -> Architecture:
    return network_of(
        Flatten(),
        Dense("dense1", 256),
        Dropout("dropout1", 0.2),
        Dense("dense2", 128),
        Dropout("dropout2", 0.2),
    )


ARCHITECTURES: dict[str, Architecture] = {
    "cnn": _small_cnn(),
    "champion": _big_cnn(),
    "lenet": _lenet(),
    "rnn": _row_reader(),
    "mlp": _mlp(),
    "softmax": network_of(Flatten()),
}
"""The networks of `networks.registry.NETWORKS`, by the same names."""


def layers_of(architecture: Architecture) -> tuple[Layer, ...]:
    """Return all layers of the network, the input included, with their shapes and parameters.

    Raises ArchitectureError where a layer does not fit what comes before it.
    """
    layers = [Layer(INPUT, "InputLayer", (IMAGE_SIDE, IMAGE_SIDE))]
    for spec in architecture:
        if spec.name in [layer.name for layer in layers]:
            raise ArchitectureError(f"Two layers are called “{spec.name}”. Rename one of them.")
        layers.append(spec.layer(layers[-1].shape))
    return tuple(layers)


def is_written_by_hand(architecture: Architecture) -> bool:
    """Say whether `model.by_hand` can compute and train the network."""
    return all(_is_frame(spec) or _as_tuple(spec) is not None for spec in architecture)


def as_tuples(architecture: Architecture) -> list[tuple[Any, ...]]:
    """Return the network's layers as `model.by_hand.Network` takes them, the logits the last.

    Raises ArchitectureError for a network with other layers, see `is_written_by_hand`.
    """
    tuples = []
    for spec in architecture:
        if _is_frame(spec):
            continue
        numbers = _as_tuple(spec)
        if numbers is None:
            raise ArchitectureError(
                f"The layer {spec.name} ({spec.kind}) is not written by hand here. Use Keras."
            )
        tuples.append(numbers)
    return tuples


def _is_frame(spec: LayerSpec) -> bool:
    """Say whether it is what every network written by hand begins or ends with."""
    return spec in (Rescaling(), AddChannel(), Softmax())


def _as_tuple(spec: LayerSpec) -> tuple[Any, ...] | None:
    match spec:
        case Convolution(name, filters, kernel, 1, "valid", bias, ()):
            return ("convolution", name, filters, kernel, bias)
        case Pooling(name, size, stride, "max"):
            return ("max pooling", name, size, stride)
        case BatchNormalization(name, momentum, epsilon):
            return ("batch normalization", name, momentum, epsilon)
        case Activation(name, "relu" | "tanh" | "sigmoid" as function):
            return ("activation", name, function)
        case Flatten(name):
            return ("flatten", name)
        case Dropout(name, rate):
            return ("dropout", name, rate)
        case Dense(name, units, "relu" | "tanh" | "sigmoid" | "" as activation):
            return ("dense", name, units, activation or "linear")
    return None
