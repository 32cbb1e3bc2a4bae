"""The map of the digits that ships: of a sample, what it was made of is computed again."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mnist_app.analysis import embedding
from mnist_app.analysis.embedding import EmbeddingError
from mnist_app.data import datasets
from mnist_app.inference import Inference

TRAINING = datasets.load_all_training()
MAP = embedding.read()


def test_the_hidden_layer_is_the_one_that_was_mapped(door: Inference) -> None:
    sample = np.arange(0, 60_000, 1999)
    hidden = embedding.hidden_outputs(door, TRAINING.images[sample])
    step = np.abs(MAP.components).max() / 127
    assert np.abs((hidden - MAP.mean) @ MAP.axes - MAP.components[sample]).max() < 0.51 * step
    assert np.allclose(MAP.axes.T @ MAP.axes, np.eye(embedding.COMPONENTS), atol=1e-5)
    for index, output in zip(sample, hidden, strict=True):
        assert index in MAP.place(output).neighbors


def test_new_digits_come_to_lie_among_their_like(door: Inference) -> None:
    test = datasets.load_test()[:200]
    places = [MAP.place(output) for output in embedding.hidden_outputs(door, test.images)]
    nearest = [TRAINING.labels[MAP.nearest_to(place.x, place.y)] for place in places]
    assert np.mean(np.array(nearest) == test.labels) > 0.97
    assert all(len(place.neighbors) == embedding.NEIGHBORS for place in places)


def test_a_point_leads_to_its_own_image() -> None:
    for index in (0, 12_345, 59_999):
        x, y = MAP.positions[index]
        found = MAP.nearest_to(float(x), float(y))
        assert np.array_equal(MAP.positions[found], MAP.positions[index])


def test_the_picture_has_a_dot_of_the_labels_color() -> None:
    png = embedding.paint(MAP, TRAINING.labels)
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    assert picture.shape == (embedding.SIDE, embedding.SIDE, 3)
    column, row = np.rint(MAP.positions[59_999] * (embedding.SIDE - 1)).astype(int)
    assert tuple(picture[row, column]) == embedding.COLORS[TRAINING.labels[59_999]]
    assert len(png) < 60_000


def test_what_is_missing_to_make_it_anew_is_said(
    door: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openTSNE", None)  # as where it is not installed
    with pytest.raises(EmbeddingError, match="pip install openTSNE"):
        embedding.build(door, tmp_path / "map.npz")
