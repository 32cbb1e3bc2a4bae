"""A run followed on the command line: a progress bar, and the result as text or JSON."""

import json
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mnist_app import workers
from mnist_app.networks import card as cards
from mnist_app.networks import registry
from mnist_app.training import runs
from mnist_app.training.runs import History, Run

POLL_SECONDS = 0.2


def follow(run: Run, as_json: bool) -> int:
    """Wait for a run's end and print it; return 0 when it learned something, else 1.

    Ctrl+C stops the run, which keeps what it learned. Raises RunError when its folder is damaged.
    """
    console = Console(stderr=True)
    console.print(f"Run {run.name} in {run.folder}", soft_wrap=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("", total=1.0)
        while (run := runs.read(run.name)).is_moving:
            try:
                history = runs.read_history(run.folder)
                progress.update(task, description=_words(run, history), completed=history.progress)
                time.sleep(POLL_SECONDS)
                if run.status == "queued":
                    workers.start()
            except KeyboardInterrupt:
                stop(run)
        progress.update(task, description=run.name, completed=1.0)
    print(json.dumps(as_object(run)) if as_json else _result(run))
    return 0 if run.status in ("done", "stopped") and registry.exists(run.name) else 1


def stop(run: Run) -> None:
    """Stop a run that works, or take it out of the queue. Raises RunError."""
    if run.status == "queued":
        runs.leave_queue(run)
    else:
        runs.wish(run, stop=True)


def export(run: Run, folder: Path) -> None:
    """Write a run's card and weights into `folder`, called as its network, as those that ship.

    Raises OSError, and RunError where it has none.
    """
    network = run.settings.network
    folder.mkdir(parents=True, exist_ok=True)
    cards.write_card(network, asdict(registry.read_card(run.name)) | {"name": network}, folder)
    shutil.copyfile(
        run.folder / f"{run.name}.weights.h5",
        folder / f"{network}.weights.h5",
    )


def as_object(run: Run) -> dict[str, object]:
    """Return how a run ended, for JSON."""
    return {
        "run": run.name,
        "status": run.status,
        "epochs": run.state.whole_epochs,
        "seconds": round(run.state.seconds, 2),
        "test_accuracy": run.state.test_accuracy,
        "message": run.state.message,
        "folder": str(run.folder),
    }


def _words(run: Run, history: History) -> str:
    if run.status == "queued":
        place, _ = runs.place_in_queue(run)
        return f"{run.name} waits, number {place} in the queue"
    accuracy = history.validation.accuracy[-1:]
    seen = f", {100 * accuracy[0]:.1f}% right on validation images" if accuracy else ""
    return f"{run.name} {run.status}{seen}"


def _result(run: Run) -> str:
    if run.state.test_accuracy is None:
        return f"{run.name} {run.status}. {run.state.message}".strip()
    return (
        f"{run.name} {run.status} after {run.state.whole_epochs} epochs, {run.state.seconds:.1f} s "
        f"of fitting: {100 * run.state.test_accuracy:.2f}% of the test images."
    )
