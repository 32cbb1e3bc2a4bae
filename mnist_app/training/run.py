"""What a run is: a row of the store as a value, and the query that reads it."""

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from mnist_app.storage import RUNS, Now
from mnist_app.training import settings as settings_module
from mnist_app.training.settings import Settings, SettingsError

Status = Literal[
    "queued", "running", "paused", "done", "stopped", "failed", "interrupted", "damaged"
]
ACTIVE: tuple[Status, ...] = ("queued", "running", "paused")
OPERATOR = "operator"
"""Who asks from the command line of this machine: may change every run."""
DRAWN_SHARE = 0.25
"""Of what a network learns from a person's drawings, the share that are these drawings."""
LEASE_SECONDS = 10.0
"""How long a worker holds what it took, see `leases`, unless it renews it."""
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME = 40


class RunError(Exception):
    """Something that cannot be done with a run; the message is a sentence for the person."""


@dataclass(frozen=True)
class Run:
    """A run as it is in the store."""

    number: int
    """Unique in the store; no later run has it again."""
    name: str
    owner: str
    """Whose it is: a visitor (see `ui.components.visitor`), or the OPERATOR."""
    settings: Settings
    status: Status
    """Where it is. "interrupted": it trains, but its worker has not renewed its lease."""
    queued_at: float
    """Seconds since 1970; the queue's order."""
    epochs: int
    """After how many epochs it ends."""
    completed_epochs: int = 0
    """How many are done and saved."""
    first_epoch: int = 0
    """Where the learning rate's schedule began: 0, or where the run was resumed for more."""
    seconds: float = 0.0
    """Of fitting: without pauses, and without what comes before and after it."""
    learning_rate: float = 0.0
    """The schedule's highest, as it was last set."""
    message: str = ""
    """What there is to say, for instance why it failed."""
    test_accuracy: float | None = None
    """The share of the test images that it gets right, 0 to 1, once it has ended."""
    before: Mapping[str, float] = field(default_factory=dict)
    """Where it started from another network: how good that was, by "mnist" and "drawings"."""
    after: Mapping[str, float] = field(default_factory=dict)
    """How good it is itself."""
    has_drawings: bool = False
    """Whether it also learns a person's drawings."""
    progress: float = 0.0
    """The share of what it set out to do that is done, 0 to 1."""
    seconds_left: float = 0.0
    """How long the rest will take; 0 where nobody knows yet."""
    last_event: int = 0
    """The number of its newest event; see `history`."""
    rewinds: int = 0
    """How often it went back to a checkpoint, which takes back the events after it."""
    snapshots: int = 0
    """How many snapshots were taken; the newest is kept."""

    @property
    def is_active(self) -> bool:
        """Say whether it waits or works."""
        return self.status in ACTIVE

    @property
    def is_unfinished(self) -> bool:
        """Say whether it ended before its end, so that it can be resumed to there."""
        has_epochs_left = self.completed_epochs < self.epochs
        return self.status in ("failed", "interrupted") or (
            self.status == "stopped" and has_epochs_left
        )

    @property
    def images_per_epoch(self) -> int:
        """How many images it sees in an epoch."""
        drawn = drawings_per_epoch(self.settings) if self.has_drawings else 0
        return self.settings.images_per_epoch + drawn

    def belongs_to(self, visitor: str) -> bool:
        """Say whether a visitor started it."""
        return bool(visitor) and self.owner == visitor

    def shows_drawing_to(self, who: str) -> bool:
        """Say whether somebody may see the drawing that it is asked about: its owner alone."""
        return self.belongs_to(who)

    def is_shown_to(self, who: str) -> bool:
        """Say whether somebody may see it and use its network.

        What a network learned from a person's drawings is in its weights: it is that person's
        alone.
        """
        return not self.has_drawings or self.may_be_changed_by(who)

    def may_be_changed_by(self, who: str) -> bool:
        """Say whether somebody may steer, resume and delete it."""
        return who == OPERATOR or self.belongs_to(who)


def drawings_per_epoch(settings: Settings) -> int:
    """Return how many images an epoch has that are a person's drawings, augmented."""
    return round(settings.images * DRAWN_SHARE / (1 - DRAWN_SHARE))


