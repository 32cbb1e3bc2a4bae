"""Processes that are killed while they create, command and delete runs in one store."""

import pytest

from tests.benchmarks.store import storm


@pytest.mark.usefixtures("store")
def test_killed_processes_leave_nothing_by_halves() -> None:
    outcome = storm(cycles=400)
    assert outcome.faults == ()
    assert outcome.killed >= 1
