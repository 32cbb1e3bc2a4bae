"""A training run is a folder: settings, state, history, snapshots, weights.

Whoever starts a run makes its folder; a trainer process takes it from the queue and writes what
happens; whoever wants to know reads. Every file is replaced whole, so a reader never sees half of
one. While a trainer works on a run it holds the run's lock: a run that says it is running and
whose lock is free was interrupted.
"""

import contextlib
import functools
import io
import json
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from mnist_app.data import datasets
from mnist_app.data.datasets import DatasetError
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.networks import card as cards
from mnist_app.networks.card import ASSETS, Card, card_file
from mnist_app.networks.registry import NETWORKS
from mnist_app.storage import home, write_whole
from mnist_app.training import settings as settings_module
from mnist_app.training.settings import Settings, SettingsError

Status = Literal[
    "queued", "running", "paused", "done", "stopped", "failed", "interrupted", "damaged"
]
# Cleaning up: ended runs beyond this many, the oldest first, and those older than this.
KEPT_RUNS = 60
KEPT_SECONDS = 30 * 24 * 3600
CLEANUP_RULE = f"The newest {KEPT_RUNS} ended runs are kept, each for 30 days after its last step."
DRAWINGS = "drawings.npz"
"""The drawings that a run learns besides MNIST."""
# Of what a network learns from a person's drawings, the share that are these drawings, varied.
DRAWN = 0.25

# Seconds: a trainer that has just ended a run holds it for a moment more.
PATIENCE = 3.0
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_NAME = 40


class RunError(Exception):
    """Something that cannot be done with a run; the message is a sentence for the person."""


@dataclass(frozen=True)
class State:
    """Where a run is."""

    status: Status
    owner: str = ""
    """Whose it is, see `ui.visitor`; empty for the command line."""
    queued_at: float = 0.0
    """Seconds since 1970; the queue's order."""
    epochs: int = 0
    """After how many epochs it ends."""
    whole_epochs: int = 0
    """How many are done and saved."""
    first_epoch: int = 0
    """Where the learning rate's schedule began: 0, or where it was told to go on."""
    seconds: float = 0.0
    """Of fitting: without pauses, and without what comes before and after it."""
    learning_rate: float = 0.0
    """The schedule's highest, as it was last set."""
    message: str = ""
    """What there is to say, for instance why it failed."""
    test_accuracy: float | None = None
    """The share of MNIST's test images, 0 to 1, once it has ended."""
    before: dict[str, float] = field(default_factory=dict)
    """Where it started from another network: how good that was, see `hand`."""
    after: dict[str, float] = field(default_factory=dict)
    """How good it is itself."""


@dataclass(frozen=True)
class Run:
    """A run as it lies in its folder."""

    name: str
    folder: Path
    settings: Settings
    state: State
    status: Status
    """Where it is; unlike its state it knows of a trainer that was killed."""

    @property
    def is_moving(self) -> bool:
        """Say whether it waits or works."""
        return self.status in ("queued", "running", "paused")

    @property
    def is_unfinished(self) -> bool:
        """Say whether it ended before its end, so that it can go on to there."""
        has_epochs_left = self.state.whole_epochs < self.state.epochs
        return self.status in ("failed", "interrupted") or (
            self.status == "stopped" and has_epochs_left
        )

    @property
    def images_an_epoch(self) -> int:
        """How many images it sees in an epoch."""
        drawn = drawings_an_epoch(self.settings) if (self.folder / DRAWINGS).exists() else 0
        return self.settings.images_an_epoch + drawn

    def belongs_to(self, owner: str) -> bool:
        """Say whether a visitor started it; the command line's runs belong to no visitor."""
        return bool(owner) and self.state.owner == owner


@dataclass
class Curve:
    """A loss and an accuracy over the images seen."""

    images: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)

    def add(self, images: int, loss: float, accuracy: float) -> None:
        """Add a point."""
        self.images.append(images)
        self.loss.append(round(loss, 5))
        self.accuracy.append(round(accuracy, 5))


@dataclass
class History:
    """What there is to draw: curves, and what the network thought of one drawing."""

    training: Curve = field(default_factory=Curve)
    validation: Curve = field(default_factory=Curve)
    rates: list[tuple[int, float]] = field(default_factory=list)
    """Images seen, and the learning rate that was set by hand there."""
    opinions: list[tuple[int, list[float]]] = field(default_factory=list)
    """Images seen, and the ten probabilities of the drawing."""
    progress: float = 0.0
    """The share of what it set out to do that is done, 0 to 1."""
    seconds_left: float = 0.0
    """How long the rest will take; 0 where nobody knows yet."""

    def add_opinion(self, images: int, probabilities: Array) -> None:
        """Add what the network thinks of the drawing now."""
        self.opinions.append((images, [round(float(p), 4) for p in probabilities]))


