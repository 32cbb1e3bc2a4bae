"""A network whose weights are handed in, with all that gradients say about it.

The layers that learn are written out (`learning_layers`), so that the sums before any activation
can be looked at; all others are Keras's. Runs in the model process.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_app.data import datasets
from mnist_app.imaging.convolution import Array
from mnist_app.model import builder
from mnist_app.model.learning_layers import KINDS, Used
from mnist_app.networks import registry
from mnist_app.networks.learning import WeightAt

Weights = Mapping[str, tuple[tf.Tensor, ...]]
"""Layer -> what gradients change of it, as Keras orders it: kernel, bias."""
LOGITS = "logits"
TEST_IMAGES = 1000
KEPT_NETWORKS = 8
FRESH_SEED = 0


class WeightedNetwork:
    """A network whose weights are handed in, compiled once."""

    def __init__(self, model: keras.Model) -> None:
        """Compile nothing yet."""
        self._layers = model.layers
        self.start: Weights = {
            layer.name: tuple(map(tf.constant, _masked(layer, layer.trainable_weights)))
            for layer in model.layers
            if layer.trainable_weights
        }
        self._trace = tf.function(self._make_trace)
        self._logits = tf.function(
            lambda weights, images: self._run(weights, images)[0][LOGITS], reduce_retracing=True
        )
        self._outputs = tf.function(
            lambda weights, images, layer: self._run(weights, images)[0][layer],
            reduce_retracing=True,
        )
        self._unit_slope = tf.function(self._make_unit_slope)
        self._slopes = tf.function(self._make_slopes, reduce_retracing=True)

    def trace(self, weights: Weights, image: tf.Tensor, label: tf.Tensor) -> dict[str, Any]:
        """Return `outputs`, `errors`, `sum_errors`, `gradients` and `loss` of both passes."""
        traced: dict[str, Any] = self._trace(dict(weights), image, label)
        return traced

    def logits(self, weights: Weights, images: tf.Tensor) -> tf.Tensor:
        """Return float32 (n, 10) for images, uint8 or float32 (n, 28, 28), 0 to 255."""
        return self._logits(dict(weights), images)

    def outputs(self, weights: Weights, images: tf.Tensor, layer: str) -> Array:
        """Return the outputs of one layer, float32 (n, ...), for images, uint8 (n, 28, 28)."""
        return np.asarray(self._outputs(dict(weights), images, layer).numpy())

    def unit_slope(
        self, weights: Weights, images: tf.Tensor, layer: str, number: tf.Tensor
    ) -> tf.Tensor:
        """Return the derivatives of a unit's output, or of a map's mean, by each pixel.

        `images` is float32 (n, 28, 28), 0 to 255, `number` an int32 scalar.
        """
        return self._unit_slope(dict(weights), images, layer, number)

    def slopes(
        self, weights: Weights, images: tf.Tensor, signs: tf.Tensor, layers: Sequence[str] = ()
    ) -> tuple[tf.Tensor, dict[str, tuple[tf.Tensor, tf.Tensor]]]:
        """Return the derivatives of a weighted sum of the logits by each pixel, (n, 28, 28).

        `images` is float32 (n, 28, 28), 0 to 255, and `signs` the weights of the ten logits. Of
        each of `layers` its outputs and the derivatives by them are returned, too.
        """
        found: tuple[tf.Tensor, dict[str, tuple[tf.Tensor, tf.Tensor]]]
        found = self._slopes(dict(weights), images, signs, tuple(layers))
        return found

    def accuracy(self, weights: Weights, count: int = TEST_IMAGES) -> float:
        """Return the share of MNIST's first test images, at most so many, that are right."""
        images, labels = _test_images()
        images, labels = images[:count], labels[:count]
        return float(np.mean(np.argmax(self.logits(weights, images).numpy(), axis=1) == labels))

    def factors(self, traced: dict[str, Any], weight: WeightAt) -> tuple[Array, Array]:
        """Return what the weight was multiplied by at each place, and the error there."""
        names = [layer.name for layer in self._layers]
        position = names.index(weight.layer)
        layer = self._layers[position]
        used = Used(
            layer,
            traced["outputs"][names[position - 1]].numpy()[0],
            traced["outputs"][weight.layer].numpy()[0],
            [error.numpy()[0] for error in traced["sum_errors"][weight.layer]],
        )
        _, factors = KINDS[type(layer).__name__]
        return factors(used, weight.array, weight.index)

    def _run(
        self, weights: Weights, images: tf.Tensor
    ) -> tuple[dict[str, tf.Tensor], dict[str, tuple[tf.Tensor, ...]]]:
        """Return each layer's output, and the sums of those that learn."""
        x = tf.cast(images, tf.float32)
        outputs, sums = {}, {}
        for layer in self._layers[1:]:
            if layer.name in weights:
                run, _ = KINDS[type(layer).__name__]
                x, sums[layer.name] = run(layer, x, weights[layer.name])
            else:
                x = layer(x, training=False)
            outputs[layer.name] = x
        return outputs, sums

    def _make_trace(
        self, weights: dict[str, tuple[tf.Tensor, ...]], image: tf.Tensor, label: tf.Tensor
    ) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs, sums = self._run(weights, image)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(label, outputs[LOGITS])
            loss = tf.reduce_mean(losses)
        names = list(outputs)
        until_loss = {name: outputs[name] for name in names[: names.index(LOGITS) + 1]}
        gradients, errors, sum_errors = tape.gradient(
            loss, (weights, until_loss, sums), unconnected_gradients="zero"
        )
        for layer in self._layers:
            if layer.name in gradients:
                gradients[layer.name] = _masked(layer, gradients[layer.name])
        return {
            "outputs": outputs,
            "errors": errors,
            "sum_errors": sum_errors,
            "gradients": gradients,
            "loss": loss,
        }

    def _make_unit_slope(
        self,
        weights: dict[str, tuple[tf.Tensor, ...]],
        images: tf.Tensor,
        layer: str,
        number: tf.Tensor,
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs, _ = self._run(weights, images)
            excited = tf.reduce_mean(tf.gather(outputs[layer], number, axis=-1))
        return tape.gradient(excited, images)

    def _make_slopes(
        self,
        weights: dict[str, tuple[tf.Tensor, ...]],
        images: tf.Tensor,
        signs: tf.Tensor,
        layers: tuple[str, ...],
    ) -> tuple[tf.Tensor, dict[str, tuple[tf.Tensor, tf.Tensor]]]:
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs, _ = self._run(weights, images)
            total = tf.reduce_sum(outputs[LOGITS] * signs)
        asked = {name: outputs[name] for name in layers}
        by_pixel, by_output = tape.gradient(total, (images, asked))
        return by_pixel, {name: (asked[name], by_output[name]) for name in layers}


def _masked(layer: keras.Layer, arrays: Sequence[tf.Tensor]) -> tuple[tf.Tensor, ...]:
    """Return a layer's arrays with zeros where LeNet-5 has no connection."""
    constraint = getattr(layer, "kernel_constraint", None)
    if constraint is None:
        return tuple(arrays)
    kernel, *others = arrays
    return constraint(kernel), *others


def weighted_network(name: str, is_fresh: bool = False) -> WeightedNetwork:
    """Return a network by its name; `is_fresh` for one with random weights, always the same.

    Raises NetworkError for an unknown one.
    """
    return _network(registry.version(name), name, is_fresh)


@functools.lru_cache(KEPT_NETWORKS)
def _network(_version: int, name: str, is_fresh: bool) -> WeightedNetwork:
    if not is_fresh:
        return WeightedNetwork(builder.load(name))
    keras.utils.set_random_seed(FRESH_SEED)
    return WeightedNetwork(builder.build(registry.read_card(name).architecture, name))


@functools.cache
def _test_images() -> tuple[tf.Tensor, NDArray[np.uint8]]:
    split = datasets.load_test()
    return tf.constant(split.images[:TEST_IMAGES]), split.labels[:TEST_IMAGES]
