"""Networks are measured one after the other, in a thread beside whoever draws."""

import logging
import queue
import threading

from mnist_app.analysis import scores
from mnist_app.data.datasets import DatasetError
from mnist_app.inference import Inference, InferenceError
from mnist_app.networks import registry
from mnist_app.training.runs import RunError

LOGGER = logging.getLogger(__name__)


class Measurer:
    """The networks that wait, and how far the one is that is measured.

    All methods may be called from any thread.
    """

    def __init__(self, door: Inference) -> None:
        """Start nothing yet; networks are asked through `door`."""
        self._door = door
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._shares: dict[str, float] = {}
        self._troubles: dict[str, str] = {}
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None

    def ask(self, name: str) -> None:
        """Let the network `name` be measured, unless it waits already; returns at once."""
        with self._lock:
            if name in self._shares:
                return
            self._shares[name] = 0.0
            self._troubles.pop(name, None)
            self._waiting.put(name)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, daemon=True)
                self._worker.start()

    def share(self, name: str) -> float | None:
        """Return how far it is, 0 to 1; None when it neither waits nor is measured."""
        return self._shares.get(name)

    def trouble(self, name: str) -> str:
        """Return the sentence that says why it could not be measured, or an empty one."""
        return self._troubles.get(name, "")

    def _work(self) -> None:
        while True:
            name = self._waiting.get()
            try:
                for share in scores.measure(self._door, registry.read_card(name)):
                    self._shares[name] = share
            except (InferenceError, DatasetError, RunError) as error:
                self._troubles[name] = str(error)
            except OSError as error:
                self._troubles[name] = f"It cannot be kept: {error.strerror or error}."
            except Exception as error:
                LOGGER.exception("The network %s could not be measured.", name)
                self._troubles[name] = f"The program failed: {type(error).__name__}."
            finally:
                self._shares.pop(name, None)
