"""The way to the model process, the only process that holds TensorFlow and the networks.

Whoever asks from here needs neither: images go in, probabilities and layers come out. The process
starts with the first question and is replaced when it dies or hangs. Questions travel in two
lanes, each a pipe with a thread at its far end: no stroke waits behind long work. A lane carries
one question at a time: an executor's threads and queues would cost a stroke more than the network.
"""

import logging
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Literal

import numpy as np
from loky.backend import get_context

from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.networks import questions
from mnist_app.networks.interventions import NOTHING_CHANGED, Interventions
from mnist_app.networks.prediction import PredictionError
from mnist_app.networks.questions import Answer, Failure, Layers, Pending, Question, Refused
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

LOGGER = logging.getLogger(__name__)
# Seconds for an answer. Long work comes in pieces, and on a busy machine each takes its time.
ANSWER_LIMIT = 10.0
BACKGROUND_LIMIT = 60.0
# Seconds. A start imports TensorFlow, which takes long on a slow disk.
START_LIMIT = 120.0
POLL_INTERVAL = 0.02
# Seconds until a network that could not be loaded is tried again.
RETRY_PAUSE = 60.0
# How often a question is put to a new process when the one that was asked has died.
TRIES = 3
# Images in a message. So many fit into a pipe's buffer, even when nobody reads at its far end,
# and networks are no faster with more.
PIECE = 100
# Seconds between two pieces of long work. A lock does not go to whoever waits longest on its own.
BREAK = 0.001


class InferenceError(PredictionError):
    """No answer from the model process; the message is a sentence for the person."""


class CanceledError(InferenceError):
    """The work was canceled, or the model process was stopped during it."""


class _Asking(ABC):
    """A `Predictor` that cuts what it is asked into small messages."""

    def probabilities(self, images: Image, network: str = DEFAULT_NETWORK) -> Array:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28).

        Waits for a starting process; one that dies over this is replaced and asked again. Raises
        InferenceError where there is no answer.
        """
        pieces = [questions.Classify(some, (network,)) for some in _pieces(images)]
        return np.concatenate([self._ask(piece)[network] for piece in pieces])

    def outputs(self, images: Image, layer: str, network: str = DEFAULT_NETWORK) -> Array:
        """Return one layer's outputs for images, uint8 (n, 28, 28), as float32 (n, ...).

        Waits and raises as `probabilities` does, also where the network has no such layer.
        """
        pieces = [questions.LayerOutputs(some, layer, network) for some in _pieces(images)]
        return np.concatenate([self._ask(piece) for piece in pieces])

    @abstractmethod
    def _ask(self, question: Question[Answer]) -> Answer:
        """Return the answer. Raises InferenceError where there is none."""


class Inference(_Asking):
    """One model process and the way to it. All methods may be called from any thread."""

    def __init__(
        self, answer_limit: float = ANSWER_LIMIT, background_limit: float = BACKGROUND_LIMIT
    ) -> None:
        """Start nothing yet. The limits are the seconds that a warm process has for an answer."""
        self._supervisor = _Supervisor()
        self._strokes = _Lane(self._supervisor, "strokes", answer_limit)
        self._long_work = _Lane(self._supervisor, "background", background_limit)

    def start(self) -> None:
        """Start the model process where none runs; returns at once.

        Raises InferenceError when the last one could not load its network a moment ago.
        """
        self._supervisor.start()

    def stop(self) -> None:
        """End the model process and cancel all long work; the next question starts a new one."""
        self._supervisor.stop()

    def is_ready(self) -> bool:
        """Say whether an answer would come at once. Starts the process where none runs.

        Raises InferenceError when the network cannot be loaded.
        """
        return self._supervisor.warm_process() is not None

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
        starting process, and raises nothing.
        """
        return self._strokes.ask(questions.Classify(images, tuple(networks)))

    def layers(
        self,
        image: Image,
        network: str = DEFAULT_NETWORK,
        interventions: Interventions = NOTHING_CHANGED,
    ) -> Layers | Pending | Refused:
        """Return the output of each layer for an image, uint8 (28, 28).

        Does not wait for a starting process, and raises nothing: interventions with which the
        network cannot answer are refused.
        """
        outputs = self._strokes.ask(questions.InspectLayers(image, network, interventions))
        return outputs if isinstance(outputs, Pending | Refused) else Layers(network, outputs)

    def weights(self, network: str = DEFAULT_NETWORK) -> dict[str, list[Array]]:
        """Return what each layer learned: kernel, then bias where it has one, float32.

        Shapes are Keras's: (rows, columns, channels, maps) for Conv2D, (inputs, units) for Dense.
        Waits and raises as `probabilities` does.
        """
        return self._ask(questions.Weights(network))

    def background(self) -> "Background":
        """Return a way to ask for one piece of long work, which delays no stroke."""
        return Background(self._supervisor, self._long_work)

    def _ask(self, question: Question[Answer]) -> Answer:
        return self._strokes.ask_until_answered(question)


