"""Runs in the store: whose they are, the queue, commands, leases, what is cleaned up."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from mnist_app import limits, storage
from mnist_app.data import stroke_files
from mnist_app.networks import registry
from mnist_app.networks.registry import NetworkError
from mnist_app.storage import COMMANDS, RUNS
from mnist_app.storage.run_starts import RUN_STARTS
from mnist_app.training import capacity, labeled_drawings, leases, quotas, runs
from mnist_app.training.history import TRAINING, Event
from mnist_app.training.labeled_drawings import LabeledDrawingError
from mnist_app.training.leases import LeaseLost
from mnist_app.training.recorder import Recorder
from mnist_app.training.run import OPERATOR, Run, RunError
from mnist_app.training.settings import Settings, SettingsError
from mnist_app.training.slots import Slot
from tests.support.handwriting import written

OWNER = "somebody"
CARD = (registry.read_artifact("softmax", "card")) or b""

pytestmark = pytest.mark.usefixtures("store")


def taken(worker: str = "worker") -> tuple[Run, Recorder]:
    run = leases.claim_next(worker)
    assert run is not None
    return run, Recorder(run, worker)


def ended(owner: str = OWNER, kind: str = "quick", **changes: object) -> Run:
    """A run that a worker has finished, with a network."""
    runs.create(Settings(), kind, owner)
    run, recorder = taken()
    recorder.finish("done", {"card": CARD}, **({"completed_epochs": 2} | changes))
    return runs.read(run.name)


def trained(owner: str = OWNER) -> Run:
    """A run that has ended after it learned something."""
    runs.create(Settings(), "quick", owner)
    run, recorder = taken()
    recorder.record([Event(TRAINING, 100, (0.5, 0.9))])
    recorder.finish("done", {"card": CARD})
    return runs.read(run.name)


def copies(run: Run, count: int) -> None:
    """Put copies of a run into the store, each of another owner."""
    with storage.writing() as connection:
        chosen = sa.select(RUNS).where(RUNS.c.id == run.number)
        row = dict(connection.execute(chosen).mappings().one())
        del row["id"]
        rows = [row | {"name": f"copy-{n}", "owner": f"owner {n}"} for n in range(count)]
        connection.execute(RUNS.insert(), rows)


def lose_lease(run: Run) -> None:
    with storage.writing() as connection:
        connection.execute(RUNS.update().where(RUNS.c.id == run.number).values(lease_until=1.0))


def test_a_run_is_what_was_asked_for() -> None:
    made = runs.create(Settings(seed=5), "quick", OWNER)
    read = runs.read(made.name)
    assert (read.name, read.settings.seed, read.status) == ("quick-1", 5, "queued")
    assert read == made
    assert read.belongs_to(OWNER)
    assert not read.belongs_to("another")
    assert not read.belongs_to("")


def test_what_learned_from_drawings_is_its_owners_alone() -> None:
    runs.create(Settings(), "fine-tuned", OWNER, b"drawings")
    run, recorder = taken()
    recorder.finish("done", {"card": CARD, "keras": b"weights"})
    private = runs.read(run.name, OWNER)
    assert [one.name for one in runs.list_runs("another")] == []
    assert not runs.has_anybody_else("another")
    assert not runs.may_use(private.name, "another")
    for asked in (runs.read, runs.read_keras_file):
        with pytest.raises(RunError, match=f"There is no run {private.name}"):
            asked(private.name, "another")
    with pytest.raises(RunError, match="is another person’s alone"):
        runs.create(Settings(start_from=private.name), "quick", "another")
    labeled_drawings.keep("another", np.zeros((28, 28), np.uint8), 3)
    with pytest.raises(RunError, match="There is no run"):
        labeled_drawings.fine_tune("another", private.name)
    for owner in (OWNER, OPERATOR):
        assert runs.may_use(private.name, owner)
        assert runs.read_keras_file(private.name, owner) == b"weights"
    assert runs.create(Settings(start_from=private.name), "quick", OWNER).status == "queued"


def test_other_networks_are_anybodys() -> None:
    run = ended()
    assert [one.name for one in runs.list_runs("another")] == [run.name]
    assert runs.has_anybody_else("another")
    assert not runs.has_anybody_else(OWNER)
    for name in ("cnn", "never-was", run.name):
        assert runs.may_use(name, "another")


def test_one_that_leaves_the_queue_says_what_it_has() -> None:
    run = runs.create(Settings(), "quick", OWNER)
    runs.leave_queue(run.name, OWNER)
    assert "before it learned anything" in runs.read(run.name).message
    trained = ended()
    runs.resume(trained.name, OWNER, 1)
    runs.leave_queue(trained.name, OWNER)
    assert "What it learned in 2 epochs is kept" in runs.read(trained.name).message


@pytest.mark.parametrize("wrong", [{"epochs": 1000}, {"images": 10**9}, {"network": "../cnn"}])
def test_settings_out_of_bounds_make_no_run(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        runs.create(replace(Settings(), **wrong), "quick", OWNER)
    assert runs.list_runs() == []


def test_two_clicks_at_once_make_one_run() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: runs.create(Settings(), "quick", OWNER), range(8)))
    assert {run.name for run in made} == {made[0].name}
    with pytest.raises(RunError, match=rf"Your run {made[0].name} is queued\. Wait"):
        runs.create(Settings(seed=2), "quick", OWNER)
    assert runs.create(Settings(), "quick", "another").name != made[0].name
    one, other = (runs.create(Settings(), "quick", OPERATOR) for _ in range(2))
    assert one.name != other.name


def test_a_name_is_never_given_twice() -> None:
    names = set()
    for _ in range(3):
        run = runs.create(Settings(), "quick", OWNER)
        names.add(run.name)
        runs.delete(run.name, OWNER)
    assert len(names) == 3


def test_the_queue_is_in_order_and_one_can_leave_it() -> None:
    made = [runs.create(Settings(), "quick", f"owner {number}") for number in range(3)]
    assert runs.place_in_queue(made[2]) == (3, 3)
    runs.leave_queue(made[0].name, "owner 0")
    assert runs.place_in_queue(made[2]) == (2, 2)
    assert runs.place_in_queue(made[0]) == (0, 2)
    assert runs.read(made[0].name).status == "stopped"
    claimed = [leases.claim_next("worker") for _ in range(3)]
    assert [run and run.name for run in claimed] == [made[1].name, made[2].name, None]


def test_a_run_goes_to_one_of_many_workers() -> None:
    made = {runs.create(Settings(), "quick", OPERATOR).name for _ in range(10)}
    with ThreadPoolExecutor(5) as threads:
        claimed = list(threads.map(lambda n: leases.claim_next(f"worker {n}"), range(15)))
    names = [run.name for run in claimed if run is not None]
    assert len(names) == 10
    assert set(names) == made


def test_a_run_whose_worker_died_is_interrupted_and_resumed() -> None:
    run = runs.create(Settings(), "quick", OWNER)
    run, recorder = taken()
    assert runs.read(run.name).status == "running"
    lose_lease(run)
    assert runs.read(run.name).status == "interrupted"
    assert [one.status for one in runs.list_runs()] == ["interrupted"]
    runs.resume(run.name, OWNER)
    assert runs.read(run.name).status == "queued"
    with pytest.raises(LeaseLost):  # the old worker was only slow: it may write nothing more
        recorder.set_status("paused")
    assert runs.read(run.name).status == "queued"


def test_a_worker_keeps_its_run_by_renewing_in_time_or_late() -> None:
    runs.create(Settings(), "quick", OWNER)
    run, _ = taken()
    lose_lease(run)
    leases.renew("another worker")
    assert runs.read(run.name).status == "interrupted"
    leases.renew("worker")
    assert runs.read(run.name).status == "running"
    leases.give_up("worker")
    assert runs.read(run.name).status == "interrupted"


def test_while_it_trains_a_run_is_left_alone() -> None:
    runs.create(Settings(), "quick", OWNER)
    run, recorder = taken()
    for refused in (runs.resume, runs.delete):
        with pytest.raises(RunError, match=rf"{run.name} is being trained\. Stop it first\."):
            refused(run.name, OWNER)
    with pytest.raises(RunError, match="is being trained already"):
        runs.leave_queue(run.name, OWNER)
    recorder.finish("stopped", {})
    runs.delete(run.name, OWNER)
    assert runs.list_runs() == []


def test_more_epochs_begin_a_new_schedule() -> None:
    run = ended()
    with pytest.raises(RunError, match="has done its 2 epochs"):
        runs.resume(run.name, OWNER)
    runs.resume(run.name, OWNER, 3)
    run = runs.read(run.name)
    assert (run.first_epoch, run.epochs, run.status) == (2, 5, "queued")
    runs.resume(run.name, OWNER)  # it waits already, and stays where it is
    assert runs.read(run.name) == run


CHANGES: dict[str, Callable[[str, str], None]] = {
    "resume": lambda name, who: runs.resume(name, who, 1),
    "leave the queue": runs.leave_queue,
    "delete": runs.delete,
    "watch": lambda name, who: runs.watch(name, who, np.zeros((28, 28), np.uint8)),
    "command": lambda name, who: runs.send_command(name, who, "stop"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_the_owner_and_the_operator_change_a_run(change: str) -> None:
    run = runs.create(Settings(), "quick", OWNER)
    if change == "command":
        taken()
    before = runs.read(run.name)
    for stranger in ("another", "", OWNER.upper()):
        with pytest.raises(RunError, match=f"{run.name} belongs to somebody else"):
            CHANGES[change](run.name, stranger)
    assert runs.read(run.name) == before
    CHANGES[change](run.name, OPERATOR)


def test_nothing_is_created_deleted_or_read_by_halves() -> None:
    """Whoever looks sees a run as it was put in, or none; never a damaged one."""
    end = threading.Event()
    seen: list[str] = []

    def look() -> None:
        while not end.is_set():
            seen.extend(run.status for run in runs.list_runs())

    with ThreadPoolExecutor(3) as threads:
        looking = [threads.submit(look) for _ in range(2)]
        for _ in range(60):
            runs.delete(runs.create(Settings(), "quick", OPERATOR).name, OPERATOR)
        end.set()
        for one in looking:
            one.result()
    assert seen
    assert set(seen) == {"queued"}
    with storage.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(COMMANDS)).scalar() == 0


def test_commands_sent_at_the_same_time_all_arrive() -> None:
    runs.create(Settings(), "quick", OWNER)
    run, recorder = taken()
    received: list[tuple[str, float | None]] = []
    with ThreadPoolExecutor(2) as threads:
        for number in range(1, 51):
            pair = (("pause", None), ("learning_rate", float(number)))
            sent = [threads.submit(runs.send_command, run.name, OWNER, *one) for one in pair]
            for one in sent:
                one.result()
            received += recorder.take_commands()
    assert len(received) == 100
    rates = {value for kind, value in received if kind == "learning_rate"}
    assert rates == {float(number) for number in range(1, 51)}
    assert recorder.take_commands() == []


def test_old_commands_are_not_meant_for_a_resumed_run() -> None:
    run = runs.create(Settings(), "quick", OWNER)
    run, recorder = taken()
    runs.send_command(run.name, OWNER, "stop")
    recorder.finish("done", {"card": CARD}, completed_epochs=2)
    with pytest.raises(RunError, match="is not being trained"):
        runs.send_command(run.name, OWNER, "stop")
    runs.resume(run.name, OWNER, 1)
    _, recorder = taken()
    assert recorder.take_commands() == []


def change_settings(run: Run, change: Callable[[dict[str, Any]], None]) -> None:
    with storage.writing() as connection:
        chosen = RUNS.c.id == run.number
        values = connection.execute(sa.select(RUNS.c.settings).where(chosen)).scalar_one()
        change(values)
        connection.execute(RUNS.update().where(chosen).values(settings=values))


def test_a_setting_that_nobody_knows_yet_does_no_harm() -> None:
    run = runs.create(Settings(seed=7), "quick", OWNER)
    change_settings(run, lambda values: values.update({"invented_later": [1, 2]}))
    assert runs.read(run.name) == run


@pytest.mark.parametrize("wrong", [{"epochs": 10**6}, {"images": "many"}, {"network": None}])
def test_a_run_that_nobody_can_read_is_listed_and_deleted(wrong: dict[str, Any]) -> None:
    whole = runs.create(Settings(), "quick", OWNER)
    broken = runs.create(Settings(), "quick", "another")
    change_settings(broken, lambda values: values.update(wrong))
    assert {run.name: run.status for run in runs.list_runs()} == {
        whole.name: "queued",
        broken.name: "damaged",
    }
    runs.delete(broken.name, "another")
    assert [run.name for run in runs.list_runs()] == [whole.name]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "A", "a b", "-a", "a" * 41, "ä"])
def test_what_is_no_name_is_no_run(name: str) -> None:
    assert not registry.exists(name)
    with pytest.raises(RunError, match="lowercase letters"):
        runs.read(name)


def test_strokes_come_along_where_digits_are_rewritten() -> None:
    asked = Settings(augmentation="augmented", rewritten=10)
    with pytest.raises(RunError, match="has no strokes of people"):
        runs.create(asked, "quick", OWNER)
    assert runs.list_runs() == []
    strokes = stroke_files.as_npz([written(4)])
    runs.create(asked, "quick", OWNER, strokes=strokes)
    _, recorder = taken()
    assert recorder.strokes() == strokes
    assert recorder.drawings() is None


def test_old_runs_are_cleaned_up_and_waiting_ones_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(limits.KEPT_RUNS.variable, "2")
    names = [ended().name for _ in range(4)]
    waiting = runs.create(Settings(), "waiting", "another")
    assert {run.name for run in runs.list_runs()} == {waiting.name, *names[2:]}


def test_nobody_pushes_out_the_networks_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(limits.KEPT_RUNS.variable, "4")
    monkeypatch.setenv(limits.KEPT_RUNS_PER_VISITOR.variable, "2")
    kept = [trained("another").name for _ in range(2)]
    for number in range(6):  # a joker puts runs into the queue and takes them out
        run = runs.create(Settings(), "joke", f"joker {number}")
        runs.leave_queue(run.name, run.owner)
    own = [trained().name for _ in range(4)]
    runs.create(Settings(), "quick", OWNER)
    names = {run.name for run in runs.list_runs()}
    assert {*kept, *own[2:]} < names
    assert not names & set(own[:2])


YEARS = 10 * 365 * 24 * 3600.0


def jump(seconds: float) -> None:
    """Let the clock jump: all times that are kept lie so much further back, or ahead."""
    with storage.writing() as connection:
        for table in (RUNS, storage.WORKERS, storage.LABELED_DRAWINGS, COMMANDS):
            times = [one for one in table.columns if isinstance(one.type, sa.Float)]
            stamps = [one for one in times if one.name.endswith(("_at", "_until"))]
            connection.execute(table.update().values({one: one - seconds for one in stamps}))


@pytest.mark.parametrize("seconds", [YEARS, -YEARS, 60.0, -60.0])
def test_a_clock_that_jumps_deletes_nothing(seconds: float) -> None:
    done = trained()
    waiting = runs.create(Settings(), "quick", OWNER)
    working, recorder = taken("lives")
    orphan = runs.create(Settings(), "quick", "another")
    taken("dies")
    labeled_drawings.keep(OWNER, np.ones((28, 28), np.uint8), 4)
    slot = Slot(0)
    assert slot.take()
    jump(seconds)
    leases.renew("lives")  # as it does every two seconds
    slot.renew()
    runs.create(Settings(), "quick", "yet another")
    states = {run.name: run.status for run in runs.list_runs()}
    assert working.name == waiting.name
    expected = {done.name: "done", working.name: "running", orphan.name: "interrupted"}
    assert states.items() > expected.items()
    recorder.set_status("paused")
    assert len(labeled_drawings.list_drawings(OWNER)) == 1
    assert slot.is_wanted() == (abs(seconds) < YEARS)
    jump(seconds)
    assert Slot(0).take()  # whoever held it renews no more


def test_a_lecture_hall_finds_room_and_no_more_than_may_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies(runs.create(Settings(), "quick", "student"), 198)
    ended_run = runs.create(Settings(), "quick", "student 200")
    monkeypatch.setenv(limits.QUEUED_RUNS.variable, "200")
    with pytest.raises(RunError, match="200 runs wait already, and no more may"):
        runs.create(Settings(), "quick", "joker")
    runs.leave_queue(ended_run.name, ended_run.owner)
    runs.create(Settings(), "quick", "in time")
    with pytest.raises(RunError, match="200 runs wait already"):
        runs.resume(ended_run.name, ended_run.owner)
    runs.create(Settings(), "quick", OPERATOR)


def test_who_has_most_of_the_queue_leaves_the_last_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(limits.QUEUED_RUNS.variable, "8")
    for number in range(6):
        runs.create(Settings(), "quick", f"forged {number}", place="one address")
    with pytest.raises(RunError, match="Most of the runs that wait were started from where you"):
        runs.create(Settings(), "quick", "forged", place="one address")
    for place in ("another", ""):
        runs.create(Settings(), "quick", f"from {place}", place=place)
    with pytest.raises(RunError, match="8 runs wait already"):
        runs.create(Settings(), "quick", "late", place="a third")


def test_a_visitor_starts_so_many_runs_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in the store, so whichever server he asks; deleted and resumed ones count, too."""
    monkeypatch.setenv(limits.PUBLIC.variable, "1")
    monkeypatch.setenv(limits.RUNS_PER_HOUR.variable, "3")
    runs.delete(ended().name, OWNER)
    run = ended(completed_epochs=1)
    runs.resume(run.name, OWNER, 1, "here")
    runs.leave_queue(run.name, OWNER)
    for ask in (
        lambda: runs.create(Settings(), "quick", OWNER),
        lambda: runs.resume(run.name, OWNER, 2),
    ):
        with pytest.raises(RunError, match="You have started 3 runs within an hour"):
            ask()
    runs.create(Settings(), "quick", "another")
    runs.create(Settings(), "quick", OPERATOR)
    with storage.writing() as connection:
        hour_ago = RUN_STARTS.c.started_at - quotas.HOUR
        connection.execute(RUN_STARTS.update().values(started_at=hour_ago))
    runs.create(Settings(), "quick", OWNER)


