"""Labeled pictures in folders that are called after their digits."""

from pathlib import Path

import numpy as np
import pytest

from mnist_app.data.labeled_pictures import LabeledPicturesError, read_folder
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import normalize
from tests.support.handwriting import drawn


def put(folder: Path, name: str, content: bytes) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def test_pictures_are_read_with_their_folders_names(tmp_path: Path) -> None:
    put(tmp_path, "7/b.png", encode_png(255 - drawn(7)))
    put(tmp_path, "7/a.PNG", encode_png(drawn(7)))
    put(tmp_path, "0/zero.png", encode_png(drawn(0)))
    put(tmp_path, "0/notes.txt", b"not a picture")
    put(tmp_path, "10/other.png", encode_png(drawn(1)))
    pictures = read_folder(tmp_path)
    assert [file.name for file in pictures.files] == ["zero.png", "a.PNG", "b.png"]
    assert pictures.labels.tolist() == [0, 7, 7]
    assert pictures.problems == ("", "", "")
    assert np.array_equal(pictures.images[1], normalize(drawn(7)).image)


def test_what_cannot_be_read_is_a_problem_of_its_own(tmp_path: Path) -> None:
    put(tmp_path, "3/broken.jpg", b"\xff\xd8 no picture")
    put(tmp_path, "3/empty.png", encode_png(np.zeros((100, 100), np.uint8)))
    put(tmp_path, "3/good.png", encode_png(drawn(3)))
    pictures = read_folder(tmp_path)
    assert [bool(problem) for problem in pictures.problems] == [True, True, False]
    assert all(problem.endswith(".") for problem in pictures.problems[:2])
    assert not pictures.images[0].any()


@pytest.mark.parametrize("name", ["", "missing", "file"])
def test_a_folder_without_pictures_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabeledPicturesError, match="folders that are called after their digits"):
        read_folder(tmp_path / name)