@dataclass(frozen=True)
class Live:
    """Pictures from inside a training."""

    kernels: Array
    """The first layer's, shape (n, rows, columns); none where it has no picture."""
    wrong: Image
    """Validation digits that it gets wrong, shape (n, 28, 28)."""
    labels: NDArray[np.uint8]
    answers: NDArray[np.uint8]
    drawing: Image
    """The drawing it was asked about, shape (28, 28)."""


NOTHING = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
NO_LIVE = Live(
    np.zeros((0, 1, 1), np.float32),
    np.zeros((0, IMAGE_SIDE, IMAGE_SIDE), np.uint8),
    np.zeros(0, np.uint8),
    np.zeros(0, np.uint8),
    NOTHING,
)


def drawings_an_epoch(settings: Settings) -> int:
    """Return how many images an epoch has that are a person's drawings, varied."""
    return round(settings.images * DRAWN / (1 - DRAWN))


def folder_of(name: str) -> Path:
    """Return where the run `name` lies. Raises RunError for what cannot be a run's name."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise RunError("A run's name consists of small letters, digits and hyphens.")
    return home() / "runs" / name


def create(
    settings: Settings, kind: str, owner: str = "", files: Mapping[str, bytes] | None = None
) -> Run:
    """Make a run called after its `kind`, with `files` by name, and put it into the queue.

    A visitor has one moving run at a time: two clicks make one run. Raises RunError for a second
    one that differs, when files of the data set are missing, and when the folder cannot be written,
    and SettingsError for settings out of bounds. Old runs are cleaned up first.
    """
    settings = settings_module.read(settings_module.as_dictionary(settings))
    try:
        datasets.require(settings.data)
    except DatasetError as error:
        raise RunError(f"{error} The page MNIST says where to get it.") from None
    with _problems_said(), _home_lock():
        clean_up()
        moving = _moving(owner)
        if moving is not None:
            if moving.settings == settings and moving.status == "queued":
                return moving
            raise RunError(_only_one(moving))
        folder = _new_folder(kind)
        state = State(
            "queued",
            owner,
            time.time(),
            epochs=settings.epochs,
            learning_rate=settings.learning_rate,
        )
        values = json.dumps(settings_module.as_dictionary(settings), indent=2)
        for name, content in ({} if files is None else files).items():
            write_whole(folder / name, content)
        write_whole(folder / "settings.json", values.encode())
        write_state(folder, state)
        return Run(folder.name, folder, settings, state, state.status)


def read(name: str) -> Run:
    """Return the run `name`. Raises RunError when there is none, or its folder is damaged."""
    folder = folder_of(name)
    if not folder.is_dir():
        raise RunError(f"There is no run {name}.")
    try:
        files = folder / "settings.json", folder / "state.json"
        settings, state = _parsed(*files, *map(_stamp, files))
        status = _status(folder, state)
        if status == "interrupted":  # or it ended between the two looks
            settings, state = _parsed(*files, *map(_stamp, files))
            status = status if state.status in ("running", "paused") else state.status
        return Run(name, folder, settings, state, status)
    except (OSError, ValueError, TypeError, KeyError, SettingsError):
        raise RunError(f"The folder of the run {name} is damaged: {folder}") from None


def every() -> list[Run]:
    """Return all runs, the newest first; a damaged one has the status "damaged"."""
    with contextlib.suppress(OSError):
        names = [path.name for path in (home() / "runs").iterdir() if _NAME.fullmatch(path.name)]
        runs = [_read_or_damaged(name) for name in names]
        return sorted(runs, key=lambda run: run.state.queued_at, reverse=True)
    return []


def queue() -> list[Run]:
    """Return the runs that wait for a trainer, the next one first."""
    return [run for run in reversed(every()) if run.state.status == "queued"]


def place_in_queue(run: Run) -> tuple[int, int]:
    """Return a run's place, 1 for the next one, and how many wait; place 0 is not in the queue."""
    names = [waiting.name for waiting in queue()]
    return (names.index(run.name) + 1 if run.name in names else 0), len(names)


def is_usable(name: str) -> bool:
    """Say whether a run has a network to answer with, whose card can be read."""
    file = card_file(name, home() / "runs" / name)
    return bool(_NAME.fullmatch(name)) and file.exists() and _is_readable(file, version(name))


def read_card(name: str) -> Card:
    """Return a network's card. Raises RunError for a name without one."""
    try:
        return cards.read_card(name, network_folder(name))
    except (OSError, ValueError, TypeError, KeyError):
        raise RunError(f"There is no network {name}.") from None


