"""Keeps a model process: starts it, sees whether it lives, replaces it, and never gives up.

Everything that happens to it is a change of `State`, under one lock; a thread looks after it four
times a second.
"""

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum

from mnist_app.inference.errors import CanceledError, InferenceError
from mnist_app.inference.process import ModelProcess

LOGGER = logging.getLogger(__name__)
TICK = 0.25
"""Seconds between two looks at the process."""
# Seconds. A start imports TensorFlow, which takes long on a slow disk.
START_LIMIT = 120.0
# Ticks without a beat until a process counts as stopped or hung. While TensorFlow's libraries are
# loaded, nothing else in the process runs.
SILENT_TICKS = 8
SILENT_TICKS_AT_START = 60
# Seconds from a failed start to the next try.
RETRY_PAUSE = 1.0
# How many starts may fail before visitors are told.
TRIES = 3
POLL_INTERVAL = 0.02
CANNOT_START = "The network cannot start at the moment. It is tried again every second."


class State(Enum):
    """Where the model process is on its way."""

    IDLE = "nobody has asked for it yet, or it was stopped on purpose"
    STARTING = "it runs, and loads its network"
    WARM = "it answers"
    PAUSED = "its start failed; the next try comes in a second"


class Supervisor:
    """One model process after another. All methods may be called from any thread.

    IDLE -> STARTING: somebody asks. STARTING -> WARM: it says so. STARTING -> PAUSED: it could not
    be started, died, was silent, or said why it cannot. PAUSED -> STARTING: after the pause.
    WARM -> STARTING: it died, was silent, or owed an answer for too long. Any -> IDLE: `stop`.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self.stops = 0
        """How often the process was stopped on purpose."""
        self._lock = threading.Lock()
        self._state = State.IDLE
        self._process: ModelProcess | None = None
        self._failures = 0
        self._trouble = ""
        self._retry_at = 0.0
        self._watcher: threading.Thread | None = None

    def start(self) -> None:
        """Start the process where none runs; returns at once."""
        with self._lock:
            self._ensure_begun()

    def stop(self) -> None:
        """End the process; the next question starts a new one."""
        with self._lock:
            self.stops += 1
            self._end_process()
            self._state = State.IDLE
            self._failures, self._trouble = 0, ""

    def report_broken(self, process: ModelProcess) -> None:
        """Start a new process in the place of this one, unless that was done already."""
        with self._lock:
            if self._process is process and self._state is State.WARM:
                self._replace("died")

    def current(self) -> ModelProcess | None:
        """Return the process that runs now, warm or not."""
        return self._process

    def warm_process(self) -> ModelProcess | None:
        """Return the process, or None while it is starting. Starts one where none runs.

        Raises InferenceError once it could not be started again and again; the tries go on.
        """
        process = self._process
        if process is not None and process.is_warm:
            return process
        with self._lock:
            self._ensure_begun()
            self._advance()
            if self._state is State.WARM:
                return self._process
            if self._trouble:
                raise InferenceError(self._trouble)
            return None

    def wait_until_warm(self, is_canceled: Callable[[], bool] = lambda: False) -> ModelProcess:
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

    def _ensure_begun(self) -> None:
        if self._state is State.IDLE:
            self._begin()
        if self._watcher is None:
            watcher = threading.Thread(target=self._watch, daemon=True)
            try:
                watcher.start()
            except RuntimeError as error:  # no thread is left; whoever asks next tries again
                LOGGER.warning("Nobody looks after the model process so far: %s", error)
            else:
                self._watcher = watcher

    def _watch(self) -> None:
        while True:
            time.sleep(TICK)
            with self._lock:
                if self._state is State.IDLE:
                    self._watcher = None
                    return
                try:
                    self._tick()
                except Exception:  # without this thread, a question could wait for ever
                    LOGGER.exception("The model process could not be looked after.")

    def _tick(self) -> None:
        process = self._process
        if process is not None:
            try:
                process.tick()
            except (EOFError, OSError):
                if self._state is State.WARM:
                    self._replace("died")  # else its first word may still tell why
            else:
                self._judge(process)
        self._advance()

    def _judge(self, process: ModelProcess) -> None:
        """End a process that says nothing or owes an answer for too long."""
        is_warm = self._state is State.WARM
        if process.silent_ticks() > (SILENT_TICKS if is_warm else SILENT_TICKS_AT_START):
            self._end("was silent")
        elif process.overdue:
            self._end(f"did not answer ({process.overdue})")
        elif not is_warm and process.ticks > START_LIMIT / TICK:
            self._end("did not become warm")

    def _end(self, what: str) -> None:
        if self._state is State.WARM:
            self._replace(what)
        else:
            if not self._trouble:
                LOGGER.warning("The model process %s while it started.", what)
            self._fail(CANNOT_START)

    def _advance(self) -> None:
        """Take the steps that are due without waiting."""
        if self._state is State.PAUSED and time.monotonic() >= self._retry_at:
            self._begin()
        if self._state is State.STARTING and self._process is not None:
            self._look_at_start(self._process)

    def _begin(self) -> None:
        try:
            self._process = ModelProcess()
        except (OSError, MemoryError) as error:
            if not self._trouble:
                LOGGER.warning("The model process cannot be started: %s", error)
            self._fail(CANNOT_START)
        else:
            self._state = State.STARTING

    def _look_at_start(self, process: ModelProcess) -> None:
        try:
            failure = process.look_for_first_word()
        except (EOFError, OSError):
            self._end("died")
            return
        if failure is not None:
            if not self._trouble:
                LOGGER.error("The network could not be loaded.\n%s", failure.traceback)
            self._fail(f"The network could not be loaded ({failure.error}).", is_certain=True)
        elif process.is_warm:
            self._state = State.WARM
            self._failures, self._trouble = 0, ""

    def _replace(self, what: str) -> None:
        LOGGER.warning("The model process %s. Starting a new one.", what)
        self._end_process()
        self._begin()

    def _fail(self, sentence: str, is_certain: bool = False) -> None:
        """Pause. The sentence is told where it is certain, or after several tries."""
        self._end_process()
        self._state = State.PAUSED
        self._retry_at = time.monotonic() + RETRY_PAUSE
        self._failures += 1
        if is_certain or self._failures >= TRIES:
            self._trouble = sentence

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.kill()
        self._process = None
