"""The door to the model process, the only process that holds TensorFlow and the networks.

Whoever asks from here needs neither: images go in, probabilities come out. The process starts
with the first call, and a new one takes its place when it dies or hangs.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor, ShutdownExecutorError
from numpy.typing import NDArray

from mnist_app.digit import Image

LOGGER = logging.getLogger(__name__)
DEFAULT_NETWORK = "cnn"
# Seconds. A start imports TensorFlow, which takes long on a slow disk.
ANSWER_LIMIT = 10.0
START_LIMIT = 120.0
# How often a question is put to a new process when the one that was asked has died.
TRIES = 3
# TensorFlow's C++ parts print to the terminal unless told not to before their import.
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
DIED = (BrokenProcessPool, ShutdownExecutorError)


class EngineError(Exception):
    """No answer from the model process; the message is a sentence for the person."""


class EngineStarting(EngineError):
    """The model process is not ready yet; ask again in a moment."""


class Engine:
    """One model process and the way to it. All methods may be called from any thread."""

    def __init__(self, answer_limit: float = ANSWER_LIMIT) -> None:
        """Start nothing yet. A warm process has `answer_limit` seconds for an answer."""
        self._answer_limit = answer_limit
        self._lock = threading.Lock()
        self._executor: ProcessPoolExecutor | None = None
        self._warmed: Future[int] | None = None
        self._last_answer = 0.0

    def start(self) -> None:
        """Start the model process where none runs; returns at once."""
        self._ensure_process()

    def is_ready(self) -> bool:
        """Say whether an answer would come at once. Starts the process where none runs.

        Raises EngineError when the network cannot be loaded.
        """
        try:
            self._ready_executor()
        except EngineStarting:
            return False
        return True

    def process_id(self) -> int:
        """Return the id of the model process, once it is warm.

        Raises EngineError when it does not become so within two minutes.
        """
        _, warmed = self._ensure_process()
        try:
            return warmed.result(START_LIMIT)
        except TimeoutError as error:
            raise EngineError(
                f"The network did not start within {START_LIMIT:g} seconds. Try again later."
            ) from error
        except DIED as error:
            raise EngineStarting("The network is starting again.") from error
        except Exception as error:
            raise _cannot_load(error) from error

    def classify(
        self, images: Image, network: str = DEFAULT_NETWORK, wait: bool = True
    ) -> NDArray[np.float32]:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28).

        With `wait`, a starting process is waited for, and one that dies over this is replaced
        and asked again. Without, EngineStarting is raised in both cases. Raises EngineError when
        no answer comes within the limit, or the network cannot be loaded.
        """
        if not wait:
            return self._ask(images, network)
        for _ in range(TRIES):
            try:
                self.process_id()
                return self._ask(images, network)
            except EngineStarting:
                continue
        raise EngineError("The network stopped again and again over this. Try something else.")

    def stop(self) -> None:
        """End the model process; the next call starts a new one."""
        with self._lock:
            self._discard()

    def _ask(self, images: Image, network: str) -> NDArray[np.float32]:
        executor = self._ready_executor()
        asked = time.monotonic()
        answer: Future[NDArray[np.float32]] | None = None
        try:
            answer = executor.submit(_classify, network, images)
            probabilities = answer.result(self._answer_limit)
        except DIED as error:
            self._replace(executor)
            raise EngineStarting("The network is starting again.") from error
        except TimeoutError as error:
            if answer is not None:
                answer.cancel()
            if self._last_answer < asked:
                self._replace(executor)
            raise EngineError(
                f"The network did not answer within {self._answer_limit:g} seconds. "
                "Try again in a moment."
            ) from error
        self._last_answer = time.monotonic()
        return probabilities

    def _ready_executor(self) -> ProcessPoolExecutor:
        executor, warmed = self._ensure_process()
        if not warmed.done():
            raise EngineStarting("The network is starting.")
        error = warmed.exception()
        if isinstance(error, DIED):
            self._replace(executor)
            raise EngineStarting("The network is starting again.") from error
        if error is not None:
            raise _cannot_load(error) from error
        return executor

    def _ensure_process(self) -> "tuple[ProcessPoolExecutor, Future[int]]":
        with self._lock:
            if self._executor is None or self._warmed is None:
                self._executor = ProcessPoolExecutor(max_workers=1, env=ENVIRONMENT)
                self._warmed = self._executor.submit(_warm, DEFAULT_NETWORK)
            return self._executor, self._warmed

    def _replace(self, executor: ProcessPoolExecutor) -> None:
        """Start a new process in the place of `executor`'s, unless somebody already has."""
        with self._lock:
            if self._executor is not executor:
                return
            LOGGER.warning("The model process died or hung; starting a new one.")
            self._discard()
        self._ensure_process()

    def _discard(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=False, kill_workers=True)
        self._executor = self._warmed = None


def train(settings: dict[str, Any], folder: Path) -> int:
    """Train a network in a process of its own and return that process's exit status.

    `settings` are fields of `model.training.Settings`; the weights and the card go to `folder`.
    Progress goes to standard output.
    """
    command = [sys.executable, "-m", "mnist_app.model.training"]
    return subprocess.call(
        [*command, json.dumps(settings), str(folder)], env=os.environ | ENVIRONMENT
    )


def _cannot_load(error: BaseException) -> EngineError:
    return EngineError(f"The network could not be loaded: {error}")


# What follows runs in the model process, the only place where the model's room is imported.


def _warm(network: str) -> int:
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    from mnist_app.model import inspection

    inspection.warm(network)
    return os.getpid()


def _end_with_parent(parent: int) -> None:
    """End this process soon after the page process is gone, killed or not."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


def _classify(network: str, images: Image) -> NDArray[np.float32]:
    from mnist_app.model import inspection

    return inspection.classify(network, images)