def test_how_many_active_runs_a_visitor_has_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.RUNS_PER_VISITOR.variable, "2")
    for seed in (1, 2, 2, 1):
        runs.create(Settings(seed=seed), "quick", OWNER)
    assert len(runs.list_runs()) == 2
    with pytest.raises(RunError, match="You have 2 runs that wait or are being trained"):
        runs.create(Settings(seed=3), "quick", OWNER)


def test_switched_off_means_off_for_all_but_the_operator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = ended()
    monkeypatch.setenv(limits.TRAINING.variable, "off")
    for train in (
        lambda: runs.create(Settings(), "quick", OWNER),
        lambda: runs.resume(done.name, OWNER, 1),
    ):
        with pytest.raises(RunError, match="Training is switched off on this server"):
            train()
    runs.create(Settings(), "quick", OPERATOR)
    runs.delete(done.name, OWNER)


@pytest.mark.parametrize(
    ("limit", "told"), [("FREE_DISK_MB", "nearly full"), ("STORE_MB", "As much is kept")]
)
def test_where_there_is_no_room_nothing_more_is_kept(
    monkeypatch: pytest.MonkeyPatch, store: str, limit: str, told: str
) -> None:
    if (store, limit) == ("postgresql", "FREE_DISK_MB"):
        pytest.skip("Its disk is its own business.")
    labeled_drawings.keep(OWNER, np.ones((28, 28), np.uint8), 4)
    assert capacity.why_nothing_is_kept() == ""
    variable = getattr(limits, limit).variable
    monkeypatch.setenv(variable, "0" if limit == "STORE_MB" else "999999999")
    with pytest.raises(RunError, match=told):
        runs.create(Settings(), "quick", OWNER)
    with pytest.raises(LabeledDrawingError, match=told):
        labeled_drawings.keep(OWNER, np.zeros((28, 28), np.uint8), 4)
    assert told in capacity.why_nothing_is_kept()
    labeled_drawings.keep(OWNER, np.ones((28, 28), np.uint8), 5)  # it takes no more room
    assert [one.label for one in labeled_drawings.list_drawings(OWNER)] == [5]


