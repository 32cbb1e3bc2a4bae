"""The kinds of layers that an architecture may consist of, and what each makes of its input.

A shape is that of a layer's output, without the batch: (28, 28) for the image, (rows, columns,
maps) for maps, (units,) for units, (rows, units) for a state after each row.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

from mnist_app.imaging.convolution import Padding
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.networks.layers import Layer

ActivationName = Literal["relu", "tanh", "sigmoid"]
"""The activations that one can choose for a network that is built of stages."""
Function = Literal["relu", "tanh", "sigmoid", "scaled_tanh"]
"""All activations; "scaled_tanh" is LeNet-5's 1.7159 tanh(2x/3)."""
Shape = tuple[int, ...]
Connections = tuple[tuple[int, ...], ...]
"""For each map of a convolution, the input maps that it looks at, from 0; empty for all."""


class ArchitectureError(ValueError):
    """A network that cannot be built; the message is a sentence for the person."""


@dataclass(frozen=True)
class LayerSpec(ABC):
    """A layer as one asks for it, before its place in a network says what shape it has."""

    name: str

    @property
    @abstractmethod
    def kind(self) -> str:
        """The name of the class that Keras has for it."""

    def layer(self, shape: Shape) -> Layer:
        """Return the layer that it is where its input has this shape.

        Raises ArchitectureError where such an input does not fit.
        """
        return Layer(self.name, self.kind, shape)

    def keras_arguments(self) -> dict[str, Any]:
        """Return the arguments, without the name, that Keras's class takes for it.

        Left out is what Keras takes anyway. "scaled_tanh", of which Keras does not know, stands
        for the function of that name in `model.builder`.
        """
        return {}


@dataclass(frozen=True)
class Rescaling(LayerSpec):
    """Each value divided by a number: pixels, 0 to 255, become 0 to 1."""

    name: str = "scale"
    divisor: float = 255.0
    kind = "Rescaling"

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"scale": 1 / self.divisor}


@dataclass(frozen=True)
class AddChannel(LayerSpec):
    """The image, (28, 28), as one map, (28, 28, 1)."""

    name: str = "channel"
    kind = "Reshape"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        rows, columns = _expect(self, shape, (IMAGE_SIDE, IMAGE_SIDE), "the image")
        return Layer(self.name, self.kind, (rows, columns, 1))

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"target_shape": (IMAGE_SIDE, IMAGE_SIDE, 1)}


@dataclass(frozen=True)
class ZeroPadding(LayerSpec):
    """A margin of zeros around each map."""

    margin: int
    """In pixels, on each of the four sides."""
    kind = "ZeroPadding2D"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        rows, columns, maps = _expect_maps(self, shape)
        added = 2 * self.margin
        return Layer(self.name, self.kind, (rows + added, columns + added, maps))

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"padding": self.margin}


@dataclass(frozen=True)
class Convolution(LayerSpec):
    """Square kernels that move over all maps; each kernel makes one new map."""

    filters: int
    """How many kernels, and so maps."""
    kernel: int
    """The kernels' side, in pixels."""
    stride: int = 1
    padding: Padding = "valid"
    bias: bool = True
    connections: Connections = ()
    kind = "Conv2D"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        *sides, maps = _expect_maps(self, shape)
        if self.connections:
            self._check_connections(maps)
        steps = [_steps(self.name, n, self.kernel, self.stride, self.padding) for n in sides]
        return Layer(
            self.name,
            self.kind,
            (*steps, self.filters),
            (self.kernel**2 * maps + self.bias) * self.filters,
            kernel=(self.kernel, self.kernel),
            stride=self.stride,
            padding=self.padding,
            has_bias=self.bias,
            connections=self.connections,
        )

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec; the connections, which Keras does not have, are left out."""
        return {
            "filters": self.filters,
            "kernel_size": self.kernel,
            **({"strides": self.stride} if self.stride != 1 else {}),
            **({"padding": self.padding} if self.padding != "valid" else {}),
            **({} if self.bias else {"use_bias": False}),
        }

    def _check_connections(self, maps: int) -> None:
        if len(self.connections) != self.filters:
            raise ArchitectureError(
                f"{self.name} has {self.filters} kernels, but connections for "
                f"{len(self.connections)}. Give connections for each kernel, or for none."
            )
        if not all(0 <= one < maps for connected in self.connections for one in connected):
            raise ArchitectureError(
                f"{self.name} is connected to maps that are not there. Its {maps} input maps are "
                f"0 to {maps - 1}."
            )


@dataclass(frozen=True)
class Pooling(LayerSpec):
    """Square windows that stay inside each map ("valid"); each leaves one value."""

    size: int
    """The windows' side, in pixels."""
    stride: int
    rule: Literal["max", "average"] = "max"

    @property
    def kind(self) -> str:
        """See LayerSpec."""
        return "MaxPooling2D" if self.rule == "max" else "AveragePooling2D"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        *sides, maps = _expect_maps(self, shape)
        steps = [_steps(self.name, n, self.size, self.stride, "valid") for n in sides]
        return Layer(
            self.name,
            self.kind,
            (*steps, maps),
            kernel=(self.size, self.size),
            stride=self.stride,
            padding="valid",
        )

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"pool_size": self.size, "strides": self.stride}


