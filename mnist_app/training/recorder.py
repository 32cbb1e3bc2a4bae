"""What a worker writes of the run that it trains: events, snapshots, checkpoints, its end."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np
import sqlalchemy as sa

from mnist_app import storage
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.storage import COMMANDS, EVENTS, RUNS, SNAPSHOTS, Now, StorageError
from mnist_app.training import moments as moments_module
from mnist_app.training.checkpoint import Checkpoint, read_checkpoint
from mnist_app.training.history import NO_DRAWING, Event, Snapshot, snapshot_bytes
from mnist_app.training.leases import update_held
from mnist_app.training.moments import Moment
from mnist_app.training.run import Run, Status


class Recorder:
    """The run that one worker holds.

    Each method is one transaction and raises StorageError, and LeaseLost where the run was taken
    away meanwhile.
    """

    def __init__(self, run: Run, worker: str) -> None:
        """Write under the lease that `worker` has of `run`."""
        self._run = run
        self._worker = worker
        self._last_event = run.last_event

    @property
    def last_event(self) -> int:
        """The number of the newest event that was written."""
        return self._last_event

    def record(
        self,
        events: Sequence[Event],
        moments: Sequence[Moment] = (),
        snapshot: Snapshot | None = None,
        **values: object,
    ) -> None:
        """Add events and moments, and change columns of the run beside them.

        A snapshot takes the place of the last one.
        """
        with storage.writing() as connection:
            update_held(connection, self._run, self._worker, {})  # it may be deleted by now
            if events:
                rows = [
                    {
                        "run_id": self._run.number,
                        "kind": event.kind,
                        "images": event.images,
                        "numbers": list(event.numbers),
                    }
                    for event in events
                ]
                insert = EVENTS.insert().returning(EVENTS.c.id, sort_by_parameter_order=True)
                values["last_event"] = connection.execute(insert, rows).scalars().all()[-1]
            if snapshot is not None:
                key = {"run_id": self._run.number}
                storage.upsert(connection, SNAPSHOTS, key, {"content": snapshot_bytes(snapshot)})
                values["snapshots"] = RUNS.c.snapshots + 1
            if moments:
                moments_module.keep(connection, self._run, moments)
            update_held(connection, self._run, self._worker, values)
        self._last_event = int(str(values.get("last_event", self._last_event)))

    def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint in the place of the last one, and where the run stands with it."""
        with storage.writing() as connection:
            reached = {
                "completed_epochs": checkpoint.completed_epochs,
                "seconds": checkpoint.seconds,
                "changed_at": Now(),
            }
            update_held(connection, self._run, self._worker, reached)
            storage.put_artifact(connection, self._run.name, "checkpoint", checkpoint.to_bytes())

    def go_back(self) -> Checkpoint | None:
        """Return the last checkpoint, None for none, and take back what was written after it.

        Raises CheckpointError for one that cannot be read.
        """
        content = storage.read_artifact(self._run.name, "checkpoint")
        checkpoint = None if content is None else read_checkpoint(content)
        last = 0 if checkpoint is None else checkpoint.last_event
        if last < self._last_event:
            later = sa.and_(EVENTS.c.run_id == self._run.number, EVENTS.c.id > last)
            with storage.writing() as connection:
                connection.execute(EVENTS.delete().where(later))
                seen = -1 if checkpoint is None else checkpoint.images_seen
                moments_module.drop_after(connection, self._run, seen)
                back = {"last_event": last, "rewinds": RUNS.c.rewinds + 1}
                update_held(connection, self._run, self._worker, back)
            self._last_event = last
        return checkpoint

    def drawings(self) -> bytes | None:
        """Return the labeled drawings that the run also learns; None where there are none."""
        return storage.read_artifact(self._run.name, "drawings")

    def strokes(self) -> bytes | None:
        """Return people's strokes that the run writes anew; None where there are none."""
        return storage.read_artifact(self._run.name, "strokes")

    def watched_drawing(self) -> Image:
        """Return the drawing that the run is asked about, uint8 (28, 28); black where none is."""
        query = sa.select(RUNS.c.watched).where(RUNS.c.id == self._run.number)
        with storage.reading() as connection:
            content = connection.execute(query).scalar()
        if content is None or len(content) != IMAGE_SIDE**2:
            return NO_DRAWING
        return np.frombuffer(content, np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)

    def take_commands(self) -> list[tuple[str, float | None]]:
        """Return what was commanded since the last call, the oldest first: kind and value.

        Each command is returned once; asking costs no lock where there is none.
        """
        waiting = sa.and_(COMMANDS.c.run_id == self._run.number, COMMANDS.c.applied_at.is_(None))
        query = sa.select(COMMANDS.c.id, COMMANDS.c.kind, COMMANDS.c.value).where(waiting)
        with storage.reading() as connection:
            found = connection.execute(query.order_by(COMMANDS.c.id)).all()
        if not found:
            return []
        with storage.writing() as connection:
            update_held(connection, self._run, self._worker, {})
            numbers = [command.id for command in found]
            connection.execute(
                COMMANDS.update().where(COMMANDS.c.id.in_(numbers)).values(applied_at=Now())
            )
        return [(command.kind, command.value) for command in found]

    def set_status(self, status: Status) -> None:
        """Say where the run is."""
        self.record([], status=status, changed_at=Now())

    def requeue(self) -> None:
        """Put the run at the end of the queue: its checkpoint has all there is."""
        self.record([], status="queued", queued_at=Now(), changed_at=Now(), worker=None)

    def finish(self, status: Status, artifacts: Mapping[str, bytes], **values: object) -> None:
        """End the run with its network: card, weights and state change together."""
        with storage.writing() as connection:
            ended = {"status": status, "changed_at": Now(), "worker": None}
            update_held(connection, self._run, self._worker, ended | values)
            for kind, content in artifacts.items():
                storage.put_artifact(connection, self._run.name, kind, content)

    def fail(self, message: str) -> bool:
        """End the run without a network; say whether that could be written."""
        with suppress(StorageError):
            self.finish("failed", {}, message=message)
            return True
        return False
