"""Runs as streams of events: one reader a run looks into the store for all who watch it."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp

from mnist_app import limits, workers
from mnist_app.data.datasets import WATCHED_IMAGES
from mnist_app.imaging.image_files import as_base64
from mnist_app.storage import StorageError
from mnist_app.training import moments, runs
from mnist_app.training.history import (
    NO_SNAPSHOT,
    Curve,
    History,
    Snapshot,
    read_history,
    read_snapshot,
)
from mnist_app.training.run import Run, RunError
from mnist_app.ui import addresses, visitor
from mnist_app.ui.components.training_stage import as_moment
from mnist_app.ui.event_streams import STREAMS, Feed, event, once
from mnist_app.ui.markup import run_words
from mnist_app.workers import WorkerError

POLL_SECONDS = 0.1
"""Between two looks at a run that does not change."""
PAUSES = (0.24, 0.04, 0.04)
"""Before the first looks after a change: its worker writes four times a second."""
IDLE_SECONDS = 5.0
"""So long a run is followed after the last one who watched it has gone."""
WORKERS_SECONDS = 2.0
"""Between two looks whether the workers are there that a waiting run needs."""
KERNEL_BYTES = 8_000
"""So many bytes of kernels are sent in a second: large ones come less often."""
GONE = event("gone", {})
"""The last event of a run that does not exist."""
OWNERS = ("drawing", "probabilities")
"""What of a moment its owner alone may see."""


def path(run: str) -> str:
    """Return the path of a run's stream, from the server's root, without a slash before it."""
    return f"{addresses.base_path()}/runs/{run}/events".lstrip("/")


@dataclass(frozen=True)
class Look:
    """What there is to say of a run at one time."""

    run: Run
    state: Mapping[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=History)
    moment: Mapping[str, Any] = field(default_factory=dict)
    """As `painting.js` paints it, and OWNERS beside it."""


def look_at(name: str, trouble: str = "") -> Look:
    """Look at a run; `trouble` is a sentence that says what keeps it. Raises RunError."""
    run = runs.read(name)
    history, snapshot = read_history(run, run.owner), read_snapshot(run, run.owner)
    return Look(run, _state(run, history, trouble), history, _moment(snapshot))


def changes(before: Look | None, now: Look, *, for_owner: bool) -> dict[str, Any]:
    """Return what is new of a run, as `training_stage.js` hears it; empty where nothing is.

    Args:
        before: What was said already; None for nothing.
        now: What is known now.
        for_owner: Whether its owner hears it.
    """
    if before is None or _is_taken_back(before, now):
        return {"restart": True} | changes(Look(now.run), now, for_owner=for_owner)
    earlier, later = before.history, now.history
    said = {
        "run": _new(before.state, now.state),
        "moment": _new(before.moment, now.moment, () if for_owner else OWNERS),
        "training": _more(earlier.training, later.training),
        "validation": _more(earlier.validation, later.validation),
        "rates": later.rates[len(earlier.rates) :],
    }
    return {name: value for name, value in said.items() if value}


def _is_taken_back(before: Look, now: Look) -> bool:
    """Say whether some of what was said is no part of the run any more."""
    earlier, later = before.history, now.history
    return (
        before.run.rewinds != now.run.rewinds
        or len(earlier.training.images) > len(later.training.images)
        or len(earlier.validation.images) > len(later.validation.images)
    )


def _state(run: Run, history: History, trouble: str) -> dict[str, Any]:
    place = runs.place_in_queue(run) if run.status == "queued" else (0, 0)
    return {
        "status": "queued" if workers.goes_on(run.status) else run.status,
        "state": run_words.state(run),
        "where": run_words.where(run, *place),
        "progress": 1.0 if run.status == "done" else round(run.progress, 4),
        "rate": run.learning_rate,
        "end": max([run.images_per_epoch * run.epochs, 1, *history.validation.images[-1:]]),
        "trouble": trouble,
    }


def _moment(snapshot: Snapshot) -> dict[str, Any]:
    if snapshot is NO_SNAPSHOT:
        return {}
    shown = as_moment(moments.moment(0, snapshot), WATCHED_IMAGES)
    answer, drawing = snapshot.probabilities, snapshot.drawing
    return {
        "kernels": shown["kernels"],
        "answers": shown["answers"],
        "probabilities": answer.astype(float).round(4).tolist() if answer.any() else None,
        "drawing": as_base64(drawing.tobytes()) if drawing.any() else None,
    }


def _new(
    before: Mapping[str, Any], now: Mapping[str, Any], without: tuple[str, ...] = ()
) -> dict[str, Any]:
    unknown = object()
    return {
        name: value
        for name, value in now.items()
        if name not in without and before.get(name, unknown) != value
    }


def _more(before: Curve, now: Curve) -> dict[str, Any]:
    known = len(before.images)
    points = {"images": now.images, "loss": now.loss, "accuracy": now.accuracy}
    return {name: values[known:] for name, values in points.items() if len(values) > known}


class RunReader:
    """Looks at one run again and again for all who watch it, as long as somebody does."""

    def __init__(self, look: Look) -> None:
        """Begin with what was found at the first look."""
        self._look = look
        self._feeds = {is_own: Feed(partial(self._all, is_own)) for is_own in (True, False)}
        self._trouble = ""
        self._workers_due = self._kernels_due = 0.0

    def feed_for(self, who: str) -> Feed:
        """Return what somebody hears of the run. Raises RunError where it is another's alone."""
        if not self._look.run.is_shown_to(who):
            raise RunError(f"There is no run {self._look.run.name}.")
        return self._feeds[self._look.run.shows_drawing_to(who)]

    async def follow(self) -> None:
        """Tell what changes, until the run has ended, is deleted, or nobody watches it."""
        watched_at, unchanged = time.monotonic(), 0
        try:
            while self._is_moving() and time.monotonic() - watched_at < IDLE_SECONDS:
                await asyncio.sleep(self._pause(unchanged))
                has_changed = self._tell(await asyncio.to_thread(self._look_again))
                unchanged = 0 if has_changed else unchanged + 1
                if any(feed.listeners for feed in self._feeds.values()):
                    watched_at = time.monotonic()
        except RunError:
            for feed in self._feeds.values():
                feed.publish(GONE)
        finally:
            for feed in self._feeds.values():
                feed.end()

    def _is_moving(self) -> bool:
        run = self._look.run
        return run.is_active or workers.goes_on(run.status)

    def _pause(self, unchanged: int) -> float:
        """Return how long to wait after so many looks that found nothing new; in seconds."""
        if self._look.run.status == "running" and not self._look.moment:
            return PAUSES[-1]  # the first bars are waited for
        return PAUSES[unchanged] if unchanged < len(PAUSES) else POLL_SECONDS

    def _look_again(self) -> Look:
        """Look at the run, and see to it that there are workers where it waits for one."""
        try:
            look = look_at(self._look.run.name, self._trouble)
        except RunError as error:
            if not _is_of_store(error):
                raise
            return replace(self._look, state={**self._look.state, "trouble": str(error)})
        now = time.monotonic()
        if look.run.status == "queued" and now >= self._workers_due and limits.TRAINING.is_on():
            self._workers_due = now + WORKERS_SECONDS
            self._trouble = _keep_workers()
        if look.run.is_active and now < self._kernels_due and "kernels" in self._look.moment:
            kept = {"kernels": self._look.moment["kernels"]}
            return replace(look, moment={**look.moment, **kept})
        if kernels := look.moment.get("kernels"):
            self._kernels_due = now + len(kernels["indices"]) / KERNEL_BYTES
        return look

    def _tell(self, look: Look) -> bool:
        """Tell what is new; say whether there is anything."""
        before, self._look = self._look, look
        for is_own, feed in self._feeds.items():
            said = changes(before, look, for_owner=is_own) if feed.listeners else {}
            if said:
                feed.publish(event("run", said))
        return before != look

    def _all(self, for_owner: bool) -> bytes:
        return event("run", changes(None, self._look, for_owner=for_owner))


