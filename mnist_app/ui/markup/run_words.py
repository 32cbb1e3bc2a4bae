"""Where a run is, in words."""

from mnist_app.training.run import Run
from mnist_app.ui.markup.numbers import duration, exact_percent

_STATES = {
    "queued": "{} is waiting",
    "running": "{} is training",
    "paused": "{} is paused",
    "done": "{} is done",
    "stopped": "{} was stopped",
    "failed": "{} failed",
    "interrupted": "{} was interrupted",
    "damaged": "{} cannot be read",
}


def state(run: Run) -> str:
    """Return what a run does: "quick-3 is training"."""
    return _STATES[run.status].format(run.name)


def where(run: Run, number: int, waiting: int) -> str:
    """Return how far a run is; `number` of `waiting` is its place in the queue."""
    if run.status == "queued":
        return "It is next." if number == 1 else f"Number {number} of {waiting} in the queue"
    if run.status in ("running", "paused"):
        epoch = f"Epoch {min(run.completed_epochs + 1, run.epochs)} of {run.epochs}"
        if run.message:
            return f"{epoch}. {run.message} …"
        return f"{epoch}, about {duration(run.seconds_left)} left" if run.seconds_left else epoch
    if not run.completed_epochs:
        return ""
    epochs = "One epoch" if run.completed_epochs == 1 else f"{run.completed_epochs} epochs"
    fitted = f"{epochs} in {duration(run.seconds)} of fitting"
    if run.test_accuracy is None:
        return fitted
    return f"{fitted}; {exact_percent(run.test_accuracy, 2)} of the test images are right"
