"""For all tests."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from mnist_app import storage
from mnist_app.inference import Inference
from mnist_app.ui import resources
from tests.support.postgres import fresh_database, no_postgres, postgres_server
from tests.support.process_control import end_workers

# Other tests run beside on the same cores: how long an example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files come first, so that no worker is left alone with one at the end."""
    slow = ("tests/processes/test_training.py", "tests/browser")
    items.sort(key=lambda item: not item.nodeid.startswith(slow))


@pytest.fixture(scope="session", autouse=True)
def home() -> Iterator[Path]:
    """A folder of its own for runs and drawings; workers that work there end with the tests."""
    with tempfile.TemporaryDirectory(prefix="mnist-lab-tests-") as folder:
        os.environ["MNIST_APP_HOME"] = folder
        yield Path(folder)
        end_workers()


@pytest.fixture(scope="session")
def inference() -> Inference:
    """The model process that pages without a browser ask, too. Do it no harm."""
    return resources.inference()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL of the tests' own."""
    if reason := no_postgres():
        pytest.skip(reason)
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An empty store of a test's own, its name; the test runs on each kind."""
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    if request.param == "sqlite":
        yield "sqlite"
        storage.close()
        return
    with fresh_database(request.getfixturevalue("postgres")) as url:
        monkeypatch.setenv("MNIST_APP_STORE", url)
        yield "postgresql"
        storage.close()
