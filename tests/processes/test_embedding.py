"""The map that ships: of a sample, what it was made of is computed again."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mnist_app.analysis import embedding
from mnist_app.analysis.embedding import LAYER, NETWORK, EmbeddingError
from mnist_app.data import datasets
from mnist_app.inference import Inference

TRAINING = datasets.load_all_training()
MAP = embedding.read()


def test_the_map_is_made_of_this_networks_hidden_layer(inference: Inference) -> None:
    sample = np.arange(0, 60_000, 1999)
    hidden = inference.outputs(TRAINING.images[sample], LAYER, NETWORK)
    step = np.abs(MAP.components).max() / 127
    assert np.abs((hidden - MAP.mean) @ MAP.axes - MAP.components[sample]).max() < 0.51 * step
    assert np.allclose(MAP.axes.T @ MAP.axes, np.eye(embedding.COMPONENTS), atol=1e-5)
    for index, output in zip(sample, hidden, strict=True):
        assert index in MAP.place(output).neighbors


def test_new_digits_lie_among_similar_ones(inference: Inference) -> None:
    test = datasets.load_test()[:200]
    places = [MAP.place(output) for output in inference.outputs(test.images, LAYER, NETWORK)]
    nearest = [TRAINING.labels[place.neighbors[0]] for place in places]
    assert np.mean(np.array(nearest) == test.labels) > 0.97
    assert all(len(place.neighbors) == embedding.NEIGHBORS for place in places)


def test_images_follow_each_other_as_on_the_map() -> None:
    order = embedding.order(MAP)
    assert np.array_equal(np.sort(order), np.arange(60_000))
    steps = np.linalg.norm(np.diff(MAP.positions[order], axis=0), axis=1)
    assert np.median(steps) < 0.01


def test_a_block_holds_its_images() -> None:
    png = embedding.block(MAP, TRAINING.images, 239)
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    index = embedding.order(MAP)[239 * embedding.BLOCK + 26]  # the second one in the second row
    assert np.array_equal(picture[28:56, 28:56], TRAINING.images[index])
    assert len(png) < 80_000


def test_principal_axes_are_those_of_the_largest_variance() -> None:
    generator = np.random.default_rng(1)
    spread = np.linspace(10, 1, 30)
    values = (generator.normal(size=(5000, 30)) * spread + 5).astype(np.float32)
    mean, axes = embedding.principal_axes(values)
    assert mean == pytest.approx(values.mean(axis=0))
    variances = ((values - mean) @ axes).var(axis=0)
    assert (np.diff(variances) <= 0).all()
    assert np.allclose(variances, spread[: embedding.COMPONENTS] ** 2, rtol=0.15)


def test_a_missing_package_is_named(
    inference: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openTSNE", None)  # as where it is not installed
    with pytest.raises(EmbeddingError, match="pip install openTSNE"):
        embedding.build(inference, tmp_path / "map.npz")


class FakeTSNE:
    """Stretches the first two components, so that nothing takes minutes."""

    def __init__(self, **_: object) -> None:
        pass

    def fit(self, values: np.ndarray) -> np.ndarray:
        return values[:, :2] * [3, -2]


def test_a_map_is_written_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hidden:
        """Answers with random outputs of the hidden layer."""

        def outputs(self, images: np.ndarray, layer: str, network: str) -> np.ndarray:
            assert (layer, network) == (LAYER, NETWORK)
            return np.random.default_rng(1).normal(size=(len(images), 128)).astype(np.float32)

        def probabilities(self, images: np.ndarray, network: str) -> np.ndarray:
            raise NotImplementedError

    monkeypatch.setitem(sys.modules, "openTSNE", type(sys)("openTSNE"))
    monkeypatch.setattr("openTSNE.TSNE", FakeTSNE, raising=False)
    file = tmp_path / "map.npz"
    embedding.build(Hidden(), file)
    built = embedding.load(file)
    assert built.positions.shape == (60_000, 2)
    assert built.positions.min() == 0
    assert built.positions.max() == 1
    assert built.components.shape == (60_000, embedding.COMPONENTS)
    assert [path.name for path in tmp_path.iterdir()] == ["map.npz"]
