"""Faults at each step of the model process's life: real limits, real signals, real silence."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from mnist_app.inference import InferenceError, supervisor
from mnist_app.inference.process import ModelProcess
from mnist_app.inference.supervisor import CANNOT_START, Supervisor
from tests.support.serving import ROOT

# Seconds. On a quiet machine a start takes three; other tests run beside.
RECOVERY = 60.0


@pytest.fixture
def keeper() -> Iterator[Supervisor]:
    own = Supervisor()
    yield own
    own.stop()


def wait_for_another(keeper: Supervisor, old: ModelProcess | None) -> ModelProcess:
    for _ in range(500):
        process = keeper.current()
        if process is not None and process is not old:
            return process
        time.sleep(0.02)
    raise AssertionError("No process was started within ten seconds.")


def test_a_start_that_fails_anywhere_is_tried_again(
    keeper: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at once, killed while it loads, and stopped before it says a word."""
    monkeypatch.setattr(supervisor, "SILENT_TICKS_AT_START", 4)
    keeper.start()
    process = wait_for_another(keeper, None)
    for fault, moment in ((signal.SIGKILL, 0), (signal.SIGKILL, 0.7), (signal.SIGSTOP, 0.0)):
        assert keeper.warm_process() is None, "It was said too early that it cannot start."
        time.sleep(moment)
        os.kill(process.pid, fault)
        failed, process = process, wait_for_another(keeper, process)
        assert not psutil.pid_exists(failed.pid)
    with pytest.raises(InferenceError, match=CANNOT_START):
        keeper.warm_process()
    monkeypatch.undo()
    for _ in range(int(RECOVERY / 0.1)):
        time.sleep(0.1)
        if process.is_warm:
            break
    assert keeper.warm_process() is process


UNSTARTABLE = """
import os, resource, time
import numpy
from mnist_app.inference import Inference, InferenceError, Pending, Refused

def limit(what, most):
    resource.setrlimit(what, (most, resource.getrlimit(what)[1]))

def trouble():
    while True:
        answer = inference.predictions(image, ["cnn"])
        if isinstance(answer, Refused):
            return answer.reason
        time.sleep(0.05)

def descriptors():
    return len(os.listdir("/proc/self/fd"))

inference, image = Inference(), numpy.zeros((1, 28, 28), "uint8")
print(inference.process_id())
before, lowest = descriptors(), os.dup(0)
os.close(lowest)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
usual = {what: resource.getrlimit(what)[0] for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS)}

limit(resource.RLIMIT_NOFILE, lowest + 1)
os.kill(inference.process_id(), 9)
print(trouble())
limit(resource.RLIMIT_AS, size + 2**28)
limit(resource.RLIMIT_NOFILE, usual[resource.RLIMIT_NOFILE])
time.sleep(2)
print(trouble())
limit(resource.RLIMIT_FSIZE, 0)  # as on a full disk, which does no harm
limit(resource.RLIMIT_AS, usual[resource.RLIMIT_AS])
ended = time.monotonic()
while isinstance(inference.predictions(image, ["cnn"]), Pending | Refused):
    time.sleep(0.05)
print(time.monotonic() - ended)
print(descriptors() - before)
inference.stop()
"""


def test_without_descriptors_memory_or_disk_it_comes_back() -> None:
    result = subprocess.run(
        [sys.executable, "-c", UNSTARTABLE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    first, descriptors, memory, seconds, left_open = result.stdout.splitlines()
    assert int(first) > 1, result.stderr
    assert descriptors == CANNOT_START
    assert memory == CANNOT_START or memory.startswith("The network could not be loaded (")
    assert float(seconds) < RECOVERY, "On a quiet machine it takes 4 s."
    assert int(left_open) == 0


def test_closed_standard_output_and_error_harm_nobody() -> None:
    """No pipe of ours gets their numbers, and no signal reaches whoever is in the group."""
    program = (
        "import numpy, os\n"
        "from mnist_app.inference import Inference\n"
        "inference = Inference()\n"
        "right = inference.probabilities(numpy.zeros((1, 28, 28), 'uint8')).shape == (1, 10)\n"
        "inference.stop()\n"
        "os._exit(42 if right else 1)\n"
    )
    command = ["sh", "-c", 'exec "$0" -c "$1" >&- 2>&-', sys.executable, program]
    assert subprocess.run(command, cwd=ROOT, check=False, start_new_session=True).returncode == 42
