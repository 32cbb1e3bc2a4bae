"""Rooms: who may do what, how much of it, what is kept once, what is forgotten."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_app import limits, storage
from mnist_app.classroom import audiences, codes, drawings, findings, rooms, teaching
from mnist_app.classroom.codes import Guesses
from mnist_app.classroom.drawings import NO_DIGIT, RoomDrawing
from mnist_app.classroom.room import Room, RoomError, Task
from mnist_app.data import datasets
from mnist_app.data.stroke_files import read_strokes
from mnist_app.storage.room_tables import ROOM_AUDIENCES, ROOM_DRAWINGS, ROOM_VOTES, ROOMS
from mnist_app.training import runs
from tests.support.rooms import SEVEN, packed

SPEAKER, OTHER = "speaker", "other"


def open_room(task: Task | None = None) -> Room:
    room = rooms.open_room(SPEAKER, "10.0.0.1", "cnn")
    if task is not None:
        rooms.give_task(room.number, SPEAKER, task)
    return rooms.by_key(room.key)


def send(room: Room, phone: str, sending: str = "1") -> int:
    return drawings.send(room.key, phone, sending, room.round, SEVEN)


def read_all(room: Room, reading: int) -> None:
    waiting = drawings.unread(room)
    answers = np.full((len(waiting), 10), 0.1, np.float32)
    drawings.keep_readings(room, waiting, answers, [reading] * len(waiting))


@pytest.mark.usefixtures("store")
def test_nobody_but_the_speaker_steers_a_room_or_sees_it_all() -> None:
    room = open_room(Task("draw", 7))
    number = send(room, "a")
    refused: list[Callable[[], object]] = [
        lambda: rooms.set_status(room.number, OTHER, "paused"),
        lambda: rooms.set_status(room.number, OTHER, "closed"),
        lambda: rooms.give_task(room.number, OTHER, Task("fool")),
        lambda: rooms.choose_network(room.number, OTHER, "champion"),
        lambda: drawings.hide(room, OTHER, number),
        lambda: drawings.list_drawings(room, OTHER),
        lambda: drawings.as_file(room, OTHER),
        lambda: teaching.teach(room, OTHER),
    ]
    for ask in refused:
        with pytest.raises(RoomError, match="Only the browser that opened this room") as error:
            ask()
        assert error.value.reason == "foreign"
    assert rooms.by_key(room.key).version == room.version + 1
    assert rooms.latest(OTHER) is None
    drawings.hide(room, SPEAKER, number)
    assert [one.is_hidden for one in drawings.list_drawings(room, SPEAKER)] == [True]


@pytest.mark.usefixtures("store")
def test_a_room_goes_from_task_to_task_and_ends() -> None:
    room = open_room(Task("draw", 7))
    assert rooms.by_code(room.code) == room
    send(room, "a")
    rooms.set_status(room.number, SPEAKER, "paused")
    with pytest.raises(RoomError) as error:
        send(room, "a", "2")
    assert error.value.reason == "paused"
    rooms.set_status(room.number, SPEAKER, "open")
    rooms.give_task(room.number, SPEAKER, Task("nothing"))
    send(room, "a", "2")  # drawn before the task changed
    later = rooms.by_key(room.key)
    send(later, "a", "3")
    read_all(later, 7)
    listed = drawings.list_drawings(later, SPEAKER)
    assert [(one.label, one.is_wrong) for one in listed] == [
        (7, False),
        (7, False),
        (NO_DIGIT, True),
    ]
    rooms.set_status(room.number, SPEAKER, "closed")
    rooms.set_status(room.number, SPEAKER, "open")
    with pytest.raises(RoomError) as error:
        send(later, "a", "4")
    assert error.value.reason == "closed"
    with pytest.raises(RoomError):
        rooms.by_code(room.code)


@pytest.mark.usefixtures("store")
def test_what_most_phones_vote_for_is_what_a_drawing_is() -> None:
    room = open_room(Task("fool"))
    number = send(room, "a")
    assert drawings.ballot(room.key, "a") is None
    with pytest.raises(RoomError):
        drawings.vote(room.key, "a", number, 7)
    for phone, digit in (("b", 7), ("c", 1), ("d", 7), ("c", 7)):
        ballot = drawings.ballot(room.key, phone)
        assert (ballot is None) == (phone == "c" and digit == 7)  # it has voted before
        drawings.vote(room.key, phone, number, digit)
    read_all(rooms.by_key(room.key), 2)
    (drawing,) = drawings.list_drawings(room, SPEAKER)
    assert (drawing.label, drawing.is_wrong, sum(drawing.votes)) == (7, True, 3)
    drawings.hide(room, SPEAKER, number)
    assert drawings.ballot(room.key, "e") is None


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tries=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("123")), min_size=1, max_size=12
    )
)
def test_what_is_sent_again_is_kept_once(
    tries: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    monkeypatch.setenv("MNIST_APP_ROOMS", "1000")
    monkeypatch.setenv("MNIST_APP_ROOMS_PER_VISITOR", "1000")
    monkeypatch.setenv("MNIST_APP_ROOMS_PER_ADDRESS", "1000")
    room = open_room()
    numbers = {one: {send(room, *one) for again in tries if again == one} for one in tries}
    assert all(len(kept) == 1 for kept in numbers.values())
    listed = drawings.list_drawings(room, SPEAKER)
    assert len(listed) == len(set(tries)) == rooms.by_key(room.key).version


@pytest.mark.usefixtures("store")
def test_limits_are_told_in_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in (("PHONE", 2), ("ROOM", 5)):
        monkeypatch.setenv(f"MNIST_APP_{variable}_DRAWINGS", str(value))
    monkeypatch.setenv("MNIST_APP_ROOM_PHONES", "2")
    monkeypatch.setenv("MNIST_APP_ROOMS_PER_VISITOR", "2")
    room = open_room()
    assert refusal(room, "abc") == {"c": "full"}
    assert refusal(room, "a", "23") == {"a": "fast"}
    with storage.writing() as connection:
        connection.execute(ROOM_DRAWINGS.update().values(sent_at=0.0))
    assert refusal(room, "a", "45") == {}
    assert refusal(room, "b", "6") == {"b": "full"}
    open_room()
    with pytest.raises(RoomError, match="You have opened 2 rooms today"):
        open_room()
    monkeypatch.setenv("MNIST_APP_ROOMS_PER_VISITOR", "9")
    monkeypatch.setenv("MNIST_APP_ROOMS_PER_ADDRESS", "2")
    with pytest.raises(RoomError, match="2 rooms were opened today from where you are"):
        open_room()


def refusal(room: Room, phones: str, sendings: str = "1") -> dict[str, str]:
    found = {}
    for phone in phones:
        for sending in sendings:
            try:
                send(room, phone, sending)
            except RoomError as error:
                found[phone] = str(error.reason)
    return found


@pytest.mark.parametrize("strokes", [b"", b"\0", b"\1\0\1\0", b"\0" * 40, packed([[(900, 900)]])])
def test_what_is_no_drawing_is_refused_before_it_is_kept(strokes: bytes) -> None:
    with pytest.raises(RoomError) as error:
        drawings.send("no room", "a", "1", 0, strokes)
    assert error.value.reason == "damaged"


@pytest.mark.usefixtures("store")
def test_a_room_is_forgotten_after_a_day_with_its_drawings() -> None:
    old, young = open_room(Task("fool")), open_room()
    drawings.vote(old.key, "b", send(old, "a"), 7)
    audiences.exchange("a server", {old.number: 2})
    with storage.writing() as connection:
        of_old = ROOMS.update().where(ROOMS.c.id == old.number)
        day = limits.ROOM_HOURS.value() * 3600
        connection.execute(of_old.values(opened_at=ROOMS.c.opened_at - day))
    with pytest.raises(RoomError) as error:
        rooms.by_key(old.key)
    assert error.value.reason == "unknown"
    rooms.forget_old()
    with storage.reading() as connection:
        left = [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (ROOMS, ROOM_DRAWINGS, ROOM_VOTES, ROOM_AUDIENCES)
        ]
    assert left == [1, 0, 0, 0]
    assert rooms.by_key(young.key) == young


@pytest.mark.usefixtures("store")
def test_servers_know_how_many_phones_the_others_have() -> None:
    room, other = open_room(), open_room()
    numbers = [room.number, other.number]
    assert audiences.exchange("a", dict(zip(numbers, (3, 1), strict=True))) == {}
    assert audiences.exchange("b", {room.number: 4}) == {room.number: 3}
    assert audiences.exchange("c", dict.fromkeys(numbers, 0)) == {room.number: 7, other.number: 1}
    audiences.exchange("a", {room.number: 2})  # one has left
    with storage.writing() as connection:  # b says nothing for a while
        of_b = ROOM_AUDIENCES.update().where(ROOM_AUDIENCES.c.server == "b")
        past = ROOM_AUDIENCES.c.counted_at - audiences.FRESH_SECONDS
        connection.execute(of_b.values(counted_at=past))
    assert audiences.exchange("c", {room.number: 0}) == {room.number: 2}


def test_ten_thousand_guesses_find_no_room() -> None:
    """From one address and from many: nobody gets an answer to more than a few."""
    for addresses, most in ((1, limits.WRONG_CODES), (500, limits.WRONG_CODES_IN_ALL)):
        clock = itertools.chain([0.0] * 20_000, itertools.repeat(codes.WINDOW_SECONDS + 1))
        guesses = Guesses(clock=clock.__next__)
        looked_up = 0
        for number in range(10_000):
            if guesses.may_try(f"10.0.0.{number % addresses}"):
                guesses.note_wrong(f"10.0.0.{number % addresses}")
                looked_up += 1
        assert looked_up == most.value()
        assert looked_up < len(codes.LETTERS) ** codes.LENGTH / 500
        while next(clock) == 0.0:
            pass
        assert guesses.may_try("10.0.0.0")


def test_codes_are_letters_that_nobody_confuses() -> None:
    made = {codes.new_code() for _ in range(200)}
    assert len(made) > 190
    assert all(codes.read_code(f" {code.lower()} ") == code for code in made)
    assert not set("AEIOUQ0158") & set(codes.LETTERS)
    assert [codes.read_code(text) for text in ("", "BCD", "BCDA", "BCDFG", "ÄCDF")] == [None] * 5


@pytest.mark.usefixtures("store")
def test_a_download_is_a_file_of_strokes(tmp_path: Path) -> None:
    room = open_room(Task("draw", 7))
    for phone in "ab":
        send(room, phone)
    drawings.hide(room, SPEAKER, send(room, "c"))
    rooms.give_task(room.number, SPEAKER, Task("nothing"))
    room = rooms.by_key(room.key)
    send(room, "a", "2")
    file = tmp_path / "room.json"
    file.write_bytes(drawings.as_file(room, SPEAKER))
    digits = read_strokes(file)
    assert [(one.label, one.writer) for one in digits] == [(7, "phone 1"), (7, "phone 2")]
    assert "a" not in {one["writer"] for one in json.loads(file.read_text())}


@pytest.mark.usefixtures("store")
def test_a_network_learns_a_rooms_digits_without_some_phones() -> None:
    room = open_room()
    send(room, "a")
    with pytest.raises(RoomError, match="Nobody knows so far"):
        teaching.teach(room, SPEAKER)
    rooms.give_task(room.number, SPEAKER, Task("draw", 7))
    room = rooms.by_key(room.key)
    for phone in "abcdef":
        send(room, phone, "2")
    read_all(room, 1)
    run = teaching.teach(room, SPEAKER)
    assert run.name.startswith("room-")
    content = storage.read_artifact(run.name, "drawings")
    assert content is not None
    room = rooms.by_key(room.key)
    taught = room.teaching
    assert taught is not None
    assert list(taught.held.values()) == [False, False]
    rooms.choose_network(room.number, SPEAKER, run.name)
    drawings.keep_readings(room, [], np.empty((0, 10), np.float32), [])  # of the former network
    room = rooms.by_key(room.key)
    read_all(room, 7)
    listed = drawings.list_drawings(room, SPEAKER)
    assert teaching.change(taught, listed) == teaching.Change(0, 2, 2)
    runs.leave_queue(run.name, SPEAKER)


def test_what_drawings_show_is_found() -> None:
    """Half of the sevens lie on their backs, and one five in three is read as a three."""
    test = datasets.load_test()
    sevens = [image for image in test.images[test.labels == 7][:20]]
    sevens = [np.rot90(image) if at % 2 else image for at, image in enumerate(sevens)]
    fives = list(test.images[test.labels == 5][:6])
    shown = [drawing(at, image, 7, 7) for at, image in enumerate(sevens)]
    shown += [drawing(50 + at, image, 5, 3 if at % 3 == 0 else 5) for at, image in enumerate(fives)]
    shown += [drawing(90, fives[0], 5, 3, is_hidden=True), drawing(91, fives[0], None, NO_DIGIT)]
    found = findings.find(shown)
    assert found.confusion.sum() == 26
    assert found.confusion[5, 3] == 2
    assert found.hardest == findings.Hardest(5, 4, 6)
    assert found.divided is not None
    assert (found.divided.digit, sorted(found.divided.counts)) == (7, [10, 10])
    assert found.nearest is not None
    assert found.nearest.shares[0] >= found.nearest.shares[1] > 0


def drawing(
    number: int, image: np.ndarray, label: int | None, reading: int, is_hidden: bool = False
) -> RoomDrawing:
    probabilities = np.full(10, 0.05, np.float32)
    probabilities[reading % 10] += 0.5
    return RoomDrawing(
        number, 0, "a", image, label, reading, probabilities, (0,) * 11, is_hidden, number
    )
