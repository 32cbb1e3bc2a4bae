"""A queue of networks that are to be measured, one after the other, beside those who draw."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mnist_app.analysis import scores
from mnist_app.data.datasets import DatasetError
from mnist_app.networks import registry
from mnist_app.networks.prediction import PredictionError, Predictor
from mnist_app.networks.registry import NetworkError
from mnist_app.storage import StorageError

LOGGER = logging.getLogger(__name__)


class CancelablePredictor(Predictor, Protocol):
    """A `Predictor` whose work can be ended early; `inference.Background` is one."""

    def cancel(self) -> None:
        """Let the question that is asked, and all later ones, end with a PredictionError soon."""


@dataclass(eq=False)
class _Job:
    network: str
    predictor: CancelablePredictor
    progress: float = 0.0


class ScoringQueue:
    """The networks that wait, and how far the one is that is measured.

    All methods may be called from any thread.
    """

    def __init__(self, new_predictor: Callable[[], CancelablePredictor]) -> None:
        """Start nothing yet; each network is asked through a predictor of its own."""
        self._new_predictor = new_predictor
        self._changed = threading.Condition()
        self._jobs: dict[str, _Job] = {}
        self._failures: dict[str, str] = {}
        self._worker: threading.Thread | None = None

    def submit(self, network: str) -> None:
        """Let a network be measured, unless it waits already; returns at once."""
        with self._changed:
            if network in self._jobs:
                return
            self._failures.pop(network, None)
            self._jobs[network] = _Job(network, self._new_predictor())
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, daemon=True)
                self._worker.start()
            self._changed.notify()

    def cancel(self, network: str) -> None:
        """Measure a network no further, nor keep it waiting; returns at once."""
        with self._changed:
            job = self._jobs.pop(network, None)
        if job is not None:
            job.predictor.cancel()

    def cancel_all(self) -> None:
        """Measure nothing any further; returns at once."""
        for network in list(self._jobs):
            self.cancel(network)

    def progress(self, network: str) -> float | None:
        """Return how much is done, 0 to 1; None where it neither waits nor is measured."""
        job = self._jobs.get(network)
        return None if job is None else job.progress

    def failure(self, network: str) -> str:
        """Return the sentence that says why it could not be measured, or an empty one."""
        return self._failures.get(network, "")

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs)
                job = next(iter(self._jobs.values()))
            failure = self._measure(job)
            with self._changed:
                if self._jobs.get(job.network) is job:  # otherwise it was canceled
                    del self._jobs[job.network]
                    if failure:
                        self._failures[job.network] = failure

    def _measure(self, job: _Job) -> str:
        """Return why the network could not be measured, or nothing where it was."""
        try:
            for done in scores.measure(job.predictor, registry.read_card(job.network)):
                job.progress = done
                if self._jobs.get(job.network) is not job:
                    break
        except (NetworkError, PredictionError, DatasetError, StorageError) as error:
            return str(error)
        except OSError:
            LOGGER.exception("The network %s could not be measured.", job.network)
            return "The scores could not be saved. Try again later."
        except Exception:
            LOGGER.exception("The network %s could not be measured.", job.network)
            return "The program failed. Try again."
        return ""
