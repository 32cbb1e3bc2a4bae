"""Training in a process of its own: the same seed gives the same weights, and it learns."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from mnist_app import augmentation, cards, dataset, engine
from tests.serving import ROOT
from tests.test_digit import difference

SHORT: dict[str, int] = {"images": 3000, "epochs": 1}


def train(folder: Path, seed: int) -> dict[str, np.ndarray]:
    assert engine.train(SHORT | {"seed": seed}, folder) == 0
    weights: dict[str, np.ndarray] = {}
    with h5py.File(folder / "cnn.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                weights.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return weights


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, np.ndarray]]:
    folder = tmp_path_factory.mktemp("first")
    return folder, train(folder, seed=5)


def test_same_seed_same_weights_and_another_seed_others(
    first: tuple[Path, dict[str, np.ndarray]], tmp_path: Path
) -> None:
    again = train(tmp_path / "again", seed=5)
    other = train(tmp_path / "other", seed=6)
    weights = first[1]
    assert len(weights) == 8
    assert all(np.array_equal(weights[name], again[name]) for name in weights)
    assert not any(np.array_equal(weights[name], other[name]) for name in weights)


def test_card_says_what_was_trained_and_how_good_it_is(
    first: tuple[Path, dict[str, np.ndarray]],
) -> None:
    card = cards.read_card("cnn", first[0])
    assert card.settings["seed"] == 5
    assert card.settings["images"] == 3000
    assert card.parameters == sum(layer.parameters for layer in card.layers)
    assert card.parameters == sum(weight.size for weight in first[1].values())
    assert card.test_accuracy > 0.5


def test_command_trains_into_the_folder_it_is_given(tmp_path: Path) -> None:
    options = ["--seed", "7", "--epochs", "1", "--images", "1000", "--output", str(tmp_path)]
    command = [sys.executable, "-m", "mnist_app", "train", *options]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    card = cards.read_card("cnn", tmp_path)
    assert (card.settings["seed"], card.settings["images"]) == (7, 1000)


def test_the_data_is_split_without_overlap() -> None:
    lengths = [len(dataset.load_training()), len(dataset.load_held_out()), len(dataset.load_test())]
    assert lengths == [57_000, 3_000, 10_000]


@pytest.mark.parametrize("name", cards.NETWORKS)
def test_every_network_ships_with_weights_and_a_card(name: str) -> None:
    card = cards.read_card(name)
    assert card.name == name
    assert card.parameters == sum(layer.parameters for layer in card.layers)
    assert card.settings["network"] == name
    assert card.settings["images"] == dataset.TRAINING_IMAGES
    assert 0 < card.reject_below < 0.9
    assert card.evaluation["mnist"]["accuracy"] == pytest.approx(card.test_accuracy, abs=2e-4)


def test_the_shipped_networks_are_as_good_and_as_small_as_they_should_be() -> None:
    assert cards.read_card("cnn").parameters <= 120_000
    assert cards.read_card("cnn").test_accuracy >= 0.995
    assert cards.read_card("champion").test_accuracy >= 0.996
    weights = [cards.ASSETS / f"{name}.weights.h5" for name in cards.NETWORKS]
    assert sum(file.stat().st_size for file in weights) <= 8e6


def test_augmented_images_are_variations_of_their_own_digit() -> None:
    images = dataset.load_training().images[:200]
    varied = augmentation.augment(images, np.random.default_rng(1))
    again = augmentation.augment(images, np.random.default_rng(1))
    assert np.array_equal(varied, again)
    assert varied.shape == images.shape
    assert varied.dtype == np.uint8
    untouched = np.mean([np.array_equal(a, b) for a, b in zip(varied, images, strict=True)])
    assert untouched == pytest.approx(augmentation.UNTOUCHED, abs=0.1)
    own = [difference(a, b) for a, b in zip(varied, images, strict=True)]
    others = [difference(a, b) for a, b in zip(varied, np.roll(images, 1, 0), strict=True)]
    assert np.mean(own) < 0.6 * np.mean(others)
