"""The layers that learn, written out: their sums can be looked at, and what a gradient is made of.

Each kind is a pair of functions. `run` takes a Keras layer, its input with the batch and the
arrays that gradients change, and returns the output and the sums to which the products with these
arrays are added, one for each array. `factors` takes the same without the batch, in numpy, with
the loss's derivatives by the sums, and returns for one weight what it was multiplied by at each
place and the derivative there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from mnist_app.imaging.convolution import Array

Arrays = Sequence[tf.Tensor]
Run = Callable[[keras.Layer, tf.Tensor, Arrays], tuple[tf.Tensor, tuple[tf.Tensor, ...]]]


@dataclass(frozen=True)
class Used:
    """A layer as it was used in one pass, without the batch."""

    layer: keras.Layer
    source: Array
    """What went in."""
    output: Array
    errors: Sequence[Array]
    """The loss's derivatives by the sums, for each array."""


Factors = Callable[[Used, int, tuple[int, ...]], tuple[Array, Array]]


def _run_convolution(
    layer: keras.Layer, x: tf.Tensor, arrays: Arrays
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    kernels, *biases = arrays
    sums = keras.ops.conv(x, kernels, layer.strides, layer.padding)
    sums = sums + biases[0] if biases else sums
    return layer.activation(sums), (sums,) * len(arrays)


def _convolution_factors(used: Used, array: int, index: tuple[int, ...]) -> tuple[Array, Array]:
    errors = used.errors[array][..., index[-1]]
    if array == 1:
        return np.ones_like(errors), errors
    down, across, channel, _ = index
    padded = _padded(used.layer, used.source[..., channel])
    stride = used.layer.strides[0]
    rows, columns = errors.shape
    ends = down + (rows - 1) * stride + 1, across + (columns - 1) * stride + 1
    return padded[down : ends[0] : stride, across : ends[1] : stride], errors


def _padded(layer: keras.Layer, source: Array) -> Array:
    """Return a map with the zeros that a convolution adds around it."""
    if layer.padding == "valid":
        return source
    margins = []
    for length, side, stride in zip(source.shape, layer.kernel_size, layer.strides, strict=True):
        missing = max((-(-length // stride) - 1) * stride + side - length, 0)
        margins.append((missing // 2, missing - missing // 2))
    return np.pad(source, margins)


def _run_weight_per_map(
    _layer: keras.Layer, x: tf.Tensor, arrays: Arrays
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    weights, biases = arrays
    sums = x * weights[0, 0, :, 0] + biases
    return sums, (sums, sums)


def _weight_per_map_factors(used: Used, array: int, index: tuple[int, ...]) -> tuple[Array, Array]:
    number = index[2] if array == 0 else index[0]
    errors = used.errors[array][..., number]
    return (used.source[..., number] if array == 0 else np.ones_like(errors)), errors


def _run_normalization(
    layer: keras.Layer, x: tf.Tensor, arrays: Arrays
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    gamma, beta = arrays
    sums = _normalized(layer, x) * gamma + beta
    return sums, (sums, sums)


def _normalized(layer: keras.Layer, x: tf.Tensor) -> tf.Tensor:
    deviation = keras.ops.sqrt(layer.moving_variance + layer.epsilon)
    return (x - layer.moving_mean) / deviation


def _normalization_factors(used: Used, array: int, index: tuple[int, ...]) -> tuple[Array, Array]:
    errors = used.errors[array][..., index[0]]
    if array == 1:
        return np.ones_like(errors), errors
    return _normalized(used.layer, tf.constant(used.source)).numpy()[..., index[0]], errors


def _run_dense(
    layer: keras.Layer, x: tf.Tensor, arrays: Arrays
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    kernel, bias = arrays
    sums = x @ kernel + bias
    return layer.activation(sums), (sums, sums)


def _dense_factors(used: Used, array: int, index: tuple[int, ...]) -> tuple[Array, Array]:
    errors = used.errors[array][index[-1]]
    return (used.source[index[0]] if array == 0 else np.ones_like(errors)), errors


def _run_recurrence(
    layer: keras.Layer, x: tf.Tensor, arrays: Arrays
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    """A gated recurrent unit as Keras has it: Cho et al. (2014), reset after the product."""
    kernel, recurrent, biases = arrays
    of_rows = x @ kernel + biases[0]
    state = tf.zeros((tf.shape(x)[0], layer.units))
    states, of_states = [], []
    for row in range(x.shape[1]):
        of_state = state @ recurrent + biases[1]
        update_x, reset_x, new_x = tf.split(of_rows[:, row], 3, axis=-1)
        update_h, reset_h, new_h = tf.split(of_state, 3, axis=-1)
        update = tf.sigmoid(update_x + update_h)
        new = tf.tanh(new_x + tf.sigmoid(reset_x + reset_h) * new_h)
        state = update * state + (1 - update) * new
        states.append(state)
        of_states.append(of_state)
    # Each state's sums are tensors of their own: what is stacked later has no error.
    return tf.stack(states, axis=1), (of_rows, *of_states)


def _recurrence_factors(used: Used, array: int, index: tuple[int, ...]) -> tuple[Array, Array]:
    of_rows, of_states = used.errors[0], np.stack(used.errors[1:])
    number = index[-1]
    if array == 0:
        return used.source[:, index[0]], of_rows[:, number]
    if array == 1:
        earlier = np.vstack([np.zeros_like(used.output[:1]), used.output[:-1]])
        return earlier[:, index[0]], of_states[:, number]
    errors = (of_rows, of_states)[index[0]][:, number]
    return np.ones_like(errors), errors


KINDS: dict[str, tuple[Run, Factors]] = {
    "Conv2D": (_run_convolution, _convolution_factors),
    "DepthwiseConv2D": (_run_weight_per_map, _weight_per_map_factors),
    "BatchNormalization": (_run_normalization, _normalization_factors),
    "Dense": (_run_dense, _dense_factors),
    "GRU": (_run_recurrence, _recurrence_factors),
}
"""By Keras's class: all layers of `networks.layer_specs` that learn."""
