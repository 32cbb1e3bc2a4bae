"""People's digits written anew, and the faults of bad scans."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_app.data import rewritten_digits, scan_faults
from mnist_app.data.rewritten_digits import rewrite, rewrite_digits
from mnist_app.data.scan_faults import FAULTS, Fault, spoil
from mnist_app.data.stroke_files import WrittenDigit
from mnist_app.data.writer import POINTS, Writer
from mnist_app.imaging import normalize
from tests.support.handwriting import drawn, written

STEPS = range(-3, 4)
SEEDS = st.integers(0, 2**32 - 1)
COORDINATES = st.tuples(*[st.floats(-1e4, 1e4, width=32)] * 2)


@given(SEEDS, st.lists(st.lists(COORDINATES, min_size=1, max_size=40), min_size=1, max_size=3))
def test_any_strokes_become_an_image(seed: int, strokes: list[list[tuple[float, float]]]) -> None:
    digit = WrittenDigit(3, tuple(np.array(stroke, np.float64) for stroke in strokes))
    image = rewrite(digit, np.random.default_rng(seed))
    assert image.dtype == np.uint8
    assert image.shape == (28, 28)
    assert image.max() == 255
    assert max(normalize.bounding_box(image)[2:]) == normalize.BOX_SIDE


def test_the_same_seed_writes_the_same_digits() -> None:
    people = [written(digit) for digit in range(10)]
    images, labels = rewrite_digits(people, 60, np.random.default_rng(5))
    again, _ = rewrite_digits(people, 60, np.random.default_rng(5))
    other, _ = rewrite_digits(people, 60, np.random.default_rng(6))
    assert np.array_equal(images, again)
    assert not np.array_equal(images, other)
    assert set(labels.tolist()) == set(range(10))
    assert len(np.unique(images, axis=0)) == 60


def test_a_fast_hand_rounds_corners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corner = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])

    def distance_from_corner(overlap: float) -> float:
        writer = Writer(np.random.default_rng(2))
        monkeypatch.setattr(writer, "_overlap", overlap)
        monkeypatch.setattr(writer, "_tremor", lambda _distances: 0.0)
        path = writer.write(corner)
        assert path.shape == (POINTS, 2)
        assert path[0] == pytest.approx([0, 0], abs=0.02)
        assert path[-1] == pytest.approx([1, 1], abs=0.02)
        return float(np.abs(path - [1, 0]).sum(axis=1).min())

    slow, usual, fast = (distance_from_corner(overlap) for overlap in (0.2, 1.5, 5))
    assert slow < usual < fast


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@settings(max_examples=25)
@given(seed=SEEDS)
def test_a_fault_changes_an_image_and_keeps_its_form(fault: Fault, seed: int) -> None:
    image = normalize.normalize_ink(drawn(5))
    before = image.copy()
    spoiled = fault(image, np.random.default_rng(seed))
    assert np.array_equal(image, before)
    assert spoiled.dtype == np.uint8
    assert spoiled.shape == (28, 28)
    # A person still reads it: most of the ink is where it was, or a few pixels beside.
    shifts = [np.roll(spoiled, (down, across), (0, 1)) for down in STEPS for across in STEPS]
    assert max(np.corrcoef(image.ravel(), one.ravel())[0, 1] for one in shifts) > 0.25


def test_a_share_of_the_images_is_spoiled() -> None:
    images = np.stack([normalize.normalize_ink(drawn(digit)) for digit in range(10)] * 40)
    spoiled = spoil(images, 0.25, np.random.default_rng(3))
    changed = (spoiled != images).any(axis=(1, 2)).mean()
    assert 0.17 < changed < 0.33
    assert np.array_equal(spoiled, spoil(images, 0.25, np.random.default_rng(3)))
    assert np.array_equal(images, spoil(images, 0.0, np.random.default_rng(3)))


def test_bending_moves_a_corner_as_its_node() -> None:
    moved = np.zeros((3, 3, 2))
    moved[0, 2] = 0.1, -0.2
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    bent = rewritten_digits._bend(corners, moved)
    assert bent - corners == pytest.approx(np.array([[0, 0], [0.1, -0.2], [0, 0]]))


def test_hidden_parts_are_black() -> None:
    white = np.full((28, 28), 255, np.uint8)
    for seed in range(20):
        hidden = scan_faults.hidden_part(white, np.random.default_rng(seed))
        assert 0 < (hidden == 0).sum() < 28 * 10