@functools.lru_cache(256)
def _is_readable(card: Path, version: int) -> bool:  # noqa: ARG001
    try:
        read_card(card.stem)
    except RunError:
        return False
    return True


def version(name: str) -> int:
    """Return a number that is another when a network is another: a run may have gone on."""
    try:
        return 0 if name in NETWORKS else card_file(name, folder_of(name)).stat().st_mtime_ns
    except OSError:
        return 0


def network_folder(name: str) -> Path:
    """Return where card and weights of a network lie, of one that ships or of a run.

    Raises RunError for what cannot be a name.
    """
    return ASSETS if name in NETWORKS else folder_of(name)


def go_on(run: Run, more_epochs: int = 0) -> None:
    """Put an ended or interrupted run into the queue again, for some more epochs.

    One that waits already stays where it is. Raises RunError while it works, when there is nothing
    left to do, and when another run of its owner waits or works.
    """
    with _problems_said(), _home_lock(), alone(run):
        state = read(run.name).state  # not the caller's, who may have looked long ago
        if state.status == "queued":
            return
        moving = _moving(state.owner, but=run.name)
        if moving is not None:
            raise RunError(_only_one(moving))
        first, epochs = state.first_epoch, state.epochs
        if more_epochs:
            first, epochs = state.whole_epochs, state.whole_epochs + more_epochs
        if state.whole_epochs >= epochs and state.status in ("done", "stopped"):
            raise RunError(
                f"{run.name} has done its {epochs} epochs. Say how many more it shall do."
            )
        changed = replace(
            state,
            status="queued",
            queued_at=time.time(),
            epochs=epochs,
            first_epoch=first,
            message="",
        )
        write_state(run.folder, changed)


def leave_queue(run: Run) -> None:
    """Take a run that waits out of the queue. Raises RunError when it works already."""
    with _problems_said(), alone(run):
        state = read(run.name).state
        if state.status == "queued":
            write_state(run.folder, replace(state, status="stopped"))


def delete(name: str) -> None:
    """Delete a run that does not work, damaged or not. Raises RunError while it works."""
    folder = folder_of(name)
    with _problems_said(), _held(folder, PATIENCE):
        shutil.rmtree(folder)
    with contextlib.suppress(OSError):
        _lock_file(folder).unlink()


def clean_up() -> None:
    """Delete old runs by the rule that CLEANUP_RULE says; damaged ones stay."""
    ended = [run for run in every() if run.status in ("done", "stopped", "failed", "interrupted")]
    for number, run in enumerate(ended):
        age = time.time() - (run.folder / "state.json").stat().st_mtime
        if number >= KEPT_RUNS or age > KEPT_SECONDS:
            with contextlib.suppress(RunError):
                delete(run.name)


def wish(run: Run, **wishes: object) -> None:
    """Tell a working trainer something: pause=True or False, stop=True, learning_rate=0.001."""
    file = run.folder / "wishes.json"
    with _problems_said():
        write_whole(file, json.dumps(read_wishes(run.folder) | wishes).encode())


def read_wishes(folder: Path) -> dict[str, Any]:
    """Return what was wished of the trainer; a damaged file wishes nothing."""
    with contextlib.suppress(OSError, ValueError):
        wishes = json.loads((folder / "wishes.json").read_text())
        return wishes if isinstance(wishes, dict) else {}
    return {}


def watch(run: Run, image: Image) -> None:
    """Ask a working trainer about a drawing, uint8 (28, 28)."""
    file = io.BytesIO()
    np.save(file, image)
    with _problems_said():
        write_whole(run.folder / "drawing.npy", file.getvalue())


def read_watched(folder: Path) -> Image:
    """Return the drawing that the trainer is asked about, uint8 (28, 28); black where none is."""
    with contextlib.suppress(OSError, ValueError, EOFError, zipfile.BadZipFile):
        image: Image = np.load(folder / "drawing.npy", allow_pickle=False)
        if image.shape == (IMAGE_SIDE, IMAGE_SIDE) and image.dtype == np.uint8:
            return image
    return NOTHING


def read_history(folder: Path) -> History:
    """Return the curves so far; none where there are none, or the file is damaged.

    Many who watch share one: change nothing in it.
    """
    file = folder / "history.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return _history(file, _stamp(file))
    return History()


def history_of(text: str) -> History:
    """Return curves written by `as_text`. Raises ValueError, TypeError or KeyError for others."""
    values = json.loads(text)
    return History(
        Curve(**values["training"]),
        Curve(**values["validation"]),
        [(int(images), float(rate)) for images, rate in values["rates"]],
        [(int(images), list(shares)) for images, shares in values["opinions"]],
        float(values["progress"]),
        float(values["seconds_left"]),
    )


