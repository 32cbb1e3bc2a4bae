"""Trainings go to worker processes: of this machine, or of a cluster where one is named."""

from mnist_app import cluster, limits
from mnist_app.storage import StorageError
from mnist_app.training import slots
from mnist_app.workers import hand_in, local
from mnist_app.workers.errors import WorkerError

__all__ = ["WorkerError", "goes_on", "is_nobody_there", "look_after_queue", "process_id", "start"]


def start() -> None:
    """See to it that what waits is trained; returns at once.

    Raises StorageError and WorkerError as `local.start` and `hand_in.start` do.
    """
    if cluster.is_named():
        hand_in.start()
    else:
        local.start()


def look_after_queue() -> None:
    """Hand runs to the cluster as long as this process lives, where one is named."""
    if cluster.is_named():
        hand_in.begin()


def goes_on(status: str) -> bool:
    """Say whether a run with this status goes on by itself: where its worker died, in a cluster."""
    return status == "interrupted" and cluster.is_named()


def is_nobody_there() -> bool:
    """Say whether no worker is there: neither a machine's own, nor one of another or a cluster."""
    if cluster.is_named():
        return hand_in.is_nobody_there()
    try:
        return limits.TRAINERS.value() == 0 and not slots.is_anybody_there()
    except StorageError:
        return False


def process_id(number: int) -> int:
    """Return the id of a warm worker's process; 0 where none runs or it is not warm yet."""
    try:
        return slots.warm_process(slots.slot_name(number))
    except StorageError:
        return 0
