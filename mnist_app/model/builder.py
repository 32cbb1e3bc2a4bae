"""Networks built with Keras, from their architectures alone; and what Keras then says of them."""

from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers

from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.networks import registry
from mnist_app.networks.architecture import Architecture
from mnist_app.networks.layer_specs import Connections, Convolution, LayerSpec
from mnist_app.networks.layers import INPUT, Layer


def build(architecture: Architecture, name: str = "network") -> keras.Model:
    """Return an untrained network.

    It takes images of shape (batch, 28, 28), 0 to 255. The networks of `networks.architecture`
    give probabilities of shape (batch, 10) that sum to 1, from the layer `probabilities`; the
    layer before it is the dense one `logits`.
    """
    image = x = keras.Input((IMAGE_SIDE, IMAGE_SIDE), name=INPUT)
    for spec in architecture:
        x = layer_of(spec)(x)
    return keras.Model(image, x, name=name)


def load(name: str) -> keras.Model:
    """Return the trained network `name`, a shipped one or a run's, built here in code.

    Raises NetworkError where there is none.
    """
    network = build(registry.read_card(name).architecture, name)
    with registry.weights_file(name) as file:
        network.load_weights(file)
    return network


def layer_of(spec: LayerSpec) -> keras.Layer:
    """Return the Keras layer that a spec describes."""
    arguments = spec.keras_arguments()
    if arguments.get("activation") == scaled_tanh.__name__:
        arguments["activation"] = scaled_tanh
    if isinstance(spec, Convolution) and spec.connections:
        arguments["kernel_constraint"] = PartlyConnected(spec.connections)
    return getattr(layers, spec.kind)(**arguments, name=spec.name)


def weights_as_floats(model: keras.Model) -> bytes:
    """Return all weights, layer by layer, as float32, little-endian; see `networks.packing`."""
    weights = [array for layer in model.layers for array in layer.get_weights()]
    return b"".join(array.astype("<f4").tobytes() for array in weights)


def describe(model: keras.Model) -> tuple[Layer, ...]:
    """Return the layers of a network as they were built, for its card.

    Raises ValueError for a layer that `Layer` has no words for, such as one that moves further
    down than across.
    """
    return tuple(_describe(layer) for layer in model.layers)


def _describe(layer: keras.Layer) -> Layer:
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", ()))
    return Layer(
        name=layer.name,
        kind=type(layer).__name__,
        shape=tuple(layer.output.shape[1:]),
        parameters=layer.count_params(),
        kernel=tuple(window) or None,
        stride=_stride(layer) if window else None,
        padding=layer.padding if window else None,
        activation=_activation(layer),
        has_bias=getattr(layer, "use_bias", False),
        epsilon=getattr(layer, "epsilon", None),
        rate=getattr(layer, "rate", None),
        connections=getattr(getattr(layer, "kernel_constraint", None), "connections", ()),
    )


def _stride(layer: keras.Layer) -> int:
    down, across = layer.strides
    if down != across:
        raise ValueError(f"{layer.name} moves by {down} down and by {across} across.")
    return down


def _activation(layer: keras.Layer) -> str:
    if isinstance(layer, layers.ReLU | layers.Softmax):
        return type(layer).__name__.lower()
    function = getattr(layer, "activation", keras.activations.linear)
    return "" if function is keras.activations.linear else function.__name__


@keras.saving.register_keras_serializable("mnist_app")
def scaled_tanh(x: KerasTensor) -> KerasTensor:
    """Return LeNet-5's activation, 1.7159 tanh(2x/3), of which 1 stays 1 and -1 stays -1."""
    return 1.7159 * keras.ops.tanh(2 / 3 * x)


@keras.saving.register_keras_serializable("mnist_app")
class PartlyConnected(keras.constraints.Constraint):
    """Keep the weights at zero where a map is not connected, as in LeNet-5's third layer."""

    def __init__(self, connections: Connections) -> None:
        """`connections`: for each map, the input maps that it looks at."""
        self.connections = tuple(tuple(connected) for connected in connections)

    def __call__(self, w: KerasTensor) -> KerasTensor:
        """Return the kernels, (rows, columns, channels, maps), without missing connections."""
        table = np.zeros(tuple(w.shape[2:]), np.float32)
        for number, connected in enumerate(self.connections):
            table[list(connected), number] = 1
        return w * keras.ops.convert_to_tensor(table)

    def get_config(self) -> dict[str, Any]:
        """Return what Keras needs to make it again."""
        return {"connections": self.connections}