def test_a_visitor_is_shown_own_runs_and_the_newest_of_others() -> None:
    own = ended()
    others = [runs.create(Settings(), "quick", f"student {number}").name for number in range(40)]
    shown = [run.name for run in runs.list_runs(OWNER)]
    assert shown == [*others[:9:-1], own.name]
    assert len(runs.list_runs()) == 41


def test_a_finished_run_is_a_network_like_any_other() -> None:
    run = ended()
    assert registry.exists(run.name)
    assert registry.read_card(run.name).parameters == 7850
    assert runs.list_networks(OWNER) == [run.name]
    assert runs.list_networks("another") == []
    before = registry.version(run.name)
    runs.resume(run.name, OWNER, 1)
    _, recorder = taken()
    recorder.finish("done", {"card": CARD, "weights": b"w"})
    assert registry.version(run.name) != before
    with registry.weights_file(run.name) as file:
        assert file.read_bytes() == b"w"
    runs.delete(run.name, OWNER)
    assert not registry.exists(run.name)
    with pytest.raises(NetworkError, match="There is no network"):
        registry.read_card(run.name)


def test_a_card_that_cannot_be_read_hides_a_network() -> None:
    run = ended()
    for content in (b"", b"{", b"[]", json.dumps({"name": "x"}).encode(), b"\xff"):
        registry.write_artifact(run.name, "card", content)
        assert not registry.exists(run.name)


def test_watching_a_run_costs_one_query_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    monkeypatch.setenv(limits.KEPT_RUNS.variable, "1000000")
    run = runs.create(Settings(), "quick", OPERATOR)
    copies(run, 3000)
    statements: list[str] = []
    engine = storage._engine()
    sa.event.listen(
        engine, "before_cursor_execute", lambda *event: statements.append(str(event[2]))
    )
    for _ in range(100):
        runs.read(run.name)
    asked = [statement for statement in statements if not statement.startswith("BEGIN")]
    assert len(asked) == 100
    with storage.reading() as connection:
        if store == "sqlite":
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT status FROM runs WHERE name = 'quick-1'"
            ).fetchall()
            assert "USING INDEX" in str(plan)
