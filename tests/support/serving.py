"""A real server of the app for browser tests and benchmarks, on a port of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Server:
    """A running `streamlit run`."""

    url: str
    process: psutil.Process
    log: Path

    def model_processes(self) -> list[psutil.Process]:
        return [
            child
            for child in self.process.children(recursive=True)
            if "mnist_app.inference" in child.cmdline()
        ]


@contextmanager
def serve(
    log: Path,
    script: Path = ROOT / "streamlit_app.py",
    options: str = "",
    base: str = "",
    descriptors: int = 0,
    port: int = 0,
    wait: bool = True,
) -> Iterator[Server]:
    """Run the app as a person would, and end it and all its processes afterwards.

    `base` stands before the path of each address, such as "/lab". `descriptors` is the most that
    the page process may have; 0 for as many as this one. `port` is its own; 0 for any free one.
    Unless told not to `wait`, it answers by then.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += [f"--server.port={port}", "--server.headless=true", *options.split()]
    command += [f"--server.baseUrlPath={base}"]
    with log.open("wb") as output:
        started = subprocess.Popen(
            command,
            cwd=script.parent,
            stdout=output,
            stderr=output,
            env=os.environ | {"PYTHONPATH": os.pathsep.join((str(script.parent), str(ROOT)))},
        )
    server = Server(f"http://localhost:{port}{base}", psutil.Process(started.pid), log)
    if descriptors:
        server.process.rlimit(psutil.RLIMIT_NOFILE, (descriptors, descriptors))
    try:
        if wait:
            wait_until_healthy(server)
        yield server
    finally:
        _end(server)
        started.wait()


def wait_until_healthy(server: Server) -> None:
    for _ in range(600):
        if _is_healthy(server.url):
            return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start:\n{server.log.read_text()}")


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _end(server: Server) -> None:
    if not server.process.is_running():
        return
    family = [*server.process.children(recursive=True), server.process]
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
