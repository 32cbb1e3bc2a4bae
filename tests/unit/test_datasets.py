"""Data sets as arrays: MNIST that ships, and EMNIST from files that may be wrong."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_app.data import datasets, disputed_labels
from mnist_app.data.datasets import EMNIST, EMNIST_FILES, DatasetError, Split
from tests.support import emnist
from tests.support.serving import ROOT

FILES = [file.name for part in EMNIST_FILES.values() for file in part]
IMAGES, LABELS = FILES[:2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    return datasets.emnist_folder()


def test_training_and_validation_are_all_training_images() -> None:
    everything = datasets.load_all_training()
    training, validation = datasets.load_training(), datasets.load_validation()
    assert (len(everything), len(training), len(validation)) == (60_000, 57_000, 3_000)
    assert np.array_equal(np.concatenate([training.images, validation.images]), everything.images)
    assert np.array_equal(np.concatenate([training.labels, validation.labels]), everything.labels)
    assert len(datasets.load_test()) == 10_000


def test_no_image_is_in_two_parts() -> None:
    parts = (datasets.load_training(), datasets.load_validation(), datasets.load_test())
    training, validation, test = ({image.tobytes() for image in part.images} for part in parts)
    assert len(training) > 50_000  # the images are told apart
    assert not training & validation
    assert not training & test
    assert not validation & test


def test_one_hot_has_a_one_at_the_label_and_zeros_elsewhere() -> None:
    labels = datasets.load_test().labels
    rows = datasets.one_hot(labels)
    assert rows.shape == (10_000, 10)
    assert np.array_equal(rows.argmax(axis=1), labels)
    assert (rows.sum(axis=1) == 1).all()


def test_disputed_labels_are_those_of_mnist() -> None:
    labels = datasets.load_test().labels
    assert len(disputed_labels.DISPUTES) == 15
    for index, dispute in disputed_labels.DISPUTES.items():
        assert labels[index] == dispute.label != dispute.other
        assert dispute.for_label + dispute.for_other + dispute.neither == 5
        assert dispute.for_label < 3


@given(
    images=arrays(np.uint8, st.tuples(st.integers(1, 5), st.just(28), st.just(28))),
    data=st.data(),
)
def test_files_of_emnist_are_read_upright(
    tmp_path_factory: pytest.TempPathFactory, images: np.ndarray, data: st.DataObject
) -> None:
    labels = np.array(
        data.draw(st.lists(st.integers(0, 9), min_size=len(images), max_size=len(images))), np.uint8
    )
    split = Split(images, labels)
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_APP_HOME", str(home))
        emnist.write(datasets.emnist_folder(), split, split)
        for found in (datasets.load_all_training(EMNIST.name), datasets.load_test(EMNIST.name)):
            assert np.array_equal(found.images, images)
            assert np.array_equal(found.labels, labels)


def packed(values: np.ndarray) -> bytes:
    return gzip.compress(emnist.idx(values))


WRONG = {
    "no gzip file": (IMAGES, b"\x00\x00\x08\x03"),
    "an empty file": (LABELS, b""),
    "a truncated file": (IMAGES, packed(np.zeros((30, 28, 28), np.uint8))[:-9]),
    "fewer bytes than it says": (
        IMAGES,
        gzip.compress(emnist.idx(np.zeros((9, 28, 28), np.uint8))[:-5]),
    ),
    "more bytes than it says": (LABELS, gzip.compress(emnist.idx(np.zeros(9, np.uint8)) + b"\0")),
    "no IDX file": (IMAGES, gzip.compress(b"PK\x03\x04" + bytes(40))),
    "nothing": (IMAGES, gzip.compress(b"")),
    "images of another size": (IMAGES, packed(np.zeros((30, 20, 20), np.uint8))),
    "labels in the place of images": (IMAGES, packed(np.zeros(30, np.uint8))),
    "images in the place of labels": (LABELS, packed(np.zeros((3, 28, 28), np.uint8))),
    "other labels than digits": (LABELS, packed(np.full(30, 10, np.uint8))),
    "too few labels": (LABELS, packed(np.zeros(29, np.uint8))),
    "no images": (IMAGES, packed(np.zeros((0, 28, 28), np.uint8))),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_file_is_named_and_not_loaded(folder: Path, fault: str) -> None:
    emnist.write_some(folder, 30, 20)
    name, content = WRONG[fault]
    (folder / name).write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        datasets.load_all_training(EMNIST.name)
    assert name in str(caught.value)
    assert "official archive" in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    emnist.write_some(folder, 30, 20)
    (folder / name).unlink()
    part = datasets.load_test if "test" in name else datasets.load_all_training
    with pytest.raises(DatasetError, match=f"{name} is not in {folder}"):
        part(EMNIST.name)


def test_too_few_images_to_learn_from_are_refused(folder: Path) -> None:
    training, _ = emnist.write_some(folder)
    assert np.array_equal(datasets.load_training(EMNIST.name, 200).images, training.images[:200])
    with pytest.raises(DatasetError, match="hold 3,300 training images, of which 3,000 are kept"):
        datasets.load_training(EMNIST.name, 301)


def test_unofficial_files_are_recognized(folder: Path) -> None:
    assert datasets.unofficial_files() == []
    emnist.write_some(folder, 30, 20)
    assert datasets.unofficial_files() == FILES


def test_the_command_evaluates_on_emnist(folder: Path) -> None:
    emnist.write_some(folder, 30, 300)
    command = [sys.executable, "-m", "mnist_app", "evaluate", "--data", EMNIST.name, "--json"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(result.stdout)[EMNIST.name]
    assert found["images"] == 300
    assert found["accuracy"] > 0.98
    (folder / FILES[2]).unlink()
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert FILES[2] in result.stderr
    assert "Traceback" not in result.stderr
