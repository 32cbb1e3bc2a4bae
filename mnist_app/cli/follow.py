"""A run followed on the command line: a progress bar, and its result as text or JSON."""

import json
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mnist_app import storage, workers
from mnist_app.cli.ending import note, say
from mnist_app.networks import registry
from mnist_app.networks.card import card_text
from mnist_app.training import history, runs
from mnist_app.training.run import OPERATOR, Run, RunError

POLL_INTERVAL = 0.2


def follow(run: Run, as_json: bool) -> tuple[Run, bool]:
    """Have a run trained, wait until it has ended and print the result.

    Return the run as it ended, and whether Ctrl+C stopped it, which keeps what it has learned.
    Pressed twice it stops waiting, too. Raises RunError when the run was deleted.
    """
    was_interrupted = False
    try:
        workers.start()
        if workers.is_nobody_there():
            note("This machine has no workers. The run waits for one elsewhere.")
        note(f"Run {run.name}")
        run = _wait(run)
    except KeyboardInterrupt:
        was_interrupted = True
        with suppress(RunError):  # it has just ended
            stop(runs.read(run.name))
        run = _wait(run)
    say(json.dumps(_as_object(run)) if as_json else _result(run))
    return run, was_interrupted


def _wait(run: Run) -> Run:
    """Wait until a run has ended, and return it as it is then."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    is_hidden = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=is_hidden) as progress:
        task = progress.add_task("", total=1.0)
        while (run := runs.read(run.name)).is_active or workers.goes_on(run.status):
            progress.update(task, description=_describe(run), completed=run.progress)
            time.sleep(POLL_INTERVAL)
            if run.status == "queued":
                workers.start()
        progress.update(task, description=run.name, completed=1.0)
    return run


def stop(run: Run) -> None:
    """Stop a run that is being trained, or take it out of the queue. Raises RunError."""
    if run.status == "queued":
        runs.leave_queue(run.name, OPERATOR)
    else:
        runs.send_command(run.name, OPERATOR, "stop")


def export(run: Run, folder: Path) -> None:
    """Write a run's card and weights into `folder`, named as its architecture, as those that ship.

    Raises OSError, and NetworkError when the run has no network.
    """
    network = run.settings.network
    folder.mkdir(parents=True, exist_ok=True)
    card = replace(registry.read_card(run.name), name=network)
    storage.write_whole(folder / f"{network}.json", card_text(card).encode())
    with registry.weights_file(run.name) as weights:
        shutil.copyfile(weights, folder / f"{network}.weights.h5")
    floats = registry.read_artifact(run.name, "floats")
    if floats is not None:
        storage.write_whole(folder / f"{network}.weights.f32", floats)


def _as_object(run: Run) -> dict[str, object]:
    return {
        "run": run.name,
        "status": run.status,
        "epochs": run.completed_epochs,
        "seconds": round(run.seconds, 2),
        "test_accuracy": run.test_accuracy,
        "message": run.message,
    }


def _describe(run: Run) -> str:
    if run.status == "queued":
        place, waiting = runs.place_in_queue(run)
        return f"{run.name} queued, {place} of {waiting}"
    accuracy = history.read_history(run, OPERATOR).validation.accuracy[-1:]
    seen = f", {100 * accuracy[0]:.1f}% right on validation images" if accuracy else ""
    return f"{run.name} {run.status}{seen}"


def _result(run: Run) -> str:
    if run.test_accuracy is None:
        return f"{run.name} {run.status}. {run.message}".strip()
    after = f"{run.seconds:.1f} s of fitting"
    if run.completed_epochs:
        epochs = "1 epoch" if run.completed_epochs == 1 else f"{run.completed_epochs} epochs"
        after = f"{epochs} and {after}"
    right = f"{100 * run.test_accuracy:.2f}% of the test images are right."
    return f"{run.name} {run.status} after {after}: {right} {run.message}".strip()
