"""A network and its training by hand: variables, a gradient tape, and nothing of Keras."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

ACTIVATIONS = {"relu": tf.nn.relu, "tanh": tf.tanh, "sigmoid": tf.sigmoid, "linear": tf.identity}


class Network:
    """Layers from a 28 x 28 image to ten logits, each a tuple: kind, name, and its numbers.

    ("convolution", "conv1", filters, kernel, has_bias), ("max pooling", "pool1", size, stride),
    ("batch normalization", "norm1", momentum, epsilon), ("activation", "relu1", function),
    ("flatten", "flatten"), ("dropout", "dropout", rate), ("dense", "dense1", units, activation).
    """

    def __init__(self, layers: list[tuple[Any, ...]], seed: int) -> None:
        """Make the variables: kernels at random (Glorot and Bengio, 2010), biases zero."""
        self.layers = layers
        self.weights: dict[str, list[tf.Variable]] = {}
        # Means and variances, which are no weights: no gradient changes them.
        self.moving: dict[str, list[tf.Variable]] = {}
        random = np.random.default_rng(seed)
        side, maps = 28, 1  # once they are flattened, each unit is a map of one value
        for kind, name, *numbers in layers:
            if kind == "convolution":
                filters, kernel, has_bias = numbers
                inputs, outputs = kernel * kernel * maps, kernel * kernel * filters
                kernels = glorot(random, (kernel, kernel, maps, filters), inputs, outputs)
                self.weights[name] = [tf.Variable(kernels)]
                if has_bias:
                    self.weights[name].append(tf.Variable(tf.zeros(filters)))
                side, maps = side - kernel + 1, filters
            elif kind == "max pooling":
                size, stride = numbers
                side = (side - size) // stride + 1
            elif kind == "batch normalization":
                self.weights[name] = [tf.Variable(tf.ones(maps)), tf.Variable(tf.zeros(maps))]
                self.moving[name] = [
                    tf.Variable(tf.zeros(maps), trainable=False),
                    tf.Variable(tf.ones(maps), trainable=False),
                ]
            elif kind == "flatten":
                maps = side * side * maps
            elif kind == "dense":
                units = numbers[0]
                kernel = glorot(random, (maps, units), maps, units)
                self.weights[name] = [tf.Variable(kernel), tf.Variable(tf.zeros(units))]
                maps = units
        self.variables = [variable for pair in self.weights.values() for variable in pair]

    def logits(self, images: tf.Tensor, training: bool = False, seed: tf.Tensor = 0) -> tf.Tensor:
        """Return float32 (n, 10) for images, uint8 (n, 28, 28); `seed` (2,) is dropout's."""
        x = tf.cast(images, tf.float32)[..., tf.newaxis] / 255
        for number, (kind, name, *numbers) in enumerate(self.layers):
            if kind == "convolution":
                x = tf.nn.conv2d(x, self.weights[name][0], strides=1, padding="VALID")
                x = x + self.weights[name][1] if numbers[2] else x
            elif kind == "max pooling":
                x = tf.nn.max_pool2d(x, numbers[0], numbers[1], padding="VALID")
            elif kind == "batch normalization":
                x = self._normalize(x, name, numbers[0], numbers[1], training)
            elif kind == "activation":
                x = ACTIVATIONS[numbers[0]](x)
            elif kind == "flatten":
                x = tf.reshape(x, (-1, np.prod(x.shape[1:])))
            elif kind == "dropout" and training:
                x = tf.nn.experimental.stateless_dropout(x, numbers[0], seed + number)
            elif kind == "dense":
                kernel, bias = self.weights[name]
                x = ACTIVATIONS[numbers[1]](x @ kernel + bias)
        return x

    def _normalize(
        self, x: tf.Tensor, name: str, momentum: float, epsilon: float, training: bool
    ) -> tf.Tensor:
        """Batch normalization: Ioffe and Szegedy (2015)."""
        scale, offset = self.weights[name]
        mean, variance = self.moving[name]
        if training:
            axes = list(range(len(x.shape) - 1))
            batch_mean, batch_variance = tf.nn.moments(x, axes)
            mean.assign(momentum * mean + (1 - momentum) * batch_mean)
            variance.assign(momentum * variance + (1 - momentum) * batch_variance)
            mean, variance = batch_mean, batch_variance
        return tf.nn.batch_normalization(x, mean, variance, offset, scale, epsilon)


class Training:
    """One batch after the other: loss, gradients, and an optimizer's step."""

    def __init__(
        self,
        network: Network,
        optimizer: str = "adam",
        weight_decay: float = 0.0,
        beta_2: float = 0.999,
        seed: int = 0,
    ) -> None:
        """Begin with no momentum. `optimizer`: sgd, momentum, rmsprop, adam or adamw."""
        self.network = network
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.beta_2 = beta_2
        self.seed = seed
        self.steps = tf.Variable(0, dtype=tf.int64)
        self.means = [tf.Variable(tf.zeros_like(v)) for v in network.variables]
        self.squares = [tf.Variable(tf.zeros_like(v)) for v in network.variables]

    @tf.function(reduce_retracing=True)
    def step(
        self, images: tf.Tensor, targets: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Learn from a batch; return its mean loss and how many images it had right before."""
        seed = tf.stack([tf.constant(self.seed, tf.int64), self.steps * 1000])
        with tf.GradientTape() as tape:
            logits = self.network.logits(images, training=True, seed=seed)
            losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, self.network.variables)
        self.steps.assign_add(1)
        slots = zip(self.network.variables, gradients, self.means, self.squares, strict=True)
        for slot in slots:
            self._descend(*slot, learning_rate)
        right = tf.equal(tf.argmax(logits, 1), tf.argmax(targets, 1))
        return loss, tf.reduce_sum(tf.cast(right, tf.float32))

    def _descend(
        self,
        variable: tf.Variable,
        gradient: tf.Tensor,
        mean: tf.Variable,
        square: tf.Variable,
        rate: tf.Tensor,
    ) -> None:
        """Move one variable against its gradient, as Keras's optimizers do by default."""
        if self.optimizer == "sgd":
            variable.assign_sub(rate * gradient)
        elif self.optimizer == "momentum":
            mean.assign(0.9 * mean - rate * gradient)
            variable.assign_add(mean)
        elif self.optimizer == "rmsprop":
            square.assign(0.9 * square + 0.1 * gradient**2)
            variable.assign_sub(rate * gradient / tf.sqrt(square + 1e-7))
        else:  # Adam: Kingma and Ba (2014); AdamW: Loshchilov and Hutter (2017)
            if self.optimizer == "adamw":
                variable.assign_sub(rate * self.weight_decay * variable)
            steps = tf.cast(self.steps, tf.float32)
            mean.assign(0.9 * mean + 0.1 * gradient)
            square.assign(self.beta_2 * square + (1 - self.beta_2) * gradient**2)
            length = rate * tf.sqrt(1 - self.beta_2**steps) / (1 - 0.9**steps)
            variable.assign_sub(length * mean / (tf.sqrt(square) + 1e-7))


def glorot(
    random: np.random.Generator, shape: tuple[int, ...], inputs: int, outputs: int
) -> NDArray[np.float32]:
    """Return a kernel whose outputs spread about as much as its inputs."""
    limit = np.sqrt(6 / (inputs + outputs))
    return random.uniform(-limit, limit, shape).astype(np.float32)
