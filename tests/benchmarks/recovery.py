"""How long visitors are without an answer after each fault of the model process.

python -m tests.benchmarks.recovery
"""

import os
import platform
import resource
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mnist_app.data import datasets
from mnist_app.inference import Inference, Pending, Refused
from tests.benchmarks.draw import processor

ROUNDS = 3
# Seconds for which a cause lasts before it ends.
CAUSE = 4.0
ONE = datasets.load_test().images[:1]


def main() -> None:
    """Print a row for each fault."""
    inference = Inference()
    faults: dict[str, Callable[[Inference], float]] = {
        "started for the first time": _stop,
        "killed": lambda asked: _signal(asked, signal.SIGKILL),
        "stopped": lambda asked: _signal(asked, signal.SIGSTOP),
        f"no descriptors for {CAUSE:g} s": lambda asked: _without(asked, resource.RLIMIT_NOFILE),
        f"no memory for {CAUSE:g} s": lambda asked: _without(asked, resource.RLIMIT_AS),
    }
    print(f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(
        "| the model process is | answers again, median / worst of 3 | longest wait of a stroke |"
    )
    print("|---|---|---|")
    for name, fault in faults.items():
        inference.process_id()
        rounds = [_measure(inference, fault) for _ in range(ROUNDS)]
        seconds, waits = zip(*rounds, strict=True)
        print(
            f"| {name} | {statistics.median(seconds):.1f} / {max(seconds):.1f} s "
            f"| {max(waits):.1f} s |"
        )
    inference.stop()


def _measure(inference: Inference, fault: Callable[[Inference], float]) -> tuple[float, float]:
    """Return the seconds from the cause's end to an answer, and the longest that a stroke took."""
    ended, longest = fault(inference), 0.0
    while True:
        asked = time.monotonic()
        answer = inference.predictions(ONE, ["cnn"])
        longest = max(longest, time.monotonic() - asked)
        if not isinstance(answer, Pending | Refused):
            return time.monotonic() - ended, longest
        time.sleep(0.02)


def _stop(inference: Inference) -> float:
    inference.stop()
    return time.monotonic()


def _signal(inference: Inference, number: int) -> float:
    os.kill(inference.process_id(), number)
    return time.monotonic()


def _without(inference: Inference, what: int) -> float:
    """Let the process die and no other start for a while; return when that ended."""
    process = inference.process_id()
    with _limit(what):
        os.kill(process, signal.SIGKILL)
        time.sleep(CAUSE)
    return time.monotonic()


@contextmanager
def _limit(what: int) -> Iterator[None]:
    """Leave this process no descriptor, or memory for itself but not for TensorFlow."""
    usual, most = resource.getrlimit(what)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    lowest = os.dup(0)
    os.close(lowest)
    least = lowest if what == resource.RLIMIT_NOFILE else pages * resource.getpagesize() + 2**28
    resource.setrlimit(what, (least, most))
    try:
        yield
    finally:
        resource.setrlimit(what, (usual, most))


if __name__ == "__main__":
    main()
