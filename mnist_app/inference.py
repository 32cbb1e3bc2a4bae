"""The door to the model process, the only process that holds TensorFlow and the networks.

Whoever asks from here needs neither: images go in, probabilities and layers come out. The process
starts with the first call, and a new one takes its place when it dies or hangs. Question and
answer go over one pipe, a question at a time: an executor's threads and queues cost each stroke
more than the network does.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import cast

import numpy as np
from loky.backend import get_context

from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image
from mnist_app.networks.interventions import InterventionError, Interventions
from mnist_app.networks.registry import DEFAULT_NETWORK
from mnist_app.training.runs import RunError

LOGGER = logging.getLogger(__name__)
# Seconds. A start imports TensorFlow, which takes long on a slow disk.
ANSWER_LIMIT = 10.0
START_LIMIT = 120.0
LOOK_AGAIN = 0.02
# Before a network that could not be loaded is tried again.
PAUSE = 60.0
# How often a question is put to a new process when the one that was asked has died.
TRIES = 3
NOTHING_CHANGED = Interventions()


class InferenceError(Exception):
    """No answer from the model process; the message is a sentence for the person."""


class InferenceStarting(InferenceError):
    """The model process is not ready yet; ask again in a moment."""


class Inference:
    """One model process and the way to it. All methods may be called from any thread."""

    def __init__(self, answer_limit: float = ANSWER_LIMIT) -> None:
        """Start nothing yet. A warm process has `answer_limit` seconds for an answer."""
        self._answer_limit = answer_limit
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._is_warm = False
        self._trouble = ""
        self._retry_at = 0.0

    def start(self) -> None:
        """Start the model process where none runs; returns at once.

        Raises InferenceError when the last one could not load its network a moment ago.
        """
        with self._alone():
            self._ensure_process()

    def is_ready(self) -> bool:
        """Say whether an answer would come at once. Starts the process where none runs.

        Raises InferenceError when the network cannot be loaded.
        """
        if self._is_warm:
            return True
        with self._alone():
            return self._is_warm_by_now()

    def process_id(self) -> int:
        """Return the id of the model process, once it is warm.

        Raises InferenceError when it does not become so within two minutes.
        """
        self._wait_until_warm()
        with self._alone():
            process, _ = self._ensure_process()
            return process.pid or 0

    def classify(self, images: Image, network: str = DEFAULT_NETWORK, wait: bool = True) -> Array:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28).

        With `wait`, a starting process is waited for, and one that dies over this is replaced
        and asked again. Without, InferenceStarting is raised in both cases. Raises InferenceError when
        no answer comes within the limit, or the network cannot be loaded.
        """
        return np.asarray(self._ask_until_answered("classify", (network, images), wait))

    def inspect(
        self,
        image: Image,
        network: str = DEFAULT_NETWORK,
        changes: Interventions = NOTHING_CHANGED,
        wait: bool = True,
    ) -> dict[str, Array]:
        """Return every layer's output for an image, uint8 (28, 28), by the layer's name.

        Outputs are float32, without the batch: "probabilities" has shape (10,). Raises what
        `classify` raises, and InterventionError when the network cannot answer with these changes.
        """
        layers = self._ask_until_answered("inspect", (network, image, changes), wait)
        return cast(dict[str, Array], layers)

    def outputs(
        self, images: Image, layer: str, network: str = DEFAULT_NETWORK, wait: bool = True
    ) -> Array:
        """Return one layer's outputs for images, uint8 (n, 28, 28), as float32 (n, ...).

        Raises what `classify` raises, also where the network has no such layer.
        """
        return np.asarray(self._ask_until_answered("outputs", (network, layer, images), wait))

    def weights(self, network: str = DEFAULT_NETWORK, wait: bool = True) -> dict[str, list[Array]]:
        """Return what each layer has learned: kernel, then bias where it has one, float32.

        Shapes are Keras's: (rows, columns, channels, maps) for Conv2D, (inputs, units) for Dense.
        Raises what `classify` raises.
        """
        return cast(dict[str, list[Array]], self._ask_until_answered("weights", (network,), wait))

    def stop(self) -> None:
        """End the model process; the next call starts a new one."""
        with self._alone():
            self._discard()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the pipe; who waits for it has as long as for an answer."""
        if not self._lock.acquire(timeout=self._answer_limit):
            raise self._late()
        try:
            yield
        finally:
            self._lock.release()

    def _ask_until_answered(self, verb: str, question: tuple[object, ...], wait: bool) -> object:
        for _ in range(TRIES if wait else 1):
            if wait:
                self._wait_until_warm()
            with self._alone():
                try:
                    if not self._is_warm_by_now():
                        raise InferenceStarting("The network is starting.")
                    return self._ask(verb, question)
                except InferenceStarting:
                    if not wait:
                        raise
        raise InferenceError("The network stopped again and again over this. Try something else.")

    def _ask(self, verb: str, question: tuple[object, ...]) -> object:
        _, pipe = self._ensure_process()
        try:
            pipe.send((verb, question))
            if not pipe.poll(self._answer_limit):
                self._replace()
                raise self._late()
            answer = pipe.recv()
        except (EOFError, OSError) as error:
            self._replace()
            raise InferenceStarting("The network is starting again.") from error
        if isinstance(answer, InterventionError):
            raise answer
        if isinstance(answer, Exception):
            raise InferenceError(
                f"The network {question[0]!r} gave no answer: {answer!r}"
            ) from answer
        return cast(object, answer)

    def _wait_until_warm(self) -> None:
        """Wait for a starting process, and leave the pipe to others in between."""
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until:
            if self.is_ready():
                return
            time.sleep(LOOK_AGAIN)
        raise InferenceError(
            f"The network did not start within {START_LIMIT:g} seconds. Try again later."
        )

    def _is_warm_by_now(self) -> bool:
        """Say whether the process has said its first word; one that has died is replaced."""
        if self._is_warm:
            return True
        _, pipe = self._ensure_process()
        try:
            if not pipe.poll():
                return False
            trouble = pipe.recv()
        except (EOFError, OSError):
            self._replace()
            return False
        if trouble is not None:
            LOGGER.error("The network could not be loaded.", exc_info=trouble)
            self._discard()
            self._trouble = f"The network could not be loaded ({type(trouble).__name__})."
            self._retry_at = time.monotonic() + PAUSE
            raise InferenceError(self._trouble) from trouble
        self._is_warm = True
        return True

    def _ensure_process(self) -> tuple[BaseProcess, Connection]:
        if self._process is None or self._pipe is None:
            if time.monotonic() < self._retry_at:
                raise InferenceError(self._trouble)
            # loky's processes do not run Streamlit's page again, as the standard library's do.
            context = get_context("loky")
            self._pipe, other_end = context.Pipe()
            self._process = context.Process(target=_serve, args=(other_end,), daemon=True)
            self._process.start()
            other_end.close()
        return self._process, self._pipe

    def _replace(self) -> None:
        LOGGER.warning("The model process died or hung; starting a new one.")
        self._discard()
        self._ensure_process()

    def _discard(self) -> None:
        if self._process is not None and self._pipe is not None:
            self._pipe.close()
            with suppress(ProcessLookupError):
                os.kill(self._process.pid or 0, getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.join()
        self._process = self._pipe = None
        self._is_warm = False

    def _late(self) -> InferenceError:
        return InferenceError(
            f"The network did not answer within {self._answer_limit:g} seconds. "
            "Try again in a moment."
        )


def _serve(pipe: Connection) -> None:
    """Answer questions until the page process is gone. Runs in the model process.

    A question is the name of a function of `inspection` and its arguments. The first word is None
    when the default network is warm, or the exception that says why not.
    """
    try:
        from mnist_app.model import inspection

        inspection.warm(DEFAULT_NETWORK)
    except Exception as error:
        pipe.send(error)
        return
    pipe.send(None)
    while True:
        try:
            verb, question = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            pipe.send(getattr(inspection, verb)(*question))
        except RunError as error:
            pipe.send(InferenceError(str(error)))
        except Exception as error:
            pipe.send(error)
