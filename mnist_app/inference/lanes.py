"""A lane: one pipe to the model process, whichever that is at the moment."""

import logging
import threading
from collections.abc import Callable

from mnist_app.inference.errors import InferenceError
from mnist_app.inference.process import LaneName, ModelProcess
from mnist_app.inference.supervisor import TICK, Supervisor
from mnist_app.networks.questions import Answer, Failure, Pending, Question, Refused

LOGGER = logging.getLogger(__name__)
# Seconds that a page waits for an answer. A question that takes longer, such as the first one to
# a network on a slow machine, is answered to whoever asks again.
PATIENCE = 2.0
# How often a question is put to a new process when the one that was asked has died.
TRIES = 3


class Lane:
    """One pipe to the model process, whichever that is. It carries one question at a time."""

    def __init__(self, supervisor: Supervisor, name: LaneName, limit: float) -> None:
        """`limit` is the seconds after which a process that has not answered is replaced."""
        self._supervisor = supervisor
        self._name = name
        self._limit = limit
        self._lock = threading.Lock()

    def is_late(self) -> bool:
        """Say whether the process works on a question that nobody waits for any longer."""
        process = self._supervisor.current()
        return process is not None and process.pipes[self._name].is_late(process.ticks)

    def ask(self, question: Question[Answer]) -> Answer | Pending | Refused:
        """Return the answer, or why there is none; raises nothing, and keeps nobody waiting."""
        while not self._lock.acquire(timeout=TICK):
            if self.is_late():
                return Pending()
        try:
            return self._ask(question, PATIENCE)
        finally:
            self._lock.release()

    def ask_until_answered(
        self, question: Question[Answer], is_canceled: Callable[[], bool] = lambda: False
    ) -> Answer:
        """Return the answer; a process that is starting is waited for. Raises InferenceError."""
        for _ in range(TRIES):
            self._supervisor.wait_until_warm(is_canceled)
            with self._lock:
                answer = self._ask(question, None)
            if isinstance(answer, Refused):
                raise InferenceError(answer.reason)
            if not isinstance(answer, Pending):
                return answer
        raise InferenceError("The network stopped again and again. Try something else.")

    def _ask(
        self, question: Question[Answer], patience: float | None
    ) -> Answer | Pending | Refused:
        try:
            process = self._supervisor.warm_process()
        except InferenceError as error:
            return Refused(str(error))
        if process is None:
            return Pending()
        return self._exchange(process, question, patience)

    def _exchange(
        self, process: ModelProcess, question: Question[Answer], patience: float | None
    ) -> Answer | Pending | Refused:
        """Ask a process. What never comes ends with it: its supervisor sees to that."""
        pipe = process.pipes[self._name]
        try:
            if pipe.due is not None:  # an answer that nobody waited for
                if not pipe.connection.poll(None if patience is None else 0):
                    return Pending()
                pipe.receive(process.ticks + _ticks(PATIENCE))
            now = process.ticks
            pipe.send(question, late=now + _ticks(PATIENCE), due=now + _ticks(self._limit))
            if not pipe.connection.poll(patience):
                pipe.late = process.ticks
                return Pending()
            answer: Answer | Refused | Failure = pipe.receive(process.ticks + _ticks(PATIENCE))
        except (EOFError, OSError):
            self._supervisor.report_broken(process)
            return self._too_late() if process.overdue == self._name else Pending()
        if isinstance(answer, Failure):
            LOGGER.error("%s was not answered.\n%s", type(question).__name__, answer.traceback)
            return Refused(f"The network could not answer ({answer.error}). Try something else.")
        return answer

    def _too_late(self) -> Refused:
        return Refused(
            f"The network did not answer within {self._limit:g} seconds. Try again in a moment."
        )


def _ticks(seconds: float) -> int:
    return round(seconds / TICK)
