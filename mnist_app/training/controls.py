"""What the owner of a run commands while it trains."""

import math
import time

from mnist_app.training.recorder import Recorder
from mnist_app.training.settings import BOUNDS

POLL_INTERVAL = 0.05


class Controls:
    """The commands so far, taken together: a later one overrules an earlier one."""

    def __init__(self, recorder: Recorder, learning_rate: float) -> None:
        """Nothing is commanded yet; the schedule's highest rate is `learning_rate`."""
        self._recorder = recorder
        self.learning_rate = learning_rate
        self.is_paused = False
        self.is_stopped = False

    def apply_commands(self) -> bool:
        """Take what was commanded since the last call; say whether there is another rate.

        Raises StorageError and LeaseLost.
        """
        before = self.learning_rate
        for kind, value in self._recorder.take_commands():
            if kind == "stop":
                self.is_stopped = True
            elif kind in ("pause", "continue"):
                self.is_paused = kind == "pause"
            elif kind == "learning_rate" and _is_rate(value):
                self.learning_rate = float(value or 0)
        return self.learning_rate != before

    def wait_while_paused(self, timeout: float) -> bool:
        """Wait until the run shall continue or stop; say whether `timeout` seconds were enough.

        Raises StorageError and LeaseLost.
        """
        until = time.monotonic() + timeout
        while self.is_paused and not self.is_stopped:
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_INTERVAL)
            self.apply_commands()
        return True


def _is_rate(value: float | None) -> bool:
    low, high = BOUNDS["learning_rate"]
    return value is not None and math.isfinite(value) and low <= value <= high
