"""The way to the model process, the only process that holds TensorFlow and the networks.

Whoever asks from here needs neither: images go in, probabilities and layers come out. The process
starts with the first question and is replaced when it dies or hangs (`supervisor`). Questions
travel in two lanes, each a pipe with a thread at its far end (`lanes`): no stroke waits behind long
work. A lane carries one question at a time: an executor's threads and queues would cost a stroke
more than the network.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.inference.errors import CanceledError, InferenceError
from mnist_app.inference.lanes import Lane
from mnist_app.inference.supervisor import Supervisor
from mnist_app.networks import questions
from mnist_app.networks.interventions import NOTHING_CHANGED, Interventions
from mnist_app.networks.questions import Answer, Layers, Pending, Question, Refused
from mnist_app.networks.registry import DEFAULT_NETWORK

__all__ = [
    "Background",
    "CanceledError",
    "Inference",
    "InferenceError",
    "Layers",
    "Pending",
    "Refused",
]

# Seconds for an answer, after which the process is replaced. Long work comes in pieces, and on a
# busy machine each takes its time.
ANSWER_LIMIT = 10.0
BACKGROUND_LIMIT = 60.0
# Images in a message. So many fit into a pipe's buffer, even when nobody reads at its far end,
# and networks are no faster with more.
PIECE = 100
# Seconds between two pieces of long work. A lock does not go to whoever waits longest on its own.
BREAK = 0.001


class _Asking(ABC):
    """A `Predictor` that cuts what it is asked into small messages."""

    def probabilities(self, images: Image, network: str = DEFAULT_NETWORK) -> Array:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28).

        Waits for a starting process; one that dies over this is replaced and asked again. Raises
        InferenceError where there is no answer.
        """
        pieces = [questions.Classify(some, (network,)) for some in _pieces(images)]
        return np.concatenate([self.ask(piece)[network] for piece in pieces])

    def outputs(self, images: Image, layer: str, network: str = DEFAULT_NETWORK) -> Array:
        """Return one layer's outputs for images, uint8 (n, 28, 28), as float32 (n, ...).

        Waits and raises as `probabilities` does, also where the network has no such layer.
        """
        pieces = [questions.LayerOutputs(some, layer, network) for some in _pieces(images)]
        return np.concatenate([self.ask(piece) for piece in pieces])

    @abstractmethod
    def ask(self, question: Question[Answer]) -> Answer:
        """Return the answer to a question, which comes in one piece.

        Waits and raises as `probabilities` does, also for what cannot be asked of a network.
        """


class Inference(_Asking):
    """One model process and the way to it. All methods may be called from any thread."""

    def __init__(
        self, answer_limit: float = ANSWER_LIMIT, background_limit: float = BACKGROUND_LIMIT
    ) -> None:
        """Start nothing yet. The limits are the seconds that a warm process has for an answer."""
        self._supervisor = Supervisor()
        self._strokes = Lane(self._supervisor, "strokes", answer_limit)
        self._long_work = Lane(self._supervisor, "background", background_limit)

    def start(self) -> None:
        """Start the model process where none runs; returns at once, and raises nothing."""
        self._supervisor.start()

    def stop(self) -> None:
        """End the model process and cancel all long work; the next question starts a new one."""
        self._supervisor.stop()

    def is_ready(self) -> bool:
        """Say whether an answer would come at once. Starts the process where none runs.

        Raises InferenceError once it could not be started again and again; the tries go on.
        """
        return self._supervisor.warm_process() is not None and not self._strokes.is_late()

    def process_id(self) -> int:
        """Return the id of the model process, once it is warm.

        Raises InferenceError when it is not within two minutes.
        """
        return self._supervisor.wait_until_warm().pid

    def predictions(
        self, images: Image, networks: Sequence[str]
    ) -> Mapping[str, Array] | Pending | Refused:
        """Return the probabilities, float32 (n, 10), that each network gives to images.

        `images` is uint8 (n, 28, 28). All networks are asked in one message. Does not wait for a
        starting process, nor long for one that hangs, and raises nothing.
        """
        return self._strokes.ask(questions.Classify(images, tuple(networks)))

    def layers(
        self,
        image: Image,
        network: str = DEFAULT_NETWORK,
        interventions: Interventions = NOTHING_CHANGED,
    ) -> Layers | Pending | Refused:
        """Return the output of each layer for an image, uint8 (28, 28).

        Waits and raises as little as `predictions`: interventions with which the network cannot
        answer are refused.
        """
        outputs = self._strokes.ask(questions.InspectLayers(image, network, interventions))
        return outputs if isinstance(outputs, Pending | Refused) else Layers(network, outputs)

    def weights(self, network: str = DEFAULT_NETWORK) -> dict[str, list[Array]]:
        """Return what each layer learned: kernel, then bias where it has one, float32.

        Shapes are Keras's: (rows, columns, channels, maps) for Conv2D, (inputs, units) for Dense.
        Waits and raises as `probabilities` does.
        """
        return self.ask(questions.Weights(network))

    def background(self) -> "Background":
        """Return a way to ask for one piece of long work, which delays no stroke."""
        return Background(self._supervisor, self._long_work)

    def ask(self, question: Question[Answer]) -> Answer:
        """Return the answer to a question, in the lane of strokes. Raises as `probabilities`."""
        return self._strokes.ask_until_answered(question)


class Background(_Asking):
    """A `Predictor` for long work, such as measuring a network. It can be canceled.

    Several may work at the same time; they take turns.
    """

    def __init__(self, supervisor: Supervisor, lane: Lane) -> None:
        self._supervisor = supervisor
        self._lane = lane
        self._stops = supervisor.stops
        self._is_canceled = False

    def cancel(self) -> None:
        """Let the work end with a CanceledError after the piece that is computed; returns at once.

        A piece is a hundred images. What is asked later ends in the same way.
        """
        self._is_canceled = True

    def ask(self, question: Question[Answer]) -> Answer:
        """Return the answer to a question, beside the strokes. Raises as `probabilities` does."""
        answer = self._lane.ask_until_answered(question, self._has_ended)
        time.sleep(BREAK)
        return answer

    def _has_ended(self) -> bool:
        return self._is_canceled or self._supervisor.stops != self._stops


def _pieces(images: Image) -> Iterator[Image]:
    """Yield the images in pieces; no images are one piece, too."""
    for start in range(0, max(1, len(images)), PIECE):
        yield images[start : start + PIECE]
