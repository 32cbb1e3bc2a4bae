"""What is kept of open pages: in which order it is found, how long, and how much of it."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_app import storage
from mnist_app.data.strokes import draw_canvas
from mnist_app.imaging.image_files import encode_png
from mnist_app.storage import session_records
from mnist_app.storage.session_records import SessionRecord
from mnist_app.storage.session_tables import SESSION_RECORDS
from mnist_app.ui import drawing, session_record
from mnist_app.ui.lesson_session import KeptPlace
from mnist_app.ui.session_record import Kept, Recorder, pack, unpack

STROKE = np.array([18, 3, 1400, 400, 1400, 1500, 1400, 2400], "<i2").tobytes()


def record(session: str, content: bytes = b"", owner: str = "o", drawn: bool = True) -> None:
    session_records.keep([SessionRecord(owner, session, drawn, content or session.encode())])


def kept_of_one(canvas: int = 3) -> Kept:
    one = drawing.read(STROKE, encode_png(draw_canvas(STROKE)), canvas=canvas)
    return Kept(one, drawing.Drawing(), KeptPlace("course", "pooling", 2), "softmax", True)


@pytest.mark.usefixtures("store")
def test_a_page_finds_its_own_and_a_new_one_the_last() -> None:
    for name in ("a", "b"):
        record(name)
    record("notes", drawn=False)
    record("foreign", owner="p")
    assert session_records.latest("o") == b"b"
    record("a", b"more")
    assert session_records.latest("o") == b"more"
    assert [session_records.read("o", name) for name in ("b", "notes", "foreign", "?")] == [
        b"b",
        b"notes",
        None,
        None,
    ]


@pytest.mark.usefixtures("store")
def test_who_comes_back_has_done_nothing_new() -> None:
    record("a")
    record("b")
    session_records.pass_on([("o", "a", "a again"), ("p", "a", "foreign"), ("o", "?", "nobody")])
    assert session_records.read("o", "a again") == b"a"
    assert session_records.latest("o") == b"b"
    assert session_records.read("p", "foreign") is None


@pytest.mark.usefixtures("store")
def test_what_is_old_or_too_many_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        record(name)
    record("x", owner="p")
    _age(SESSION_RECORDS.c.owner == "p", hours=25)
    assert session_records.latest("p") is None
    monkeypatch.setenv("MNIST_APP_VISITOR_SESSIONS", "3")
    session_records.forget_old()
    assert [session_records.read("o", name) for name in "abcd"] == [None, b"b", b"c", b"d"]
    monkeypatch.setenv("MNIST_APP_SESSION_RECORDS", "2")
    record("y", owner="q")
    session_records.forget_old()
    assert [session_records.read("o", name) for name in "bcd"] == [None, None, b"d"]
    with storage.reading() as connection:
        assert len(connection.execute(SESSION_RECORDS.select()).all()) == 2


def _age(which: object, hours: int) -> None:
    with storage.writing() as connection:
        aged = SESSION_RECORDS.c.changed_at - 3600 * hours
        connection.execute(SESSION_RECORDS.update().where(which).values(changed_at=aged))


@pytest.mark.usefixtures("store")
def test_changes_are_few_writes_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_record, "WRITE_SECONDS", 0.2)
    recorder, kept = Recorder(), kept_of_one()
    until, versions = time.monotonic() + 0.9, set[float]()
    while time.monotonic() < until:
        kept = replace(kept, place=KeptPlace("course", "pooling", len(versions)))
        recorder.note("o", "a", kept)
        versions |= set(_changed_at())
    assert 2 <= len(versions) <= 6
    good = storage.url()
    monkeypatch.setenv("MNIST_APP_STORE", "sqlite:////proc/nowhere/store.sqlite3")
    recorder.note("o", "a", replace(kept, network="lenet"))
    recorder.note("o", "b", kept)
    time.sleep(0.5)
    monkeypatch.setenv("MNIST_APP_STORE", good)
    until = time.monotonic() + 5
    while session_records.read("o", "b") is None:
        assert time.monotonic() < until
    found = session_records.read("o", "a")
    assert found is not None
    assert unpack(found).network == "lenet"


def _changed_at() -> list[float]:
    with storage.reading() as connection:
        return [row.changed_at for row in connection.execute(SESSION_RECORDS.select())]


@pytest.mark.usefixtures("store")
def test_a_drawing_that_is_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_APP_SESSION_KB", "1")
    noise = np.random.default_rng(0).integers(0, 256, (280, 280), np.uint8)
    recorder = Recorder()
    recorder.note("o", "a", replace(kept_of_one(), drawing=drawing.read(b"", encode_png(noise))))
    recorder.write()
    found = session_records.read("o", "a") or b""
    assert len(found) < 1000
    assert unpack(found).network == "softmax"
    assert unpack(found).drawing.is_empty


@given(
    st.integers(0, 10**6),
    st.text(max_size=40),
    st.booleans(),
    st.tuples(st.text(), st.text(), st.integers(0, 50)) | st.none(),
)
def test_what_is_packed_comes_back(
    canvas: int, caption: str, is_fresh: bool, place: tuple[str, str, int] | None
) -> None:
    png = encode_png(draw_canvas(STROKE))
    drawn = drawing.read(STROKE, png, caption, canvas)
    begun = drawn if is_fresh else drawing.Drawing(canvas=canvas)
    kept = Kept(drawn, begun, KeptPlace(*place) if place else None, "lenet", True)
    found = unpack(pack(kept))
    for one, other in ((kept.drawing, found.drawing), (kept.begun, found.begun)):
        assert (one.strokes, one.png, one.caption) == (other.strokes, other.png, other.caption)
        assert one.canvas == other.canvas
        np.testing.assert_array_equal(one.image, other.image)
    assert (found.begun is found.drawing) == is_fresh
    assert replace(found, drawing=drawn, begun=begun) == kept


@given(st.binary() | st.sampled_from([b"{}", b"[1]", b'{"drawing":{"canvas":"x"},"place":7}']))
def test_what_nobody_packed_is_nothing(content: bytes) -> None:
    assert session_record._read(lambda: content) is None
