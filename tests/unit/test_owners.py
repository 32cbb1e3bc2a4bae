"""All that is kept of a person: found in every table, and deleted on request, nobody else's."""

import pytest
import sqlalchemy as sa

from mnist_app import limits, storage
from mnist_app.classroom import drawings, rooms
from mnist_app.classroom.room import RoomError
from mnist_app.data import canvas_strokes
from mnist_app.storage import METADATA, owners, session_records
from mnist_app.storage.room_tables import ROOMS
from mnist_app.storage.session_records import SessionRecord
from mnist_app.training import labeled_drawings, leases, runs
from mnist_app.training.history import TRAINING, Event
from mnist_app.training.leases import LeaseLost
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import RunError
from mnist_app.training.settings import Settings
from tests.support.handwriting import canvas_strokes_of, drawn

OWNER, OTHER = "somebody", "another"
HERE = "a place"
NOBODYS = {"schema_version", "workers"}
"""Tables that know nothing of people."""

pytestmark = pytest.mark.usefixtures("store")


def keep_everything(owner: str) -> str:
    """Let somebody draw, label, train, fine-tune, open a room where another draws; its key."""
    session_records.keep([SessionRecord(owner, "a page", True, b"drawn")])
    labeled_drawings.keep(owner, drawn(4, 28), 4)
    labeled_drawings.fine_tune(owner, "cnn", HERE)
    run = leases.claim_next(f"worker of {owner}")
    assert run is not None
    recorder = Recorder(run, f"worker of {owner}")
    recorder.record([Event(TRAINING, 100, (0.5, 0.9))])
    recorder.finish("done", {"card": b"{}", "weights": b"learned", "scores": b"measured"})
    runs.leave_queue(runs.create(Settings(), "quick", owner, place=HERE).name, owner)
    room = rooms.open_room(owner, HERE, "cnn")
    strokes = canvas_strokes.read(canvas_strokes_of(7))
    drawings.vote(room.key, "b", drawings.send(room.key, "a", "1", 0, strokes), 7)
    return room.key


def rows() -> dict[str, int]:
    """How many rows each table has."""
    with storage.reading() as connection:
        return {
            table.name: connection.execute(
                sa.select(sa.func.count()).select_from(table)
            ).scalar_one()
            for table in METADATA.sorted_tables
        }


def test_all_of_one_person_goes_and_nothing_of_another() -> None:
    keep_everything(OTHER)
    alone = rows()
    key = keep_everything(OWNER)
    kept = owners.count(OWNER)
    owned = {"labeled_drawings": 1, "runs": 2, "rooms": 1, "run_starts": 2}
    owned["session_records"] = 1
    assert {name: number for name, number in kept.items() if number} == owned
    assert owners.forget(OWNER) == kept
    assert set(owners.count(OWNER).values()) == {0}
    left = {name: number - alone[name] for name, number in rows().items()}
    assert {name: number for name, number in left.items() if number} == {
        "rooms": 1,
        "run_starts": 2,
    }
    assert rooms.latest(OWNER) is None
    assert rooms.by_key(key).status == "closed"
    assert owners.count(OTHER) == kept
    assert set(owners.forget(OWNER).values()) == {0}


def test_every_table_belongs_to_somebody_or_hangs_on_one() -> None:
    """Where this fails: a new table needs an owner, a foreign key that cascades, or a reason."""
    known = {table.name for table in owners.owned()} | NOBODYS
    for table in METADATA.sorted_tables:
        hangs = any(
            key.column.table.name in known - NOBODYS and key.ondelete == "CASCADE"
            for key in table.foreign_keys
        )
        assert table.name in known or hangs, table.name
        known.add(table.name)


def test_who_deletes_all_gets_no_more_rooms_and_runs_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(limits.ROOMS_PER_ADDRESS.variable, "1")
    monkeypatch.setenv(limits.RUNS_PER_HOUR_PER_ADDRESS.variable, "2")
    keep_everything(OWNER)
    owners.forget(OWNER)
    with pytest.raises(RoomError, match="1 rooms were opened today from where you are"):
        rooms.open_room("fresh", HERE, "cnn")
    with pytest.raises(RunError, match="2 runs were started from where you are within an hour"):
        runs.create(Settings(), "quick", "fresh", place=HERE)
    rooms.open_room("fresh", "elsewhere", "cnn")
    runs.create(Settings(), "quick", "fresh", place="elsewhere")
    with storage.reading() as connection:
        assert OWNER not in connection.execute(sa.select(ROOMS.c.owner)).scalars().all()


@pytest.mark.parametrize(
    "write",
    [
        lambda recorder: recorder.record([Event(TRAINING, 100, (0.5, 0.9))]),
        lambda recorder: recorder.finish("done", {"card": b"{}"}),
        lambda recorder: recorder.set_status("paused"),
    ],
)
def test_a_worker_loses_a_run_that_is_deleted(write: object) -> None:
    """It does not try again and again, as where the store does not answer."""
    runs.create(Settings(), "quick", OWNER)
    run = leases.claim_next("worker")
    assert run is not None
    owners.forget(OWNER)
    with pytest.raises(LeaseLost):
        write(Recorder(run, "worker"))  # type: ignore[operator]
    assert runs.list_runs() == []