def as_text(history: History) -> str:
    """Return curves as a text, JSON."""
    return json.dumps(asdict(history))


def write_history(folder: Path, history: History) -> None:
    """Write the curves. Raises OSError."""
    write_whole(folder / "history.json", as_text(history).encode())


def read_live(folder: Path) -> Live:
    """Return the newest pictures; none where there are none, or the file is damaged."""
    file = folder / "live.npz"
    try:
        return _live(file, _stamp(file))
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
        return NO_LIVE


def write_live(folder: Path, live: Live) -> None:
    """Write the newest pictures. Raises OSError."""
    write_arrays(folder / "live.npz", asdict(live))


def write_arrays(file: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by name as one npz file, replaced whole. Raises OSError."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    write_whole(file, content.getvalue())


def write_state(folder: Path, state: State) -> None:
    """Write where a run is. Raises OSError."""
    write_whole(folder / "state.json", json.dumps(asdict(state)).encode())


@contextlib.contextmanager
def alone(run: Run, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a run's lock: while a trainer does so, it is the only one that writes.

    Raises RunError when somebody else still holds it after `patience` seconds.
    """
    with _held(run.folder, patience):
        yield


def trainer_slot(number: int) -> FileLock:
    """Return the lock that the trainer process with this number, from 0 on, holds while it lives.

    Raises OSError when the folder cannot be made.
    """
    folder = home() / "trainers"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{number}.lock", timeout=0)


def free_space() -> int:
    """Return how many bytes the disk that holds the runs has left."""
    folder = home()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _lock_file(folder: Path) -> Path:
    """Return the file that is locked: beside the folder, which may be deleted meanwhile."""
    return folder.with_name(f".{folder.name}.lock")


@contextlib.contextmanager
def _held(folder: Path, patience: float) -> Iterator[None]:
    try:
        with FileLock(_lock_file(folder), timeout=patience):
            yield
    except Timeout:
        raise RunError(f"{folder.name} is being trained. Stop it first.") from None


def _status(folder: Path, state: State) -> Status:
    """Return where a run is: a trainer that was killed cannot say so itself."""
    if state.status not in ("running", "paused"):
        return state.status
    try:
        with FileLock(_lock_file(folder), timeout=0):
            return "interrupted"
    except (Timeout, OSError):
        return state.status


@contextlib.contextmanager
def _home_lock() -> Iterator[None]:
    folder = home() / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock", timeout=10):
        yield


@contextlib.contextmanager
def _problems_said() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            f"The folder {home()} cannot be used: {error.strerror or error}. Free some space or "
            "choose another folder with MNIST_APP_HOME."
        ) from error


def _new_folder(kind: str) -> Path:
    """Make a folder with a name that no other run has had, deleted ones included."""
    last = home() / "runs" / ".last"
    number = int(last.read_text()) + 1 if last.exists() else 1
    write_whole(last, str(number).encode())
    folder = folder_of(f"{kind}-{number}")
    folder.mkdir()
    return folder


def _stamp(file: Path) -> tuple[int, int]:
    """Return what is another for another file of the same name. Raises OSError."""
    facts = file.stat()
    return facts.st_mtime_ns, facts.st_ino


@functools.lru_cache(1024)
def _parsed(settings_file: Path, state_file: Path, *_: tuple[int, int]) -> tuple[Settings, State]:
    """Read what has not been read yet: pages and trainers ask for all runs again and again."""
    settings = settings_module.read(json.loads(settings_file.read_text()))
    state = State(**json.loads(state_file.read_text()))
    numbers = (state.queued_at, state.epochs, state.whole_epochs, state.first_epoch, state.seconds)
    if state.status not in get_args(Status) or not all(isinstance(n, int | float) for n in numbers):
        raise ValueError(f"{state_file}: no state")
    return settings, state


@functools.lru_cache(64)
def _history(file: Path, _: tuple[int, int]) -> History:
    return history_of(file.read_text())


@functools.lru_cache(64)
def _live(file: Path, _: tuple[int, int]) -> Live:
    with np.load(file, allow_pickle=False) as arrays:
        return Live(**arrays)


def _moving(owner: str, but: str = "") -> Run | None:
    """Return a visitor's run that waits or works; the command line may have many."""
    own = [run for run in every() if run.belongs_to(owner) and run.name != but]
    return next((run for run in own if run.is_moving), None)


def _only_one(moving: Run) -> str:
    return (
        f"Your run {moving.name} is {moving.status}. Wait for its end or stop it, then train the "
        "next one."
    )


def _read_or_damaged(name: str) -> Run:
    try:
        return read(name)
    except RunError:
        return Run(name, folder_of(name), Settings(), State("damaged"), "damaged")
