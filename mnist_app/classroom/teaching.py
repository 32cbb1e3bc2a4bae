"""A network learns from a room's digits: some phones' are held apart, to see what it brought."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_app.classroom.drawings import RoomDrawing, list_drawings
from mnist_app.classroom.room import Room, RoomError, Teaching, changing
from mnist_app.data.datasets import CLASSES
from mnist_app.storage.room_tables import ROOMS
from mnist_app.training import labeled_drawings
from mnist_app.training.labeled_drawings import LabeledDrawing
from mnist_app.training.run import Run

HELD_EVERY = 3
"""Of so many phones, the drawings of one are held apart."""
NOTHING_TO_LEARN = (
    "Nobody knows so far what was drawn. Give the task “All draw a …”, or let phones vote on “Fool "
    "it”."
)


@dataclass(frozen=True)
class Change:
    """How many drawings are read right before and after, of those that no network learned from."""

    before: int
    after: int
    total: int


def teach(room: Room, who: str, place: str = "") -> Run:
    """Start a run in which the room's network learns the room's digits.

    Raises RoomError for anybody but the one who opened the room and where there is nothing to
    learn, and RunError and SettingsError as `runs.create` does.
    """
    known = [drawing for drawing in list_drawings(room, who) if _can_be_learned(drawing)]
    phones = list(dict.fromkeys(drawing.phone for drawing in known))
    held = set(phones[HELD_EVERY - 1 :: HELD_EVERY])
    learned = [_labeled(drawing) for drawing in known if drawing.phone not in held]
    if not learned:
        raise RoomError(NOTHING_TO_LEARN, "damaged")
    run = labeled_drawings.fine_tune_on(learned, who, room.network, "room", place)
    right = {str(d.number): not d.is_wrong for d in known if d.phone in held}
    teaching = {"run": run.name, "before": room.network, "held": right}
    with changing(ROOMS.c.id == room.number, who) as change:
        change.update(teaching=teaching)
    return run


def change(teaching: Teaching, drawings: Sequence[RoomDrawing]) -> Change:
    """Return what the network that reads in the room now does better, or worse."""
    held = [drawing for drawing in drawings if drawing.number in teaching.held]
    return Change(
        before=sum(teaching.held[drawing.number] for drawing in held),
        after=sum(not drawing.is_wrong for drawing in held),
        total=len(held),
    )


def _can_be_learned(drawing: RoomDrawing) -> bool:
    is_known = drawing.label in range(CLASSES) and drawing.probabilities is not None
    return is_known and not drawing.is_hidden


def _labeled(drawing: RoomDrawing) -> LabeledDrawing:
    assert drawing.label is not None
    return LabeledDrawing(drawing.number, drawing.image, drawing.label, {})
