"""HAProxy before replicas of the app, with the configuration that is deployed."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.serving import ROOT, free_port

CONFIGURATION = ROOT / "mnist_app" / "deployment" / "haproxy.cfg"


def no_haproxy() -> str | None:
    """Why no HAProxy can be had here, in a sentence, or None where one can."""
    return None if _program() else "No HAProxy is installed: apt-get install haproxy."


@contextmanager
def proxy(
    folder: Path, replicas: Sequence[int], base: str = "", certificate: Path | None = None
) -> Iterator[str]:
    """A proxy before the replicas at these ports, by its URL, while the context lasts.

    Where DNS would find the replicas stand their ports; all else is as it is deployed.
    """
    port, secure = free_port(), free_port()
    text = CONFIGURATION.read_text()
    [template] = [line for line in text.splitlines() if "server-template" in line]
    servers = [f"    server replica{n} 127.0.0.1:{one}" for n, one in enumerate(replicas, 1)]
    text = text.replace(template, "\n".join(servers))
    text = text.replace(":8080", f"127.0.0.1:{port}").replace(":8443", f"127.0.0.1:{secure}")
    file = folder / "haproxy.cfg"
    file.write_text(text)
    environment = dict(os.environ) | {"BASE_PATH": base}
    if certificate:
        environment["CERTIFICATE"] = str(certificate)
    with (folder / "haproxy.log").open("ab") as log:
        started = subprocess.Popen(
            [_program() or "haproxy", "-db", "-f", str(file)],
            stdout=log,
            stderr=log,
            env=environment,
        )
    url = f"https://localhost:{secure}{base}" if certificate else f"http://localhost:{port}{base}"
    try:
        if not certificate:
            wait_until_ready(url)
        yield url
    finally:
        for process in [*psutil.Process(started.pid).children(), started]:
            process.kill()
        started.wait()


def wait_until_ready(url: str, timeout: float = 60.0) -> None:
    """Wait until a replica, or one behind the proxy, would read a drawing at once."""
    until = time.monotonic() + timeout
    while status(url) != 200:
        if time.monotonic() > until:
            raise RuntimeError(f"Nobody answers at {url}.")
        time.sleep(0.1)


def status(url: str, path: str = "/readyz", accept: str = "*/*", cookie: str = "") -> int:
    """Return the status with which an address answers; 0 for no answer."""
    request = urllib.request.Request(url + path, headers={"accept": accept, "cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _program() -> str | None:
    found = shutil.which("haproxy")
    usual = Path("/usr/sbin/haproxy")
    return found or (str(usual) if usual.is_file() else None)