class Background(_Asking):
    """A `Predictor` for long work, such as measuring a network. It can be canceled.

    Several may work at the same time; they take turns.
    """

    def __init__(self, supervisor: "_Supervisor", lane: "_Lane") -> None:
        self._supervisor = supervisor
        self._lane = lane
        self._stops = supervisor.stops
        self._is_canceled = False

    def cancel(self) -> None:
        """Let the work end with a CanceledError after the piece that is computed; returns at once.

        A piece is a hundred images. What is asked later ends in the same way.
        """
        self._is_canceled = True

    def _ask(self, question: Question[Answer]) -> Answer:
        answer = self._lane.ask_until_answered(question, self._has_ended)
        time.sleep(BREAK)
        return answer

    def _has_ended(self) -> bool:
        return self._is_canceled or self._supervisor.stops != self._stops


class _Supervisor:
    """Starts the model process, notices when it is warm, replaces one that died or hung."""

    def __init__(self) -> None:
        self.stops = 0
        """How often the process was stopped on purpose."""
        self._lock = threading.Lock()
        self._process: _ModelProcess | None = None
        self._trouble = ""
        self._retry_at = 0.0

    def start(self) -> None:
        with self._lock:
            self._ensure_process()

    def stop(self) -> None:
        with self._lock:
            self.stops += 1
            self._discard()

    def replace(self, process: "_ModelProcess") -> None:
        """Start a new process in the place of this one, unless that was done already."""
        with self._lock:
            if self._process is process:
                LOGGER.warning("The model process died or hung. Starting a new one.")
                self._discard()
                self._ensure_process()

    def warm_process(self) -> "_ModelProcess | None":
        """Return the process, or None while it is starting. Starts one where none runs.

        Raises InferenceError when the network cannot be loaded.
        """
        process = self._process
        if process is not None and process.is_warm:
            return process
        with self._lock:
            process = self._ensure_process()
            try:
                failure = process.look_for_first_word()
            except (EOFError, OSError):
                self._discard()
                self._ensure_process()
                return None
            if failure is not None:
                LOGGER.error("The network could not be loaded.\n%s", failure.traceback)
                self._discard()
                raise self._give_up(failure.error)
            return process if process.is_warm else None

    def wait_until_warm(self, is_canceled: Callable[[], bool] = lambda: False) -> "_ModelProcess":
        """Return the process as soon as it is warm. Raises InferenceError where it never is."""
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until:
            if is_canceled():
                raise CanceledError("The work was canceled.")
            process = self.warm_process()
            if process is not None:
                return process
            time.sleep(POLL_INTERVAL)
        raise InferenceError(
            f"The network did not start within {START_LIMIT:g} seconds. Try again later."
        )

    def _ensure_process(self) -> "_ModelProcess":
        if self._process is None:
            if time.monotonic() < self._retry_at:
                raise InferenceError(self._trouble)
            try:
                self._process = _ModelProcess()
            except OSError as error:
                raise self._give_up(type(error).__name__) from error
        return self._process

    def _discard(self) -> None:
        """Kill the process. Pipes close with the last thread that still waits for an answer."""
        if self._process is not None:
            self._process.kill()
        self._process = None

    def _give_up(self, error: str) -> InferenceError:
        self._trouble = f"The network could not be loaded ({error})."
        self._retry_at = time.monotonic() + RETRY_PAUSE
        return InferenceError(self._trouble)


