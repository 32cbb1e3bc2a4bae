"""How a command ends: whatever happens, with at most a line on standard error, and a status."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress

FAILED, INTERRUPTED, OUTPUT_CLOSED = 1, 130, 141
"""Exit statuses: for anything that goes wrong, for Ctrl+C, and where nobody reads any further."""


class OutputError(Exception):
    """Standard output takes no more."""

    def __init__(self, reason: OSError) -> None:
        """Say why, and with which status the command ends."""
        is_closed = isinstance(reason, BrokenPipeError)
        self.status = OUTPUT_CLOSED if is_closed else FAILED
        why = "it was closed" if is_closed else reason.strerror or "an error"
        super().__init__(f"Not all could be printed: {why}.")


def run_to_the_end(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; what is still to be printed is printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where it was closed
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _status_of(command)
        say("", end="")
        return status
    except KeyboardInterrupt:
        note("Interrupted.")
        return INTERRUPTED
    except OutputError as error:
        _discard_output()
        note(str(error))
        return error.status


def say(text: str, end: str = "\n") -> None:
    """Print text on standard output at once. Raises OutputError."""
    try:
        print(text, end=end, flush=True)
    except OSError as error:
        raise OutputError(error) from None


def note(text: str, end: str = "\n") -> None:
    """Print text on standard error, where that is possible."""
    with suppress(OSError):
        print(text, end=end, file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return a text without what would steer a terminal: such characters as Python writes them."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _status_of(command: Callable[[], int]) -> int:
    try:
        return command()
    except SystemExit as exit_:  # argparse's, after --help or for wrong arguments
        return exit_.code if isinstance(exit_.code, int) else 0


def _discard_output() -> None:
    """Let nothing that is still to be printed fail again as Python ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
