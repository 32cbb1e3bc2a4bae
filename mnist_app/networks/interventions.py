"""What a person changes in a trained network, to see what it answers then."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mnist_app.imaging.convolution import Array, PoolingRule
from mnist_app.networks.layers import POOLING, Layer, window_of

LARGEST_POOL = 6
"""The largest side of a pool's window, and the largest stride, in pixels."""


class InterventionError(Exception):
    """A change with which the network cannot answer; the message is a sentence for the person."""


@dataclass(frozen=True)
class Pooling:
    """A pooling in the place of a network's own, with the padding "same".

    With the network's own stride the maps are cut to the sizes that they had: networks pool with
    the padding "valid".
    """

    rule: PoolingRule
    size: int
    """The window's side in pixels; "subsample" looks at one pixel and needs none."""
    stride: int
    """How many pixels the window moves at each step."""


def own_pooling(layer: Layer) -> Pooling:
    """Return how a pooling layer pools as it was trained. Raises ValueError for another layer."""
    if layer.kind not in POOLING:
        raise ValueError(f"{layer.name} pools nothing.")
    (side, _), stride, _ = window_of(layer)
    rule: PoolingRule = "max" if layer.kind == "MaxPooling2D" else "average"
    return Pooling(rule, side, stride)


@dataclass(frozen=True)
class Interventions:
    """All changes to one network; without any, it answers as it was trained."""

    kernels: Mapping[str, tuple[Array, Array | None]] = field(default_factory=dict)
    """Convolution layer -> kernels, float32 (rows, columns, channels, maps), and biases (maps,);
    no biases where the layer has none."""
    pooling: Mapping[str, Pooling] = field(default_factory=dict)
    """Pooling layer -> what takes its place."""

    def __bool__(self) -> bool:
        """Say whether anything is changed."""
        return bool(self.kernels or self.pooling)


NOTHING_CHANGED = Interventions()