class RunReaders:
    """The runs that somebody watches, each with its reader."""

    def __init__(self) -> None:
        """Begin with none."""
        self._readers: dict[str, RunReader] = {}
        self._following: set[asyncio.Task[None]] = set()
        self._looking = asyncio.Lock()

    async def answer(self, request: Request) -> ASGIApp:
        """Answer with the stream of a run, as far as this visitor may see it."""
        try:
            reader = await self._reader_of(request.path_params["name"])
            feed = reader.feed_for(visitor.owner_by(request.cookies))
        except RunError as error:
            said = {"run": {"trouble": str(error)}}
            return once(event("run", said) if _is_of_store(error) else GONE)
        return STREAMS.answer(request, feed)

    async def _reader_of(self, name: str) -> RunReader:
        """Return who reads a run, a new one where nobody does. Raises RunError."""
        async with self._looking:  # who comes meanwhile need not look, too
            if name not in self._readers:
                self._follow(name, RunReader(await asyncio.to_thread(look_at, name)))
            return self._readers[name]

    def _follow(self, name: str, reader: RunReader) -> None:
        async def follow() -> None:
            try:
                await reader.follow()
            finally:
                del self._readers[name]

        self._readers[name] = reader
        following = asyncio.create_task(follow())
        self._following.add(following)
        following.add_done_callback(self._following.discard)


def _keep_workers() -> str:
    """Start workers that are missing; return the sentence that says why that is not possible."""
    try:
        workers.start()
    except (StorageError, WorkerError) as error:
        return f"Nothing can be trained now. {error}"
    if workers.is_nobody_there():
        return "No worker is there at the moment. The run waits until one starts."
    return ""


def _is_of_store(error: RunError) -> bool:
    """Say whether the store did not answer, so that nothing is known of the run."""
    return isinstance(error.__cause__, StorageError)


READERS = RunReaders()
