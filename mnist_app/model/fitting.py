"""Two ways to fit the same network to the same images: Keras, and TensorFlow by hand."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_app.data.datasets import CLASSES
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.model.by_hand import Network, Training
from mnist_app.networks.architecture import as_tuples, is_written_by_hand
from mnist_app.training.checkpoint import CheckpointError
from mnist_app.training.settings import Settings

AfterBatch = Callable[[int, float, float], bool]
"""Called with how many images the batch had, their mean loss and accuracy; True to stop."""
Rate = Callable[[], float]
"""Called before each batch; returns the learning rate."""
LARGE_LOSS = 1000.0


class Fitter(Protocol):
    """A network in training."""

    def fit(self, images: Image, targets: Array, rate: Rate, after: AfterBatch) -> None:
        """Learn once from images, uint8 (n, 28, 28), in their order; targets are (n, 10)."""

    def probabilities(self, images: Image) -> Array:
        """Return float32 (n, 10) for images, uint8 (n, 28, 28), without learning."""

    def network(self) -> keras.Model:
        """Return the network as it is now."""

    def first_kernels(self) -> Array:
        """Return what the first layer that learns has for kernels, as Keras has them."""

    def state(self) -> dict[str, NDArray[Any]]:
        """Return everything that changes while it learns, by name."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Put a state back: what follows is as if there had been no break.

        Raises CheckpointError where it is not that of this network and optimizer.
        """


def fitter(settings: Settings, network: keras.Model) -> Fitter:
    """Return what the settings ask for, beginning with the weights of `network`."""
    if settings.engine == "tensorflow" and is_written_by_hand(settings.architecture):
        return FitByHand(settings, network)
    return FitWithKeras(settings, network)


class FitWithKeras:
    """compile, fit and a callback."""

    def __init__(self, settings: Settings, network: keras.Model) -> None:
        """Compile the network up to its logits, from which the loss is exact."""
        self._batch_size = settings.batch_size
        self._network = network
        self._model = keras.Model(network.input, network.get_layer("logits").output)
        self._model.compile(
            optimizer=_optimizer(settings),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        # What makes its variables in the first step makes TensorFlow trace that step twice.
        self._model.optimizer.build(self._model.trainable_variables)
        nothing = tf.zeros((1, CLASSES))
        self._model.compute_metrics(None, nothing, nothing)
        self._model.reset_metrics()

        @tf.function(input_signature=[tf.TensorSpec((None, 28, 28), tf.uint8)])
        def forward(images: tf.Tensor) -> tf.Tensor:
            return network(tf.cast(images, tf.float32), training=False)

        self._forward = forward

    def fit(self, images: Image, targets: Array, rate: Rate, after: AfterBatch) -> None:
        """See Fitter."""
        self._model.fit(
            images,
            targets,
            batch_size=self._batch_size,
            shuffle=False,
            verbose=0,
            callbacks=[_Batches(len(images), self._batch_size, rate, after)],
        )

    def probabilities(self, images: Image) -> Array:
        """See Fitter."""
        return self._forward(tf.constant(images)).numpy()

    def network(self) -> keras.Model:
        """See Fitter."""
        return self._network

    def first_kernels(self) -> Array:
        """See Fitter."""
        return self._model.trainable_variables[0].numpy()

    def state(self) -> dict[str, NDArray[Any]]:
        """See Fitter."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """See Fitter."""
        _assign(self._variables(), state)

    def _variables(self) -> dict[str, Any]:
        """Weights, moving averages, the seeds of dropout, and the optimizer's memory."""
        inside = {
            f"{layer.name}/{variable.name}": variable
            for layer in self._model.layers
            for variable in layer.variables
        }
        memory = {
            f"optimizer/{variable.name}": variable for variable in self._model.optimizer.variables
        }
        return inside | memory


