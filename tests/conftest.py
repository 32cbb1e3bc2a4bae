"""For all tests."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

from mnist_app import storage
from mnist_app.inference import Inference
from mnist_app.ui import resources

# Other tests run beside on the same cores: how long an example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files come first, so that no worker is left alone with one at the end."""
    items.sort(
        key=lambda item: (
            not item.nodeid.startswith(("tests/processes/test_training.py", "tests/browser"))
        )
    )


@pytest.fixture(scope="session", autouse=True)
def home() -> Iterator[Path]:
    """A folder of its own for runs and drawings; trainers that work there end with the tests."""
    with tempfile.TemporaryDirectory(prefix="mnist-lab-tests-") as folder:
        os.environ["MNIST_APP_HOME"] = folder
        yield Path(folder)
        end_trainers()


@pytest.fixture(scope="session")
def door() -> Inference:
    """The model process that pages without a browser ask, too. Do it no harm."""
    return resources.engine()


def trainer_processes() -> list[psutil.Process]:
    """Return the trainers that work in this folder, also those that still import TensorFlow."""
    found = []
    for process in psutil.process_iter():
        try:
            is_trainer = "mnist_app.workers" in process.cmdline()
            if is_trainer and process.environ().get("MNIST_APP_HOME") == str(storage.home()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end_trainers() -> None:
    kill([child for one in trainer_processes() for child in (one, *one.children(True))])


def kill(processes: list[psutil.Process]) -> None:
    """Kill them and wait until none runs.

    One stays a zombie until its parent, perhaps a server of other tests, has asked for it.
    """
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    for _ in range(100):
        if not any(is_alive(process) for process in processes):
            return
        time.sleep(0.1)
    raise AssertionError(f"Still running ten seconds after they were killed: {processes}")


def is_alive(process: psutil.Process) -> bool:
    """Say whether it runs: a zombie does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
