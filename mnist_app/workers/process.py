"""What every process that trains does: warm up, and train the run whose turn it is."""

import gc

from mnist_app.storage import StorageError
from mnist_app.training import leases, runs


def warm_up() -> None:
    """Import TensorFlow, and do what it does once where nobody waits: takes seconds."""
    from mnist_app.model import training

    if not _is_anybody_waiting():
        training.warm()
    gc.collect()
    gc.freeze()


def train_next(worker: str) -> str:
    """Train the run whose turn it is; return its name, an empty one where none waits.

    Raises StorageError where none can be taken.
    """
    from mnist_app.model import training

    run = leases.read_held(worker) or leases.claim_next(worker)
    if run is None:
        return ""
    training.train(run, worker)
    training.forget()  # takes seconds on a busy machine, and holds nobody up now
    return run.name


def _is_anybody_waiting() -> bool:
    try:
        return runs.is_anybody_waiting()
    except StorageError:
        return False