def is_live(until: sa.ColumnElement[float], seconds: float) -> sa.ColumnElement[bool]:
    """Say in a query whether a lease that is given for some seconds lasts.

    One that ends later than any that is given now was given before the clock was set back.
    """
    return until.between(Now(), Now() + 2 * seconds)


def active_status() -> sa.ColumnElement[str]:
    """Return the status as a query sees it: without a live lease nobody trains any more."""
    is_held = is_live(RUNS.c.lease_until, LEASE_SECONDS)
    is_lost = sa.and_(RUNS.c.status.in_(("running", "paused")), sa.not_(is_held))
    return sa.case((is_lost, "interrupted"), else_=RUNS.c.status)


_WHOLE = ("epochs", "completed_epochs", "first_epoch", "last_event", "rewinds", "snapshots")
_REAL = ("queued_at", "seconds", "learning_rate", "progress", "seconds_left")
_OTHERS = ("name", "owner", "settings", "message", "test_accuracy", "before", "after")
SELECTED = sa.select(
    active_status().label("status"),
    RUNS.c.id.label("number"),
    RUNS.c.has_drawings,
    *(RUNS.c[name] for name in (*_WHOLE, *_REAL, *_OTHERS)),
)

_BY_NAME = SELECTED.where(RUNS.c.name == sa.bindparam("wanted"))


@functools.lru_cache(1024)
def _settings(items: tuple[tuple[str, object], ...]) -> Settings:
    """Check what has not been checked yet: pages ask for the same runs again and again."""
    return settings_module.read(dict(items))


def run_of(row: sa.RowMapping) -> Run:
    """Return a row as a run; one that nobody can read is damaged and nothing else."""
    values: dict[str, Any] = dict(row)
    try:
        values["settings"] = _settings(settings_module.known_items(values["settings"]))
    except (SettingsError, AttributeError, TypeError, ValueError):
        return _damaged(values)
    return Run(**values) if _is_sound(values) else _damaged(values)


def _is_sound(values: Mapping[str, Any]) -> bool:
    """Say whether a row has what this program writes; SQLite keeps anything in any column."""
    accuracy, after = values["test_accuracy"], values["after"]
    return (
        values["status"] in get_args(Status)
        and all(isinstance(values[name], str) for name in ("name", "owner", "message"))
        and is_name(values["name"])
        and isinstance(values["has_drawings"], bool)
        and all(_is_number(values[name], int) for name in _WHOLE)
        and all(_is_number(values[name]) for name in _REAL)
        and (accuracy is None or _is_number(accuracy))
        and all(_are_shares(values[name]) for name in ("before", "after"))
        and (not after or set(after) == set(values["before"]) == {"mnist", "drawings"})
    )


def _are_shares(values: object) -> bool:
    return isinstance(values, dict) and all(map(_is_number, values.values()))


def _is_number(value: object, kind: type[int] | type[float] = float) -> bool:
    """Say whether a value is a number of this kind, finite and not negative."""
    is_kind = isinstance(value, (int, kind)) and not isinstance(value, bool)
    return is_kind and 0 <= float(str(value)) < math.inf


def _damaged(values: Mapping[str, Any]) -> Run:
    """Return what is certain of a row that nobody can read."""
    number, name = int(values["number"]), values["name"]
    return Run(
        number,
        name if isinstance(name, str) and is_name(name) else f"damaged-{number}",
        str(values["owner"]),
        Settings(),
        "damaged",
        queued_at=0.0,
        epochs=0,
        has_drawings=values["has_drawings"] is not False,
    )


def is_name(text: str) -> bool:
    """Say whether a text is a name that a run may have."""
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def read_run(connection: Connection, name: str) -> Run:
    """Return the run `name`. Raises RunError when there is none."""
    if not is_name(name):
        raise RunError("A run's name consists of lowercase letters, digits and hyphens.")
    row = connection.execute(_BY_NAME, {"wanted": name}).mappings().one_or_none()
    if row is None:
        raise RunError(f"There is no run {name}.")
    return run_of(row)
