"""Codes of rooms, and how many wrong ones may be tried.

A code has four letters that nobody confuses, and no vowels, so that no word comes of them: there
are 130,321. Who scans the QR code brings the room's key instead, and is never held up by those who
guess.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from mnist_app import limits

LETTERS = "BCDFGHJKLMNPRSTVWXZ"
LENGTH = 4
WINDOW_SECONDS = 600.0
"""For how long wrong codes are counted."""
TOO_MANY = "Too many wrong codes were tried. Scan the QR code, or try again in ten minutes."


def new_code() -> str:
    """Return a code at random."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def new_key() -> str:
    """Return what opens a room without its code."""
    return secrets.token_hex(8)


def read_code(text: str) -> str | None:
    """Return the code that somebody typed; None for what is none."""
    code = text.strip().upper()
    return code if len(code) == LENGTH and set(code) <= set(LETTERS) else None


@dataclass
class Guesses:
    """Who tried wrong codes lately. To be used from one thread."""

    clock: Callable[[], float] = time.monotonic
    _wrong: Counter[str] = field(default_factory=Counter)
    _began: float = float("-inf")

    def may_try(self, address: str) -> bool:
        """Say whether a code from this address is looked at."""
        if self.clock() - self._began > WINDOW_SECONDS:
            self._wrong.clear()
            self._began = self.clock()
        return (
            self._wrong[address] < limits.WRONG_CODES.value()
            and self._wrong.total() < limits.WRONG_CODES_IN_ALL.value()
        )

    def note_wrong(self, address: str) -> None:
        """Count a code as wrong; `forgive` takes that back."""
        self._wrong[address] += 1

    def forgive(self, address: str) -> None:
        """Take back what was counted for a code that turned out to be right."""
        self._wrong[address] = max(0, self._wrong[address] - 1)
