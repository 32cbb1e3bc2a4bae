"""Processes that tests look for and kill."""

import contextlib
import time

import psutil

from mnist_app import storage


def worker_processes() -> list[psutil.Process]:
    """Return the workers of this home folder, also those that still import TensorFlow."""
    found = []
    for process in psutil.process_iter():
        try:
            is_worker = "mnist_app.workers" in process.cmdline()
            if is_worker and process.environ().get("MNIST_APP_HOME") == str(storage.home()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end_workers() -> None:
    kill([child for one in worker_processes() for child in (one, *one.children(True))])


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
