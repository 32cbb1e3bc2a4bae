"""The kernels that a network has learned, and what the visitor changed in them."""

import numpy as np

from mnist_app.imaging.convolution import Kernel
from mnist_app.inference import Layers, Pending, Refused
from mnist_app.networks.interventions import Interventions
from mnist_app.networks.layers import Layer, activation_after, layer_before, layers_of_kind
from mnist_app.ui import resources, session
from mnist_app.ui.components.sliding_kernel import LearnedKernels


def first_convolution(network: str) -> Layer | None:
    """Return a network's first convolution; None where it has none."""
    return next(iter(layers_of_kind(resources.card(network).layers, "Conv2D")), None)


def learned_kernels(
    network: str, layer: Layer | None, outputs: Layers | Pending | Refused
) -> LearnedKernels | None:
    """Return the kernels of a convolution of a network; None where there are none yet."""
    if layer is None or isinstance(outputs, Pending | Refused):
        return None
    layers = resources.card(network).layers
    before = layer_before(layers, layer.name)
    activation = activation_after(layers, layer.name)
    return LearnedKernels(
        network,
        layer,
        _trained(network, layer.name),
        before,
        outputs[before.name][..., 0],
        activation.activation if activation else "",
    )


def _trained(network: str, layer: str) -> list[Kernel]:
    """Return the kernels and biases of a convolution with one input map."""
    kernels, *biases = resources.weights(network)[layer]
    bias = biases[0] if biases else np.zeros(kernels.shape[-1], np.float32)
    return [(kernels[:, :, 0, number], float(bias[number])) for number in range(len(bias))]


def now(learned: LearnedKernels) -> list[Kernel]:
    """Return the layer's kernels with the visitor's edits in their places."""
    edited = session.edited_kernels()
    return [
        edited.get(learned.name(number), kernel) for number, kernel in enumerate(learned.trained)
    ]


def changes(learned: LearnedKernels) -> Interventions:
    """Return the visitor's edits as interventions in the network."""
    kernels = now(learned)
    if all(one is other for one, other in zip(kernels, learned.trained, strict=True)):
        return Interventions()
    weights = np.stack([kernel for kernel, _ in kernels], axis=-1)[:, :, np.newaxis]
    biases = np.array([bias for _, bias in kernels], np.float32)
    layer = learned.layer
    return Interventions(kernels={layer.name: (weights, biases if layer.has_bias else None)})
