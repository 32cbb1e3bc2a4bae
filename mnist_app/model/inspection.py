"""Forward passes through the trained networks. Runs in the model process."""

import functools
import gc
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_app.digit import IMAGE_SIDE
from mnist_app.model import networks

# More threads cost one small image more than they bring, and the page process wants a core too.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


def classify(name: str, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probabilities, shape (n, 10), that network `name` gives to n images.

    `images` has shape (n, 28, 28), 0 to 255. Raises KeyError for an unknown network.
    """
    return _forward(name)(tf.constant(images)).numpy()


def warm(name: str) -> None:
    """Load network `name` and run it once, so that the first answer comes as fast as the others.

    TensorFlow's objects never die, so the garbage collector need not walk them again and again.
    """
    classify(name, np.zeros((1, IMAGE_SIDE, IMAGE_SIDE), np.uint8))
    gc.collect()
    gc.freeze()


@functools.cache
def _forward(name: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the network as one compiled graph: ten times as fast as calling the model."""
    network = networks.load(name)
    network.trainable = False

    @tf.function(input_signature=[tf.TensorSpec((None, IMAGE_SIDE, IMAGE_SIDE), tf.uint8)])
    def forward(images: tf.Tensor) -> tf.Tensor:
        return network(tf.cast(images, tf.float32), training=False)

    return forward.get_concrete_function()