class _Batches(keras.callbacks.Callback):
    """Keras tells mean values since the epoch began; this tells those of each batch."""

    def __init__(self, count: int, batch_size: int, rate: Rate, after: AfterBatch) -> None:
        super().__init__()
        self._count = count
        self._batch_size = batch_size
        self._rate = rate
        self._after = after
        self._seen = self._summed = 0
        self._sums = np.zeros(2)

    def on_train_batch_begin(self, *_: object, **__: object) -> None:
        """Set the learning rate of this batch."""
        self.model.optimizer.learning_rate.assign(self._rate())

    def on_train_batch_end(self, _: int, logs: dict[str, float] | None = None) -> None:
        """Report the batch, and stop where that is wished."""
        size = min(self._batch_size, self._count - self._seen)
        self._seen += size
        means = logs or {}
        self._summed += size
        sums = self._summed * np.array([means["loss"], means["accuracy"]])
        loss, accuracy = (sums - self._sums) / size
        self._sums = sums
        if means["loss"] > LARGE_LOSS:  # its rounding would swallow the losses that follow
            self.model.reset_metrics()
            self._summed, self._sums = 0, np.zeros(2)
        # Rounding takes it below 0; NumPy's maximum, unlike Python's max, lets NaN be NaN.
        if self._after(size, float(np.maximum(loss, 0.0)), float(accuracy)):
            self.model.stop_training = True


class FitByHand:
    """The same with variables and a gradient tape; see `by_hand`."""

    def __init__(self, settings: Settings, network: keras.Model) -> None:
        """Begin with the weights of `network`, so that both engines have the same start."""
        self._settings = settings
        self._network = network
        self._inside = Network(as_tuples(settings.architecture), settings.seed)
        for name in self._inside.weights:
            values = network.get_layer(name).get_weights()
            for variable, value in zip(self._own(name), values, strict=True):
                variable.assign(value)
        self._training = Training(
            self._inside,
            settings.optimizer,
            settings.weight_decay,
            settings.beta_2,
            settings.seed,
        )

        @tf.function(input_signature=[tf.TensorSpec((None, 28, 28), tf.uint8)])
        def forward(images: tf.Tensor) -> tf.Tensor:
            return tf.nn.softmax(self._inside.logits(images))

        self._forward = forward

    def fit(self, images: Image, targets: Array, rate: Rate, after: AfterBatch) -> None:
        """See Fitter."""
        for start in range(0, len(images), self._settings.batch_size):
            batch = slice(start, start + self._settings.batch_size)
            loss, right = self._training.step(
                tf.constant(images[batch]), tf.constant(targets[batch]), tf.constant(rate())
            )
            size = len(images[batch])
            if after(size, float(loss), float(right) / size):
                return

    def probabilities(self, images: Image) -> Array:
        """See Fitter."""
        return self._forward(tf.constant(images)).numpy()

    def network(self) -> keras.Model:
        """See Fitter."""
        for name in self._inside.weights:
            values = [variable.numpy() for variable in self._own(name)]
            self._network.get_layer(name).set_weights(values)
        return self._network

    def first_kernels(self) -> Array:
        """See Fitter."""
        return self._inside.variables[0].numpy()

    def state(self) -> dict[str, NDArray[Any]]:
        """See Fitter."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """See Fitter."""
        _assign(self._variables(), state)

    def _variables(self) -> dict[str, tf.Variable]:
        """Weights, moving averages, and the optimizer's memory, which holds the steps done."""
        training = self._training
        groups = {
            **self._inside.weights,
            **{f"{name}/moving": pair for name, pair in self._inside.moving.items()},
            "optimizer/means": training.means,
            "optimizer/squares": training.squares,
            "optimizer/steps": [training.steps],
        }
        return {
            f"{name}/{number}": variable
            for name, variables in groups.items()
            for number, variable in enumerate(variables)
        }

    def _own(self, name: str) -> list[tf.Variable]:
        """Return a layer's variables in the order that Keras has."""
        return self._inside.weights[name] + self._inside.moving.get(name, [])


def _assign(variables: Mapping[str, Any], values: Mapping[str, NDArray[Any]]) -> None:
    """Give each variable the value of its name."""
    fits = variables.keys() == values.keys() and all(
        tuple(variable.shape) == values[name].shape for name, variable in variables.items()
    )
    if not fits:
        raise CheckpointError(
            "The checkpoint of this run belongs to another network. Delete the run and train "
            "another one."
        )
    for name, variable in variables.items():
        variable.assign(values[name])


def _optimizer(settings: Settings) -> keras.optimizers.Optimizer:
    rate = settings.learning_rate
    if settings.optimizer == "momentum":
        return keras.optimizers.SGD(rate, momentum=0.9)
    if settings.optimizer == "adamw":
        return keras.optimizers.AdamW(
            rate, weight_decay=settings.weight_decay, beta_2=settings.beta_2
        )
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate, beta_2=settings.beta_2)
    kinds = {"sgd": keras.optimizers.SGD, "rmsprop": keras.optimizers.RMSprop}
    return kinds[settings.optimizer](rate)
