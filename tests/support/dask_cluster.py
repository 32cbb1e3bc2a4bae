"""A Dask cluster of processes on this machine whose parts are killed and come back."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.process_control import kill
from tests.support.serving import ROOT

# Seconds after which a part that has ended is started again, as systemd or Compose would do.
RESTART_SECONDS = 0.5


class Part:
    """A process that is started again whenever it has ended."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command = [sys.executable, "-m", *command]
        self._log = log
        self._is_over = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._restart, daemon=True)
        self._thread.start()

    def processes(self) -> list[psutil.Process]:
        """Return it and all that it started, the oldest first."""
        try:
            one = psutil.Process(self._process.pid)
            return [one, *one.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill it as kill -9 does, and nothing that it started."""
        self._process.kill()

    def kill_all(self) -> None:
        """Kill it and all that it started, as a machine that loses its power does."""
        kill(self.processes())

    def end(self) -> None:
        """Kill it and all that it started; it comes back no more."""
        self._is_over.set()
        self._thread.join()
        kill(self.processes())
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _restart(self) -> None:
        while not self._is_over.wait(0.05):
            if self._process.poll() is not None:
                self._is_over.wait(RESTART_SECONDS)
                self._process = self._start()


class DaskCluster:
    """A scheduler and workers that may train one run each."""

    def __init__(self, folder: Path, workers: int) -> None:
        """Start it; what its processes say goes to logs in a folder."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        self.scheduler = Part(["dask", "scheduler", *options], folder / "scheduler.log")
        options = ["--nthreads", "1", "--resources", "trainer=1", "--no-dashboard"]
        options += ["--local-directory", str(folder), "--memory-limit", "0"]
        self.workers = [
            Part(["dask", "worker", self.address, *options], folder / f"dask-worker-{number}.log")
            for number in range(workers)
        ]

    def end(self) -> None:
        for part in (*self.workers, self.scheduler):
            part.end()


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """Give a cluster with the store of this process; runs go to it while the context lasts."""
    cluster = DaskCluster(folder, workers)
    os.environ["MNIST_APP_CLUSTER"] = cluster.address
    try:
        yield cluster
    finally:
        del os.environ["MNIST_APP_CLUSTER"]
        cluster.end()


def trainers(part: Part) -> list[psutil.Process]:
    """Return the processes of a worker that train."""
    return [one for one in part.processes() if "mnist_app.workers.on_demand" in one.cmdline()]


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It does not come."
        time.sleep(0.05)
