"""Synthetic digits and negatives, and the epochs that are mixed of them."""

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loky import get_reusable_executor

from mnist_app.data import datasets, negatives, synthetic_digits
from mnist_app.data.epochs import Epoch, Mixture
from mnist_app.data.rewritten_digits import rewrite_digits
from mnist_app.data.signs import SIGNS
from mnist_app.data.synthetic_digits import STYLES
from mnist_app.data.writer import POINTS, Writer, draw, slant_and_stretch
from mnist_app.imaging import normalize
from mnist_app.inference import Inference
from tests.support.handwriting import written

PEOPLE = [written(3), written(7)]
SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(0, 9))
def test_synthetic_digits_are_normalized_as_drawings_are(seed: int, label: int) -> None:
    writer = Writer(np.random.default_rng(seed))
    strokes = [writer.write(stroke) for stroke in STYLES[label](writer)]
    canvas = draw(slant_and_stretch(strokes, writer), 5)
    assert not canvas[[0, -1]].any()
    assert not canvas[:, [0, -1]].any()
    image = normalize.normalize_ink(canvas)
    assert np.array_equal(image, normalize.normalize(canvas, "black").image)
    assert image.max() == 255
    assert max(normalize.bounding_box(image)[2:]) == normalize.BOX_SIDE


@given(SEEDS, st.sampled_from(negatives.KINDS))
def test_every_kind_of_negative_leaves_ink_on_the_canvas(seed: int, kind: negatives.Kind) -> None:
    canvas = kind(Writer(np.random.default_rng(seed)))
    assert canvas.any()
    assert not canvas[[0, -1]].any()
    assert not canvas[:, [0, -1]].any()


@given(SEEDS, st.sampled_from(sorted(SIGNS)))
def test_every_sign_has_strokes(seed: int, name: str) -> None:
    strokes = negatives.sign(name, Writer(np.random.default_rng(seed)))
    assert all(stroke.shape == (POINTS, 2) for stroke in strokes)
    assert np.isfinite(np.concatenate(strokes)).all()


def test_no_sign_could_be_taken_for_a_digit() -> None:
    assert not set(SIGNS) & set(string.digits + "IOSZDBGbgijloqsyz")


def test_a_curve_goes_through_its_points_and_a_line_is_straight() -> None:
    writer = Writer(np.random.default_rng(3))
    writer.jitter = 0.0
    points = [(0.0, 0.0), (0.5, 1.0), (1.0, 0.0)]
    curve = writer.curve(*points)
    for point in points:
        assert np.abs(curve - point).sum(axis=1).min() == pytest.approx(0, abs=1e-9)
    assert np.array_equal(writer.line(*points), points)
    arc = writer.arc((0.5, 0.5), (0.5, 0.25), 0, 360)
    assert (((arc - 0.5) / [0.5, 0.25]) ** 2).sum(axis=1) == pytest.approx(1)


def test_seed_and_number_decide_on_an_epoch() -> None:
    split = datasets.load_training()
    few = datasets.Split(split.images[:500], split.labels[:500])
    executor = get_reusable_executor(2)
    first, again, other = (
        Epoch(executor, few, Mixture(300, 200, 100), 4, number, PEOPLE).result()
        for number in (0, 0, 1)
    )
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    images, targets = first
    assert images.shape == (1100, 28, 28)
    assert targets.sum(axis=1) == pytest.approx(1)
    assert np.array_equal(targets[:500].argmax(axis=1), few.labels)
    assert (targets[:900].max(axis=1) == 1).all()
    assert set(targets[800:900].argmax(axis=1)) == {3, 7}  # what people wrote
    assert (targets[900:] == np.float32(0.1)).all()


def test_a_share_of_an_epoch_is_spoiled() -> None:
    few = datasets.load_training()[:400]
    executor = get_reusable_executor(2)
    clean, spoiled = (
        Epoch(executor, few, Mixture(100, 100, 0, share), 4, 0).result()[0] for share in (0.0, 0.3)
    )
    changed = (clean != spoiled).any(axis=(1, 2))
    assert 0.2 < changed.mean() < 0.4
    assert changed[400:500].any()
    assert changed[500:].any()


def test_the_shipped_network_tells_digits_from_negatives(
    inference: Inference,
) -> None:
    generator = np.random.default_rng(123)
    images, labels = synthetic_digits.write_digits(500, generator)
    others = negatives.draw_negatives(500, generator)
    digits, drawings = (inference.probabilities(some, "cnn") for some in (images, others))
    assert np.mean(digits.argmax(axis=1) == labels) > 0.97
    assert np.mean(digits.max(axis=1) > 0.9) > 0.9
    assert np.mean(drawings.max(axis=1) < 0.5) > 0.9


def test_rewritten_digits_are_still_read(inference: Inference) -> None:
    """By the hand of another, with any pen; a network is the judge of whether one can read them."""
    people = [written(digit) for digit in range(10)]
    images, labels = rewrite_digits(people, 500, np.random.default_rng(9))
    answers = inference.probabilities(images, "champion")
    assert np.mean(answers.argmax(axis=1) == labels) > 0.93
