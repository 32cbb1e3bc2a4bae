"""Forward passes through the trained networks, and what lies inside. Runs in the model process.

Any function may be called from several threads at once.
"""

import functools
import gc
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import keras
import numpy as np
import tensorflow as tf

from mnist_app.explain.questions import WhyQuestion
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.model import builder, explaining, gradients
from mnist_app.networks import registry
from mnist_app.networks.interventions import LARGEST_POOL, InterventionError, Interventions, Pooling
from mnist_app.networks.learning import LearningQuestion
from mnist_app.networks.prediction import PredictionError
from mnist_app.networks.questions import Classify, InspectLayers, LayerOutputs, Question, Weights

# How many are held at once: those that ship, and runs of visitors.
MAX_NETWORKS = 24
# More threads cost one small image more than they gain, and the page process wants a core too.
tf.config.threading.set_intra_op_parallelism_threads(1)
# One for each lane of questions. With a single one a stroke waits until a batch is through.
tf.config.threading.set_inter_op_parallelism_threads(2)
# Seconds. A stroke takes Python's lock several times; beside a thread of long work it waits up to
# this long each time.
sys.setswitchinterval(0.001)


def answer(question: Question[Any]) -> object:
    """Return the answer to a question, of the type that the question names.

    Raises NetworkError for an unknown network, PredictionError for an unknown layer or weight, and
    InterventionError where the network cannot answer with the interventions.
    """
    match question:
        case LearningQuestion():
            return gradients.answer(question)
        case WhyQuestion():
            return explaining.answer(question)
        case Classify(images, networks):
            return {network: probabilities(images, network) for network in networks}
        case InspectLayers(image, network, interventions):
            return layers(image, network, interventions)
        case LayerOutputs(images, layer, network):
            return outputs(images, layer, network)
        case Weights(network):
            return weights(network)
        case _:
            raise TypeError(f"{type(question).__name__} is no question that can be answered.")


def probabilities(images: Image, network: str) -> Array:
    """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28).

    Raises NetworkError for an unknown network.
    """
    return _run(_forward(network), images)


def layers(image: Image, network: str, interventions: Interventions) -> dict[str, Array]:
    """Return the output of each layer for an image, uint8 (28, 28), without the batch.

    Raises NetworkError for an unknown network, and InterventionError where it cannot answer with
    the interventions.
    """
    batch = tf.constant(image[np.newaxis])
    if interventions:
        x = tf.cast(batch, tf.float32)
        made = _run_changed(_network(network), x, interventions)
    else:
        made = _all_outputs(network)(batch)
    return {layer: output.numpy()[0] for layer, output in made.items()}


def outputs(images: Image, layer: str, network: str) -> Array:
    """Return the outputs of `layer` for images, uint8 (n, 28, 28), as float32 (n, ...).

    Raises NetworkError for an unknown network and PredictionError for an unknown layer.
    """
    return _run(_outputs(network, layer), images)


def _run(function: Callable[[tf.Tensor], tf.Tensor], images: Image) -> Array:
    """Call a network's function; some processors' kernels refuse a batch of no images."""
    if len(images):
        return np.asarray(function(tf.constant(images)).numpy())
    return np.asarray(function(tf.zeros((1, *images.shape[1:]), tf.uint8)).numpy()[:0])


def weights(network: str) -> dict[str, list[Array]]:
    """Return what each layer learned, as Keras orders it: kernel, bias, ...

    Layers that learn nothing are left out. Raises NetworkError for an unknown network.
    """
    return {layer.name: layer.get_weights() for layer in _network(network).layers if layer.weights}


def warm(network: str) -> None:
    """Load a network and run it once, so that its first answer comes as fast as the others.

    TensorFlow's objects never die, so the garbage collector need not visit them again.
    """
    probabilities(np.zeros((1, IMAGE_SIDE, IMAGE_SIDE), np.uint8), network)
    gc.collect()
    gc.freeze()


Made = TypeVar("Made")


def _cached(make: Callable[..., Made]) -> Callable[..., Made]:
    """Cache what a function makes of a network, its first argument, until the network changes."""

    @functools.lru_cache(MAX_NETWORKS)
    def cached(_: int, *arguments: str) -> Made:
        return make(*arguments)

    def current(name: str, *more: str) -> Made:
        return cached(registry.version(name), name, *more)

    return current


@_cached
def _network(name: str) -> keras.Model:
    network = builder.load(name)
    network.trainable = False
    return network


@_cached
def _forward(name: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the network as one compiled graph: ten times as fast as calling the model."""
    return _compiled(_network(name))


@_cached
def _outputs(name: str, layer: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the network up to one layer as one compiled graph."""
    network = _network(name)
    if layer not in {one.name for one in network.layers[1:]}:
        raise PredictionError(f"The network {name} has no layer {layer}.")
    return _compiled(keras.Model(network.input, network.get_layer(layer).output))


@_cached
def _all_outputs(name: str) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """Return the network as one compiled graph with the output of every layer."""
    network = _network(name)
    by_name = {layer.name: layer.output for layer in network.layers[1:]}
    return _compiled(keras.Model(network.input, by_name), images=1)


def _compiled(network: keras.Model, images: int | None = None) -> Callable[[tf.Tensor], Any]:
    """Compile for so many images at a time, or for any number."""

    @tf.function(input_signature=[tf.TensorSpec((images, IMAGE_SIDE, IMAGE_SIDE), tf.uint8)])
    def forward(batch: tf.Tensor) -> tf.Tensor:
        return network(tf.cast(batch, tf.float32), training=False)

    return forward.get_concrete_function()


def _run_changed(
    network: keras.Model, x: tf.Tensor, interventions: Interventions
) -> dict[str, tf.Tensor]:
    """Send `x` through the layers one by one, which all networks have in a single line."""
    outputs = {}
    for layer in network.layers[1:]:
        _check_input(layer, x)
        if layer.name in interventions.kernels:
            x = _convolve(layer, x, *interventions.kernels[layer.name])
        elif layer.name in interventions.pooling:
            x = _pool(layer, x, interventions.pooling[layer.name])
        else:
            x = layer(x, training=False)
        outputs[layer.name] = x
    return outputs


def _convolve(layer: keras.Layer, x: tf.Tensor, kernels: Array, biases: Array | None) -> tf.Tensor:
    sums = keras.ops.conv(x, kernels, layer.strides, layer.padding)
    return layer.activation(sums if biases is None else sums + biases)


def _pool(layer: keras.Layer, x: tf.Tensor, pooling: Pooling) -> tf.Tensor:
    if not (1 <= pooling.size <= LARGEST_POOL and 1 <= pooling.stride <= LARGEST_POOL):
        raise InterventionError(f"A pool's size and stride must be from 1 to {LARGEST_POOL}.")
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


def _check_input(layer: keras.Layer, x: tf.Tensor) -> None:
    """Refuse a pooling that gives a layer more or less than it was trained for."""
    if isinstance(layer, keras.layers.Conv2D) and min(x.shape[1:3]) < min(layer.kernel_size):
        side = layer.kernel_size[0]
        raise InterventionError(
            f"The maps that reach {layer.name} would be {x.shape[1]} × {x.shape[2]}, smaller than "
            f"its {side} × {side} kernels. With this pooling the network cannot answer."
        )
    if isinstance(layer, keras.layers.Dense) and x.shape[-1] != layer.kernel.shape[0]:
        raise InterventionError(
            f"The layer {layer.name} was trained for {layer.kernel.shape[0]:,} numbers and would "
            f"get {x.shape[-1]:,}. With this pooling the network cannot answer: it would have to "
            "be retrained."
        )
