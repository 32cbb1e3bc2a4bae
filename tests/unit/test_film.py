"""The film of a run: who sees what of it, and its picture, read back."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from starlette.routing import Route

from mnist_app import storage
from mnist_app.data import datasets
from mnist_app.data.datasets import EMNIST, WATCHED_IMAGES
from mnist_app.training import film_frames, runs
from mnist_app.training.film import Film, read_film
from mnist_app.training.film_frames import HEIGHT, WIDTH, best_grid, moments_of_frames
from mnist_app.training.film_picture import FilmError, animated_png
from mnist_app.training.history import (
    NO_DRAWING,
    NO_SNAPSHOT,
    History,
)
from mnist_app.training.moments import moment
from mnist_app.training.run import Run
from mnist_app.training.settings import Settings
from mnist_app.ui import films
from tests.support.filmed_runs import IMAGES, OWNER, OWNER_NUMBER, filmed
from tests.support.handwriting import drawn
from tests.support.routes import Answer, get

OTHER_NUMBER = "b" * 32


def opened(content: bytes) -> PngImageFile:
    picture = Image.open(io.BytesIO(content))
    assert isinstance(picture, PngImageFile)
    return picture


@pytest.fixture
def home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))


@pytest.mark.usefixtures("home")
def test_an_animated_png_has_its_size_its_frames_and_loops() -> None:
    run = filmed()
    own = opened(animated_png(run, OWNER))
    assert own.size == (WIDTH, HEIGHT) == (960, 540)
    assert own.n_frames == len(moments_of_frames(read_film(run, OWNER))) == 36
    assert own.info["loop"] == 0
    durations, pictures = [], []
    for number in range(own.n_frames):
        own.seek(number)
        durations.append(own.info["duration"])
        pictures.append(np.asarray(own.convert("RGB")))
    assert durations[-1] > 1000 > max(durations[:-1])
    kernels = np.s_[252:520, 24:320]
    assert len({picture[kernels].tobytes() for picture in pictures}) == len(IMAGES)
    assert len({picture.tobytes() for picture in pictures}) == 36
    others = Image.open(io.BytesIO(animated_png(run, "somebody else"))).convert("RGB")
    drawing = np.repeat(np.repeat(drawn(4, 28), 4, 0), 4, 1) > 127
    place = np.s_[96 : 96 + 112, 24 : 24 + 112]
    assert np.array_equal(pictures[0][place][..., 0] > 127, drawing)
    assert not np.array_equal(np.asarray(others)[place][..., 0] > 127, drawing)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("images", [(0,), (0, 128), (57_000,)])
def test_a_run_of_a_moment_or_two_has_a_film_too(images: tuple[int, ...]) -> None:
    picture = Image.open(io.BytesIO(animated_png(filmed(images=images, kernels=0), OWNER)))
    assert picture.size == (WIDTH, HEIGHT)


@pytest.mark.usefixtures("home")
def test_without_moments_there_is_none_and_that_is_said() -> None:
    run = filmed(images=())
    with pytest.raises(FilmError, match="Of quick-1 no moments were kept"):
        animated_png(run, OWNER)


@given(st.lists(st.integers(0, 10**9), min_size=1, unique=True), st.integers(1, 4096))
def test_frames_go_evenly_from_none_to_all_images(seen: list[int], batch: int) -> None:
    run = Run(1, "quick-1", OWNER, Settings(batch_size=batch), "done", 1.0, 2)
    moments = tuple(moment(one, NO_SNAPSHOT) for one in sorted(seen))
    film = Film(run, History(), moments, NO_DRAWING)
    shown = moments_of_frames(film)
    assert 2 <= len(shown) <= film_frames.MOST_FRAMES
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (0, max(1, *seen, 1))


@given(
    st.integers(1, 64),
    st.integers(1, 28),
    st.integers(1, 28),
)
def test_kernels_fill_their_place_and_no_more(count: int, rows: int, columns: int) -> None:
    across, scale = best_grid(count, rows, columns, 300, 264)
    down = -(-count // across)
    assert 1 <= across <= count
    if scale > 1:
        assert across * (columns * scale + 4) <= 300
        assert down * (rows * scale + 4) <= 264


ROUTES = [
    Route("/films/{name}/{version}.png", films.answer_picture),
    Route("/films/{name}/{version}", films.answer_film),
]


def ask(path: str, number: str = "") -> Answer:
    """Ask the server as the visitor of this number; as one without a cookie for none."""
    return get(ROUTES, path, f"mnist_lab_visitor={number}" if number else "")


@pytest.mark.usefixtures("home")
def test_a_film_is_for_all_and_its_drawing_for_its_owner() -> None:
    run = filmed()
    own, others = films.path(run, OWNER), films.path(run, "somebody else")
    assert own != others
    answer = ask(own, OWNER_NUMBER)
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]
    film = answer.json()
    assert film["drawing"]
    assert [images for images, _ in film["trace"]] == list(IMAGES)
    assert [one["images"] for one in film["moments"]] == list(IMAGES)
    assert ask(others, OWNER_NUMBER).status == 404
    for stranger in (OTHER_NUMBER, ""):
        assert ask(own, stranger).status == 404
        assert ask(f"{own}.png", stranger).status == 404
    seen = ask(others, OTHER_NUMBER).json()
    assert (seen["drawing"], seen["trace"]) == (None, [])
    assert seen["moments"] == film["moments"]


@pytest.mark.usefixtures("home")
def test_a_film_has_another_address_when_there_is_more_to_see() -> None:
    run = filmed()
    before = films.path(run, "")
    assert ask(before).status == 200
    runs.resume(run.name, OWNER, 2)
    assert ask(before).status == 404  # it is active again
    assert ask("films/never-was/0").status == 404
    assert ask("films/Never Was/0").status == 404


@pytest.mark.usefixtures("home")
def test_a_run_without_moments_still_has_its_curves() -> None:
    run = filmed()
    with storage.writing() as connection:
        connection.execute(storage.MOMENTS.delete())
    film = ask(films.path(run, "")).json()
    assert film["moments"] == []
    assert film["validation"]["images"] == list(IMAGES)
    assert json.dumps(film)


@pytest.mark.usefixtures("home")
def test_the_wall_of_a_missing_data_set_is_black() -> None:
    run = replace(filmed(), settings=replace(Settings(), data=EMNIST.name))
    picture = opened(animated_png(run, OWNER))
    assert picture.n_frames > 1
    assert len(datasets.load_validation()[:WATCHED_IMAGES]) == WATCHED_IMAGES


@pytest.mark.usefixtures("home")
def test_the_server_lets_another_process_make_the_picture() -> None:
    run = filmed(images=IMAGES[:3])
    answer = ask(f"{films.path(run, '')}.png")
    assert answer.status == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="quick-1.png"'
    assert opened(answer.content).n_frames > 1
    empty = filmed("quick-2", images=())
    refused = ask(f"{films.path(empty, '')}.png")
    assert refused.status == 409
    assert "no moments were kept" in refused.text


@pytest.mark.usefixtures("home")
def test_few_people_wait_for_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "MOST_WAITING", 0)
    refused = ask(f"{films.path(filmed(), '')}.png")
    assert (refused.status, refused.text) == (503, films.BUSY)