@dataclass(frozen=True)
class DepthwiseScale(LayerSpec):
    """Each map times a weight of its own plus a bias of its own, both learned."""

    kind = "DepthwiseConv2D"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        *_, maps = _expect_maps(self, shape)
        return Layer(
            self.name,
            self.kind,
            shape,
            2 * maps,
            kernel=(1, 1),
            stride=1,
            padding="valid",
            has_bias=True,
        )

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"kernel_size": 1}


@dataclass(frozen=True)
class BatchNormalization(LayerSpec):
    """Ioffe and Szegedy, Batch Normalization (2015), https://arxiv.org/abs/1502.03167."""

    momentum: float = 0.99
    """How much of the moving averages stays after each batch, 0 to 1."""
    epsilon: float = 1e-3
    kind = "BatchNormalization"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        return Layer(self.name, self.kind, shape, 4 * shape[-1], epsilon=self.epsilon)

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"momentum": self.momentum, "epsilon": self.epsilon}


@dataclass(frozen=True)
class Activation(LayerSpec):
    """An activation as a layer of its own."""

    function: Function

    @property
    def kind(self) -> str:
        """See LayerSpec."""
        return "ReLU" if self.function == "relu" else "Activation"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        return Layer(self.name, self.kind, shape, activation=self.function)

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {} if self.function == "relu" else {"activation": self.function}


@dataclass(frozen=True)
class Recurrent(LayerSpec):
    """A gated recurrent unit (GRU) that reads the image row by row: its state after each row.

    Cho et al., Learning Phrase Representations (2014), https://arxiv.org/abs/1406.1078.
    """

    units: int
    """How many numbers its state has."""
    kind = "GRU"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        rows, columns = _expect_rows(self, shape)
        parameters = 3 * self.units * (columns + self.units + 2)
        return Layer(
            self.name, self.kind, (rows, self.units), parameters, activation="tanh", has_bias=True
        )

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"units": self.units, "return_sequences": True, "unroll": True}


@dataclass(frozen=True)
class LastRow(LayerSpec):
    """Of the states after all 28 rows, the last one."""

    kind = "Cropping1D"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        _, columns = _expect_rows(self, shape)
        return Layer(self.name, self.kind, (1, columns))

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"cropping": (IMAGE_SIDE - 1, 0)}


@dataclass(frozen=True)
class Flatten(LayerSpec):
    """All numbers in a row."""

    name: str = "flatten"
    kind = "Flatten"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        return Layer(self.name, self.kind, (math.prod(shape),))


@dataclass(frozen=True)
class Dropout(LayerSpec):
    """In training, this share of all numbers is set to 0, and the others grow by as much."""

    rate: float
    """From 0 to less than 1."""
    kind = "Dropout"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        return Layer(self.name, self.kind, shape, rate=self.rate)

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        return {"rate": self.rate}


@dataclass(frozen=True)
class Dense(LayerSpec):
    """Each unit is connected to all inputs."""

    units: int
    activation: Function | Literal[""] = "relu"
    """Empty for none."""
    kind = "Dense"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        (inputs,) = _expect_units(self, shape)
        return Layer(
            self.name,
            self.kind,
            (self.units,),
            (inputs + 1) * self.units,
            activation=self.activation,
            has_bias=True,
        )

    def keras_arguments(self) -> dict[str, Any]:
        """See LayerSpec."""
        activation = {"activation": self.activation} if self.activation else {}
        return {"units": self.units, **activation}


@dataclass(frozen=True)
class Softmax(LayerSpec):
    """Logits become probabilities."""

    name: str = "probabilities"
    kind = "Softmax"

    def layer(self, shape: Shape) -> Layer:
        """See LayerSpec."""
        _expect_units(self, shape)
        return Layer(self.name, self.kind, shape, activation="softmax")


def _steps(name: str, side: int, window: int, stride: int, padding: Padding) -> int:
    """Return how many places a window stops at along a map; see `convolution.sliding_window`."""
    if padding == "same":
        return math.ceil(side / stride)
    if window > side:
        raise ArchitectureError(
            f"{name} would get maps of {side} × {side}, smaller than its window of {window} × "
            f"{window}. Take fewer stages, smaller kernels or a smaller pool stride."
        )
    return (side - window) // stride + 1


def _expect(spec: LayerSpec, shape: Shape, expected: Shape, in_words: str) -> Shape:
    """Return the shape where it is the expected one, in which 0 stands for any length."""
    fits = len(shape) == len(expected) and all(
        wanted in (0, length) for length, wanted in zip(shape, expected, strict=True)
    )
    if not fits:
        raise ArchitectureError(
            f"{spec.name} takes {in_words}, but gets numbers of shape {shape}. Move it to another "
            "place in the network."
        )
    return shape


def _expect_maps(spec: LayerSpec, shape: Shape) -> Shape:
    return _expect(spec, shape, (0, 0, 0), "maps of rows and columns")


def _expect_rows(spec: LayerSpec, shape: Shape) -> Shape:
    return _expect(spec, shape, (IMAGE_SIDE, 0), "28 rows")


def _expect_units(spec: LayerSpec, shape: Shape) -> Shape:
    return _expect(spec, shape, (0,), "units in one row")