class _ModelProcess:
    """One process, from its start to its end, and a pipe to it for each lane."""

    def __init__(self) -> None:
        # loky's processes do not run Streamlit's page again, as the standard library's do.
        context = get_context("loky")
        strokes, strokes_end = context.Pipe()
        background, background_end = context.Pipe()
        self.pipes: dict[str, Connection] = {"strokes": strokes, "background": background}
        self.is_warm = False
        self._process = context.Process(
            target=_serve, args=(strokes_end, background_end), daemon=True
        )
        self._process.start()
        strokes_end.close()
        background_end.close()
        self.pid: int = self._process.pid

    def look_for_first_word(self) -> Failure | None:
        """Note that it is warm once it has said so; return why it never will be.

        Raises EOFError or OSError when it has died.
        """
        if self.is_warm or not self.pipes["strokes"].poll():
            return None
        failure: Failure | None = self.pipes["strokes"].recv()
        self.is_warm = failure is None
        return failure

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._process.join()


class _Lane:
    """One pipe to the model process, whichever that is at the moment."""

    def __init__(
        self, supervisor: _Supervisor, name: Literal["strokes", "background"], limit: float
    ) -> None:
        self._supervisor = supervisor
        self._name = name
        self._limit = limit
        self._lock = threading.Lock()

    def ask(self, question: Question[Answer]) -> Answer | Pending | Refused:
        """Return the answer, or why there is none; raises nothing."""
        if not self._lock.acquire(timeout=self._limit):
            return self._too_late()
        try:
            process = self._supervisor.warm_process()
            if process is None:
                return Pending()
            return self._exchange(process, question)
        except InferenceError as error:
            return Refused(str(error))
        finally:
            self._lock.release()

    def ask_until_answered(
        self, question: Question[Answer], is_canceled: Callable[[], bool] = lambda: False
    ) -> Answer:
        """Return the answer; a process that is starting is waited for. Raises InferenceError."""
        for _ in range(TRIES):
            self._supervisor.wait_until_warm(is_canceled)
            answer = self.ask(question)
            if isinstance(answer, Refused):
                raise InferenceError(answer.reason)
            if not isinstance(answer, Pending):
                return answer
        raise InferenceError("The network stopped again and again. Try something else.")

    def _exchange(
        self, process: _ModelProcess, question: Question[Answer]
    ) -> Answer | Pending | Refused:
        pipe = process.pipes[self._name]
        try:
            pipe.send(question)
            if not pipe.poll(self._limit):
                self._supervisor.replace(process)
                return self._too_late()
            answer: Answer | Refused | Failure = pipe.recv()
        except (EOFError, OSError):
            self._supervisor.replace(process)
            return Pending()
        if isinstance(answer, Failure):
            LOGGER.error("%s was not answered.\n%s", type(question).__name__, answer.traceback)
            return Refused(f"The network could not answer ({answer.error}). Try something else.")
        return answer

    def _too_late(self) -> Refused:
        return Refused(
            f"The network did not answer within {self._limit:g} seconds. Try again in a moment."
        )


def _serve(strokes: Connection, background: Connection) -> None:
    """Answer questions until the page process is gone. Runs in the model process.

    The first word to the strokes' end is None when the default network is warm, or a Failure.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, which ends this process
    try:
        from mnist_app.model import inspection, serving

        inspection.warm(DEFAULT_NETWORK)
    except Exception as error:
        strokes.send(Failure.of(error))
        return
    strokes.send(None)
    serving.serve(strokes, background)
    os._exit(0)  # does not wait for what the other lane still computes


def _pieces(images: Image) -> Iterator[Image]:
    """Yield the images in pieces; no images are one piece, too."""
    for start in range(0, max(1, len(images)), PIECE):
        yield images[start : start + PIECE]
