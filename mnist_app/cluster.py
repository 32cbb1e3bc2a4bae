"""The way to a Dask cluster, where one is named: MNIST_APP_CLUSTER=tcp://scheduler:8786.

The only module that imports Dask distributed, and only where a cluster is named.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from distributed import Client, Future

Item = TypeVar("Item")
Result = TypeVar("Result")
LOGGER = logging.getLogger(__name__)
TRAINER = "trainer"
"""What a worker that may train has one of: `dask worker --resources trainer=1`."""
# Seconds until a scheduler has answered.
CONNECT_TIMEOUT = 5
# Trainings begin before pieces of other work that were handed in earlier.
TRAINING_PRIORITY = 1
NO_ANSWER = "The scheduler of this server’s cluster does not answer. Try again in a moment."
# Seconds for which work that was lost is handed in again.
PATIENCE = 120.0

_clients: dict[str, "Client"] = {}
_connecting = threading.Lock()


class ClusterError(Exception):
    """The cluster does not answer; the message is a sentence for the person."""


class Submitted(Protocol):
    """A task that was handed in."""

    def done(self) -> bool:
        """Say whether it has ended, in any way, or was forgotten."""


def address() -> str:
    """Return the scheduler's address, or an empty text where everything is done here."""
    return os.environ.get("MNIST_APP_CLUSTER", "")


def is_named() -> bool:
    """Say whether there is a cluster."""
    return bool(address())


def client() -> "Client":
    """Return the connection to the scheduler, another one where the last is closed.

    Waits some seconds for the first. Raises ClusterError.
    """
    with _connecting:
        known = _clients.get(address())
        if known is None or known.status not in ("running", "connecting"):
            known = _clients[address()] = _connect()
        if known.status == "connecting":  # it was lost, and is tried again for some seconds
            raise ClusterError(NO_ANSWER)
        return known


def _connect() -> "Client":
    from distributed import Client

    # What it says of a lost connection with a traceback is said here in a sentence.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        return Client(address(), timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:
        LOGGER.warning("The scheduler at %s does not answer: %s", address(), error)
        raise ClusterError(NO_ANSWER) from error


@contextmanager
def connected() -> Iterator[None]:
    """Close the connection afterwards, if there is one then."""
    try:
        yield
    finally:
        with _connecting:
            known = _clients.pop(address(), None)
        if known is not None:
            with suppress(TimeoutError):
                known.close()


def submit_training(key: str, function: Callable[[], str]) -> Submitted:
    """Hand in a task for a worker that may train; it stays when this process ends.

    One with the same key that waits already is the same. Raises ClusterError.
    """
    from distributed import fire_and_forget

    future: Submitted = client().submit(
        partial(_beside_others, function),
        key=key,
        pure=False,
        resources={TRAINER: 1},
        priority=TRAINING_PRIORITY,
        retries=2,
    )
    fire_and_forget(future)
    return future


def _beside_others(function: Callable[[], str]) -> str:
    """Leave this thread of the worker to other work, for which the training may wait."""
    from distributed import secede

    secede()
    return function()


def count_trainers() -> int:
    """Return how many workers there are that may train. Raises ClusterError."""
    workers: dict[str, dict[str, Any]] = client().scheduler_info()["workers"]
    return sum(TRAINER in worker["resources"] for worker in workers.values())


class Task(Generic[Result]):
    """Something that a worker computes; what a dead worker or scheduler forgets is asked again."""

    def __init__(self, work: Callable[[], Result]) -> None:
        """Hand it in. Raises ClusterError."""
        self._work = work
        self._future: Future[Result] | None = client().submit(work, pure=False)

    def result(self) -> Result:
        """Wait for it. Raises what it raises, and ClusterError where nobody answers for long."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        until = float("inf")
        while True:
            try:
                if self._future is None:
                    self._future = client().submit(self._work, pure=False)
                result: Result = self._future.result()
                return result
            except (ClusterError, CancelledError, KilledWorker, CommClosedError) as error:
                self._future = None
                until = min(until, time.monotonic() + PATIENCE)
                if time.monotonic() >= until:
                    raise ClusterError(NO_ANSWER) from error
                time.sleep(0.5)

    def cancel(self) -> None:
        """Let nobody begin it any more, nor wait for it."""
        if self._future is not None:
            self._future.cancel()


def submit(function: Callable[..., Result], /, *arguments: object) -> Task[Result]:
    """Let a worker call a function. Raises ClusterError."""
    return Task(partial(function, *arguments))


def hand_in(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Task[Result]]:
    """Let the workers work on items; the tasks are in the order of these. Raises ClusterError."""
    if not client().scheduler_info()["workers"]:
        raise ClusterError("The cluster of this server has no worker at the moment.")
    return [Task(partial(function, item)) for item in items]


def compute(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield in order what workers make of items. Raises as `hand_in` and `Task.result` do."""
    tasks = hand_in(function, items)
    try:
        for task in tasks:
            yield task.result()
    finally:
        for task in tasks:
            task.cancel()
