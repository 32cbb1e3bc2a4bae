"""Questions to model processes of a cluster's workers, for long work that is split over them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from mnist_app import cluster
from mnist_app.cluster import ClusterError
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.inference import PIECE, Background, Inference
from mnist_app.inference.errors import CanceledError, InferenceError
from mnist_app.networks.prediction import Predictor
from mnist_app.networks.questions import Answer, Question

Item = TypeVar("Item")
Result = TypeVar("Result")
# On a worker: its model process, which starts with the first question.
_INFERENCE = Inference()


class ClusterPredictor:
    """A `Predictor` on many machines, each with a model process of its own. It can be canceled."""

    def __init__(self) -> None:
        """Ask nothing yet."""
        self._is_canceled = False

    def probabilities(self, images: Image, network: str) -> Array:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28).

        Raises InferenceError where there is no answer.
        """
        pieces = [images[start : start + PIECE] for start in range(0, max(1, len(images)), PIECE)]
        return np.concatenate(list(self.spread(partial(_probabilities, network), pieces)))

    def outputs(self, images: Image, layer: str, network: str) -> Array:
        """Return one layer's outputs, float32 (n, ...). Raises as `probabilities` does."""
        pieces = [images[start : start + PIECE] for start in range(0, max(1, len(images)), PIECE)]
        return np.concatenate(list(self.spread(partial(_outputs, layer, network), pieces)))

    def ask(self, question: Question[Answer]) -> Answer:
        """Return the answer to a question. Raises as `probabilities` does."""
        [answer] = self.spread(_ask, [question])
        return answer

    def spread(
        self, function: Callable[[Predictor, Item], Result], items: Sequence[Item]
    ) -> Iterator[Result]:
        """Yield in order what `function` makes of each item, on a worker and with its predictor.

        Raises what the function raises, and InferenceError where the cluster does not answer.
        """
        try:
            for result in cluster.compute(partial(_on_worker, function), items):
                if self._is_canceled:
                    raise CanceledError("The work was canceled.")
                yield result
        except ClusterError as error:
            raise InferenceError(str(error)) from error

    def cancel(self) -> None:
        """Let the work end with a CanceledError after the piece that is computed."""
        self._is_canceled = True

    stop = cancel


def new_predictor() -> ClusterPredictor | Inference:
    """Return who measures networks for a command: the cluster, where one is named."""
    return ClusterPredictor() if cluster.is_named() else Inference()


def long_work(inference: Inference) -> ClusterPredictor | Background:
    """Return who measures a network beside those who draw: the cluster, where one is named."""
    return ClusterPredictor() if cluster.is_named() else inference.background()


def _probabilities(network: str, predictor: Predictor, images: Image) -> Array:
    return predictor.probabilities(images, network)


def _outputs(layer: str, network: str, predictor: Predictor, images: Image) -> Array:
    return predictor.outputs(images, layer, network)


def _ask(predictor: Predictor, question: Question[Answer]) -> Answer:
    return predictor.ask(question)


def _on_worker(function: Callable[[Predictor, Item], Result], item: Item) -> Result:
    return function(_INFERENCE.background(), item)
