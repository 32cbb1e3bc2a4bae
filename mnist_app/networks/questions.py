"""What the model process can be asked, and what comes back where there is no answer.

A question is an object and knows the type of its answer. Networks are named as in the registry.
None of this needs TensorFlow: both sides import it.
"""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.networks.interventions import Interventions

Answer = TypeVar("Answer")


class Question(Generic[Answer]):
    """A question whose answer is an `Answer`."""


@dataclass(frozen=True, eq=False)
class Classify(Question[dict[str, Array]]):
    """Which digits are these? The answer: network -> probabilities, float32 (n, 10)."""

    images: Image
    """Shape (n, 28, 28), 0 to 255."""
    networks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class InspectLayers(Question[dict[str, Array]]):
    """What does each layer make of an image? The answer: layer -> output, without the batch."""

    image: Image
    """Shape (28, 28), 0 to 255."""
    network: str
    interventions: Interventions


@dataclass(frozen=True, eq=False)
class LayerOutputs(Question[Array]):
    """What does one layer make of images? The answer: its outputs, float32 (n, ...)."""

    images: Image
    """Shape (n, 28, 28), 0 to 255."""
    layer: str
    network: str


@dataclass(frozen=True, eq=False)
class Weights(Question[dict[str, list[Array]]]):
    """What did a network learn? The answer: layer -> its arrays as Keras orders them, float32.

    That is the kernel, then the bias where it has one. Layers that learn nothing are left out.
    """

    network: str


@dataclass(frozen=True, eq=False)
class Layers:
    """What each layer of a network makes of one image."""

    network: str
    outputs: Mapping[str, Array]
    """Layer -> output, float32, without the batch; from the first layer to the last."""

    def __getitem__(self, layer: str) -> Array:
        """Return the output of a layer. Raises KeyError where there is no such layer."""
        return self.outputs[layer]

    @property
    def probabilities(self) -> Array:
        """What the network answers, float32 (10,)."""
        return self.outputs["probabilities"]


@dataclass(frozen=True)
class Pending:
    """No answer yet: the model process is starting."""

    reason: str = "The network is starting. Try again in a moment."
    """A sentence for the person."""


@dataclass(frozen=True)
class Refused:
    """No answer: it is not known to the network, or the network is in trouble."""

    reason: str
    """A sentence for the person."""


@dataclass(frozen=True)
class Failure:
    """An exception in the model process, as text: the object may need TensorFlow to be read."""

    error: str
    """The name of its type."""
    traceback: str

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """Return what is to be told of an exception."""
        return cls(type(error).__name__, "".join(traceback.format_exception(error)))
