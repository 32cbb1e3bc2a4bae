"""Handing waiting runs to a cluster: a thread that looks after the queue while its process lives.

Each process that shows runs has one: whichever lives hands in. What the cluster forgets, a killed
scheduler everything, is handed in again, because the queue is in the store. A task for each run
that waits: so a cluster that grows with its work sees how much there is.
"""

import itertools
import logging
import threading
import time

from mnist_app import cluster
from mnist_app.cluster import ClusterError, Submitted
from mnist_app.storage import StorageError
from mnist_app.training import queue
from mnist_app.training.run import LEASE_SECONDS
from mnist_app.workers.errors import WorkerError
from mnist_app.workers.turns import train_next

LOGGER = logging.getLogger(__name__)
# Seconds between two looks at the queue, where nobody asks for one.
INTERVAL = 1.0
# Seconds that a scheduler may take to come back before anybody is told.
RESTART_SECONDS = 15.0


class HandIn:
    """The tasks that this process has handed in."""

    def __init__(self) -> None:
        """Nothing is handed in yet."""
        self.is_nobody_there = False
        """Whether the cluster had no worker that may train when something waited."""
        self._tasks: dict[tuple[str, float, int], Submitted] = {}
        self._trouble = ""
        self._works_until = 0.0
        self._sweeps_from = 0.0

    @property
    def trouble(self) -> str:
        """A sentence that says why nothing can be handed in for long; empty where it can."""
        return self._trouble if time.monotonic() >= self._works_until + RESTART_SECONDS else ""

    def look(self) -> None:
        """Hand in what waits and is not handed in, and put back what lost its worker."""
        try:
            self._put_back_lost()
            self._hand_in(queue.waiting(), queue.count_training())
            self._trouble, self._works_until = "", time.monotonic()
        except ClusterError as error:
            self._trouble = str(error)
        except StorageError as error:
            self._trouble = str(error)
            # Workers could not renew their leases either: they get time for it.
            self._sweeps_from = time.monotonic() + LEASE_SECONDS

    def _put_back_lost(self) -> None:
        if time.monotonic() >= self._sweeps_from:
            queue.put_back_lost()

    def _hand_in(self, waiting: list[tuple[str, float]], training: int) -> None:
        """Hand in each run once for each time that it was queued; again where its task is gone.

        A task may train another's run, and end without the one that it was handed in for: there
        are always as many as there are runs that wait or are being trained.
        """
        self.is_nobody_there = bool(waiting) and cluster.count_trainers() == 0
        self._tasks = {key: task for key, task in self._tasks.items() if not task.done()}
        handed_in = {(name, queued_at) for name, queued_at, _ in self._tasks}
        for run in waiting:
            if run not in handed_in:
                self._submit(*run)
        for run in waiting[: max(0, len(waiting) + training - len(self._tasks))]:
            self._submit(*run)

    def _submit(self, name: str, queued_at: float) -> None:
        """Hand in a task under a name by which the cluster knows it from other processes, too."""
        tries = next(n for n in itertools.count() if (name, queued_at, n) not in self._tasks)
        task = cluster.submit_training(f"{name}-{queued_at:.3f}-{tries}", train_next)
        self._tasks[name, queued_at, tries] = task


_wakes = threading.Event()
_beginning = threading.Lock()
_threads: list[threading.Thread] = []
_hand_in = HandIn()


def begin() -> None:
    """Look after the queue from now on, in a thread; does nothing where one does so already."""
    with _beginning:
        if not any(thread.is_alive() for thread in _threads):
            _threads[:] = [threading.Thread(target=_keep_looking, daemon=True)]
            _threads[0].start()


def start() -> None:
    """Look after the queue, and hand in soon what waits; returns at once.

    Raises WorkerError where nothing could be handed in for some time.
    """
    begin()
    _wakes.set()
    if _hand_in.trouble:
        raise WorkerError(_hand_in.trouble, f"the cluster is {cluster.address()}")


def is_nobody_there() -> bool:
    """Say whether runs wait and the cluster had no worker that may train, when last asked."""
    return _hand_in.is_nobody_there


def _keep_looking() -> None:
    while cluster.is_named():
        try:
            _hand_in.look()
        except Exception:
            LOGGER.exception("Nothing could be handed in.")
        _wakes.wait(INTERVAL)
        _wakes.clear()
