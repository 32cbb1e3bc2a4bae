"""Forward passes through the trained networks, and what lies inside. Runs in the model process."""

import functools
import gc
from collections.abc import Callable
from typing import TypeVar

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.model import builder
from mnist_app.networks import registry
from mnist_app.networks.interventions import LARGEST_POOL, InterventionError, Interventions, Pooling

# How many are held at once: those that ship, and runs of visitors.
MOST_NETWORKS = 24
# More threads cost one small image more than they bring, and the page process wants a core too.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def classify(name: str, images: NDArray[np.uint8]) -> Array:
    """Return the probabilities, float32 (n, 10), that network `name` gives to n images.

    `images` has shape (n, 28, 28), 0 to 255. Raises RunError for an unknown network.
    """
    return _forward(name)(tf.constant(images)).numpy()


def inspect(name: str, image: NDArray[np.uint8], changes: Interventions) -> dict[str, Array]:
    """Return the output of every layer of network `name`, by the layer's name, without the batch.

    `image` has shape (28, 28), 0 to 255. Raises RunError for an unknown network and InterventionError
    when it cannot answer with these changes.
    """
    batch = tf.constant(image[np.newaxis])
    if changes:
        outputs = _run_changed(_network(name), tf.cast(batch, tf.float32), changes)
    else:
        outputs = _all_outputs(name)(batch)
    return {layer: output.numpy()[0] for layer, output in outputs.items()}


def outputs(name: str, layer: str, images: NDArray[np.uint8]) -> Array:
    """Return the outputs of `layer` of network `name` for n images, float32 (n, ...).

    `images` has shape (n, 28, 28), 0 to 255. Raises RunError for an unknown network and ValueError
    for an unknown layer.
    """
    network = _network(name)
    inside = keras.Model(network.input, network.get_layer(layer).output)
    return inside(tf.cast(images, tf.float32), training=False).numpy()


def weights(name: str) -> dict[str, list[Array]]:
    """Return what each layer of network `name` has learned, as Keras orders it: kernel, bias, ...

    Layers that learn nothing are left out. Raises RunError for an unknown network.
    """
    return {layer.name: layer.get_weights() for layer in _network(name).layers if layer.weights}


def warm(name: str) -> None:
    """Load network `name` and run it once, so that the first answer comes as fast as the others.

    TensorFlow's objects never die, so the garbage collector need not walk them again and again.
    """
    classify(name, np.zeros((1, IMAGE_SIDE, IMAGE_SIDE), np.uint8))
    gc.collect()
    gc.freeze()


Made = TypeVar("Made")


def _kept(make: Callable[[str], Made]) -> Callable[[str], Made]:
    """Let a function make what it makes of a network once, and anew when its run has gone on."""

    @functools.lru_cache(MOST_NETWORKS)
    def kept(name: str, _: int) -> Made:
        return make(name)

    return lambda name: kept(name, registry.version(name))


@_kept
def _network(name: str) -> keras.Model:
    network = builder.load(name)
    network.trainable = False
    return network


@_kept
def _forward(name: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the network as one compiled graph: ten times as fast as calling the model."""
    network = _network(name)

    @tf.function(input_signature=[tf.TensorSpec((None, IMAGE_SIDE, IMAGE_SIDE), tf.uint8)])
    def forward(images: tf.Tensor) -> tf.Tensor:
        return network(tf.cast(images, tf.float32), training=False)

    return forward.get_concrete_function()


@_kept
def _all_outputs(name: str) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """Return the network as one compiled graph with the output of every layer."""
    network = _network(name)
    inside = keras.Model(network.input, {layer.name: layer.output for layer in network.layers[1:]})

    @tf.function(input_signature=[tf.TensorSpec((1, IMAGE_SIDE, IMAGE_SIDE), tf.uint8)])
    def forward(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return inside(tf.cast(images, tf.float32), training=False)

    return forward.get_concrete_function()


def _run_changed(
    network: keras.Model, x: tf.Tensor, changes: Interventions
) -> dict[str, tf.Tensor]:
    """Send `x` through the layers one by one, which all networks have in a single line."""
    outputs = {}
    for layer in network.layers[1:]:
        _refuse_what_does_not_fit(layer, x)
        if layer.name in changes.kernels:
            x = _convolve(layer, x, *changes.kernels[layer.name])
        elif layer.name in changes.pooling:
            x = _pool(layer, x, changes.pooling[layer.name])
        else:
            x = layer(x, training=False)
        outputs[layer.name] = x
    return outputs


def _convolve(layer: keras.Layer, x: tf.Tensor, kernels: Array, biases: Array | None) -> tf.Tensor:
    sums = keras.ops.conv(x, kernels, layer.strides, layer.padding)
    return layer.activation(sums if biases is None else sums + biases)


def _pool(layer: keras.Layer, x: tf.Tensor, pooling: Pooling) -> tf.Tensor:
    if not (1 <= pooling.size <= LARGEST_POOL and 1 <= pooling.stride <= LARGEST_POOL):
        raise InterventionError(f"A pool's size and stride are from 1 to {LARGEST_POOL}.")
    own_size, own_stride = layer.pool_size[0], layer.strides[0]
    if pooling.rule == "subsample":
        pooled = x[:, :: pooling.stride, :: pooling.stride]
    else:
        pool = keras.ops.max_pool if pooling.rule == "max" else keras.ops.average_pool
        is_own = (pooling.size, pooling.stride) == (own_size, own_stride)
        pooled = pool(x, pooling.size, pooling.stride, "valid" if is_own else "same")
    if pooling.stride != own_stride:
        return pooled
    side = max(1, (x.shape[1] - own_size) // own_stride + 1)
    return pooled[:, :side, :side]


def _refuse_what_does_not_fit(layer: keras.Layer, x: tf.Tensor) -> None:
    """Say it where another pooling leaves a layer more or less than it was trained for."""
    if isinstance(layer, keras.layers.Conv2D) and min(x.shape[1:3]) < min(layer.kernel_size):
        side = layer.kernel_size[0]
        raise InterventionError(
            f"The maps that reach {layer.name} would have {x.shape[1]} × {x.shape[2]} values, "
            f"less than its kernels of {side} × {side}. With this pooling the network cannot "
            "answer."
        )
    if isinstance(layer, keras.layers.Dense) and x.shape[-1] != layer.kernel.shape[0]:
        raise InterventionError(
            f"The layer {layer.name} was trained for {layer.kernel.shape[0]:,} numbers and would "
            f"get {x.shape[-1]:,}. With this pooling the network cannot answer: it would have to "
            "be trained anew."
        )
