"""One model process, from its start to its end, and the pipes to it."""

import fcntl
import os
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from mnist_app.networks.questions import Failure

LaneName = Literal["strokes", "background"]
ROOT = Path(__file__).parents[2]
# Descriptors 0 to 2 mean something to everybody; where one was closed, a pipe could get its number.
FIRST_DESCRIPTOR = 3
BEAT = b"."


@dataclass
class Pipe:
    """The way to one lane of a process: a question, then its answer, then the next question."""

    connection: Connection
    due: int | None = None
    """The tick at which the process must have answered; None where it owes nothing."""
    late: int = 0
    """The tick from which on nobody waits for the answer any longer."""
    _is_reading: bool = False

    def send(self, question: object, late: int, due: int) -> None:
        """Send a question, whose answer is owed from then on. Raises OSError without a reader."""
        self.late, self.due = late, due
        self.connection.send(question)

    def receive(self, due: int) -> Any:  # noqa: ANN401  # what the question says
        """Return the answer, which must be whole by the tick `due`.

        Raises EOFError or OSError when the process ends first.
        """
        self.due, self._is_reading = due, True
        try:
            answer = self.connection.recv()
            self.due = None
        finally:
            self._is_reading = False
        return answer

    def is_late(self, tick: int) -> bool:
        """Say whether an answer is owed that nobody waits for any longer."""
        return self.due is not None and tick >= self.late and not self._has_word()

    def is_overdue(self, tick: int) -> bool:
        """Say whether an answer is owed for too long, or only a part of it came."""
        due = self.due
        return due is not None and tick > due and (self._is_reading or not self._has_word())

    def _has_word(self) -> bool:
        try:
            return self.connection.poll()
        except OSError:
            return False


class ModelProcess:
    """A process and a pipe to it for each lane, and one for its beat.

    Its time is counted in ticks, which its supervisor makes: a machine that slept, or a page
    process that was held up, lets nobody age.
    """

    def __init__(self) -> None:
        """Start it. Raises OSError where there is no descriptor, memory or process left for it."""
        with ExitStack() as far_ends, ExitStack() as ends:
            beat, strokes, background = (_pipe(ends, far_ends) for _ in range(3))
            far = [connection.fileno() for _, connection in (beat, strokes, background)]
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __package__, *map(str, far)],
                pass_fds=far,
                env=os.environ | {"PYTHONPATH": _search_path()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if sys.stderr else subprocess.DEVNULL,
                process_group=0,  # Ctrl+C ends the server, which ends this process
            )
            ends.pop_all()
        self.pid: int = self._process.pid
        self.pipes: dict[LaneName, Pipe] = {
            "strokes": Pipe(strokes[0]),
            "background": Pipe(background[0]),
        }
        self.is_warm = False
        self.overdue: LaneName | None = None
        """The lane that did not answer in time, which is why the process was ended."""
        self.ticks = 0
        self._beat = beat[0]
        self._last_beat = 0
        self._is_asked_to_beat = False

    def look_for_first_word(self) -> Failure | None:
        """Note that it is warm once it has said so; return why it never will be.

        Raises EOFError or OSError when it has died.
        """
        connection = self.pipes["strokes"].connection
        if self.is_warm or not connection.poll():
            return None
        failure: Failure | None = connection.recv()
        self.is_warm = failure is None
        return failure

    def tick(self) -> None:
        """Let it age by a tick, and see whether it still beats.

        Raises EOFError or OSError when it has died.
        """
        self.ticks += 1
        if self._beat.poll():
            self._beat.recv_bytes()
            self._last_beat = self.ticks
            self._is_asked_to_beat = False
        if not self._is_asked_to_beat:
            self._beat.send_bytes(BEAT)
            self._is_asked_to_beat = True
        for name, pipe in self.pipes.items():
            if pipe.is_overdue(self.ticks):
                self.overdue = name

    def silent_ticks(self) -> int:
        """Return for how many ticks nothing has come from it: it was stopped, or it hangs."""
        return self.ticks - self._last_beat

    def kill(self) -> None:
        """End it, whatever state it is in. Who waits for an answer of its finds the pipe closed."""
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # then it is reaped later
            self._process.wait(timeout=1)


def _pipe(ends: ExitStack, far_ends: ExitStack) -> tuple[Connection, Connection]:
    """Return the two ends of a new pipe, each closed with its stack. Raises OSError."""
    near, far = socket.socketpair()
    with near, far:
        return ends.enter_context(_connection(near)), far_ends.enter_context(_connection(far))


def _connection(end: socket.socket) -> Connection:
    return Connection(fcntl.fcntl(end.fileno(), fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR))


def _search_path() -> str:
    """Return where the process finds this package, whatever folder it starts in."""
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
