"""Augmented images: the same digits, written differently."""

import numpy as np
import pytest

from mnist_app.data import augmentation, datasets
from mnist_app.imaging import normalize
from tests.support.images import difference

IMAGES = datasets.load_training().images[:200]
AUGMENTED = augmentation.augment(IMAGES, np.random.default_rng(1))


def test_the_same_generator_state_gives_the_same_images() -> None:
    before = IMAGES.copy()
    again = augmentation.augment(IMAGES, np.random.default_rng(1))
    assert np.array_equal(again, AUGMENTED)
    assert not np.array_equal(augmentation.augment(IMAGES, np.random.default_rng(2)), AUGMENTED)
    assert np.array_equal(IMAGES, before)


def test_a_fifth_stays_as_it_is() -> None:
    unchanged = np.mean([np.array_equal(a, b) for a, b in zip(AUGMENTED, IMAGES, strict=True)])
    assert unchanged == pytest.approx(augmentation.UNCHANGED_SHARE, abs=0.08)


def test_augmented_images_resemble_their_own_digit() -> None:
    own = [difference(a, b) for a, b in zip(AUGMENTED, IMAGES, strict=True)]
    others = [difference(a, b) for a, b in zip(AUGMENTED, np.roll(IMAGES, 1, 0), strict=True)]
    assert np.mean(own) < 0.6 * np.mean(others)


def test_augmented_images_are_normalized() -> None:
    assert AUGMENTED.shape == IMAGES.shape
    assert AUGMENTED.dtype == np.uint8
    for image in AUGMENTED:
        assert np.abs(normalize.normalize_ink(image).astype(int) - image).max() <= 1
