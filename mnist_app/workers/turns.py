"""What a worker of a cluster does with a task: its process, which stays warm, trains one run.

A task is a turn, not a certain run: which run is trained is decided in the store when a worker is
free, see `training.queue`. So a task too many does no harm, one that is lost is handed in again,
and whoever comes later with his first run is not behind what others handed in before. A process of
its own keeps TensorFlow apart from the worker, which must answer its scheduler, and from whatever
there draws random numbers.
"""

import os
import platform
import secrets
import subprocess
import sys
import threading

from mnist_app import storage
from mnist_app.training import queue
from mnist_app.workers.errors import WorkerError
from mnist_app.workers.local import ROOT, environment


class _Trainer:
    """A process that trains for this one and ends with it; see `on_demand`."""

    def __init__(self) -> None:
        """Start it. Raises OSError."""
        self.worker = f"{platform.node()[:40]}-{os.getpid()}-{secrets.token_hex(8)}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mnist_app.workers.on_demand", self.worker],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def train_next(self) -> str:
        """Let it train; return the run's name. Raises OSError where the process has died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise BrokenPipeError
        return answer.strip()

    def end(self) -> None:
        """Let nothing remain of it, and its run go on elsewhere. Raises StorageError."""
        self._process.kill()
        self._process.communicate()
        storage.patiently(lambda: queue.put_back(self.worker))


_trainers: list[_Trainer] = []
_one_at_a_time = threading.Lock()


def train_next() -> str:
    """Train the run whose turn it is; return its name, an empty one where none waits.

    Raises WorkerError where the process that trains cannot be started or died, after which another
    worker may take its run, and StorageError.
    """
    with _one_at_a_time:
        try:
            if not _trainers:
                _trainers.append(_Trainer())
            return _trainers[0].train_next()
        except OSError as error:
            while _trainers:
                _trainers.pop().end()
            sentence = "The process that trains has ended. Its run goes on."
            raise WorkerError(sentence, str(error)) from error
