"""Why an answer: each explanation against another way to the same numbers, on all networks."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from mnist_app.data import datasets
from mnist_app.explain.questions import (
    AskDream,
    AskEvidence,
    AskNoise,
    AskStrokes,
    Evidence,
    Explained,
)
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import Image, normalize, place_on_canvas
from mnist_app.model import builder, explaining, inspection
from mnist_app.networks.interventions import InterventionError, Interventions, Pooling
from mnist_app.networks.prediction import PredictionError
from mnist_app.networks.registry import NETWORKS

WITHOUT_CONVOLUTION = {"softmax", "mlp", "rnn"}


@pytest.fixture(scope="module")
def digits() -> Image:
    return datasets.load_test().images[:20]


def read(images: Image, network: str) -> Array:
    return inspection.outputs(images, "logits", network)


def evidence(image: Image, network: str = "cnn", digit: int = 7, **more: object) -> Evidence:
    return explaining.evidence(AskEvidence(Explained(network, **more), image, digit))


@pytest.mark.parametrize("network", NETWORKS)
def test_integrated_gradients_add_up_to_the_rise(network: str, digits: Image) -> None:
    for image in digits[:3]:
        found = evidence(image, network)
        both = read(np.stack([image, np.zeros_like(image)]), network)[:, 7]
        assert found.rise == pytest.approx(both[0] - both[1], abs=1e-3)
        assert found.integrated.sum() == pytest.approx(
            found.rise, abs=0.01 * max(abs(found.rise), 5)
        )


@pytest.mark.parametrize("network", NETWORKS)
def test_occlusion_is_what_a_loop_over_windows_finds(network: str, digits: Image) -> None:
    found = evidence(digits[0], network, digit=3)
    own = read(digits[:1], network)[0, 3]
    for row, column in [(0, 0), (14, 14), (27, 3), (9, 27), (20, 12)]:
        hidden = digits[0].copy()
        hidden[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3] = 0
        without = read(hidden[np.newaxis], network)[0, 3]
        assert found.occlusion[row, column] == pytest.approx(own - without, abs=1e-3)


@pytest.mark.parametrize("network", NETWORKS)
def test_grad_cam_weighs_each_map_by_its_mean_slope(network: str, digits: Image) -> None:
    found = evidence(digits[0], network).grad_cam
    assert (not found) == (network in WITHOUT_CONVOLUTION)
    for convolution, cam in found.items():
        layer = ("tanh" if network == "lenet" else "relu") + convolution[-1]
        maps = inspection.outputs(digits[:1], layer, network)[0]
        assert cam.shape == maps.shape[:2]
        slopes = _slopes(network, layer, maps).mean(axis=(0, 1))
        assert np.allclose(cam, maps @ slopes, atol=1e-3 * np.abs(cam).max())


def _slopes(network: str, layer: str, maps: Array) -> Array:
    """Return the slopes of the logit of 7 by each value of a layer's maps, by Keras's layers."""
    layers = builder.load(network).layers
    names = [one.name for one in layers]
    x = start = tf.constant(maps[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(start)
        for one in layers[names.index(layer) + 1 : names.index("logits") + 1]:
            x = one(x, training=False)
        logit = x[0, 7]
    return np.asarray(tape.gradient(logit, start)[0].numpy())


def test_random_layers_change_what_is_explained(digits: Image) -> None:
    own = evidence(digits[0])
    maps = [evidence(digits[0], randomized=layers).integrated for layers in range(own.layers + 1)]
    assert np.array_equal(maps[0], own.integrated)
    assert not any(np.array_equal(maps[0], other) for other in maps[1:])
    with pytest.raises(PredictionError, match="randomized"):
        evidence(digits[0], randomized=own.layers + 1)


def test_changed_kernels_are_explained_and_other_pooling_is_not(digits: Image) -> None:
    kernels, *_ = inspection.weights("cnn")["conv1"]
    muted = Interventions({"conv1": (np.zeros_like(kernels), None)})
    found = evidence(digits[0], interventions=muted)
    expected = inspection.layers(digits[0], "cnn", muted)["logits"]
    assert np.allclose(found.logits, expected, atol=1e-4)
    pooled = Interventions(pooling={"pool1": Pooling("average", 2, 2)})
    with pytest.raises(InterventionError, match="Reset"):
        evidence(digits[0], interventions=pooled)


@pytest.mark.parametrize("network", ["cnn", "mlp"])
def test_a_stroke_does_what_it_says(network: str, digits: Image) -> None:
    """Drawn over the canvas and normalized as any drawing, it is read as what was wanted."""
    ink = place_on_canvas(digits[4], 280)
    asked = AskStrokes(Explained(network), ink, (0, 9, 6))
    found = explaining.strokes(asked)
    assert set(found) == {0, 9, 6}
    assert found[9], "a 4 becomes a 9 by closing it"
    for wanted, strokes in found.items():
        assert [one.ink for one in strokes] == sorted(one.ink for one in strokes)
        for one in strokes:
            drawn = ink
            for stroke in one.strokes:
                drawn = stroke.over(drawn)
            again = normalize(drawn, background="black")
            assert again.problem is None
            assert int(read(again.image[np.newaxis], network)[0].argmax()) == wanted
            share = np.abs(one.canvas.astype(int) - ink).sum() / ink.sum(dtype=int)
            assert one.ink == pytest.approx(share)
            assert one.ink <= 0.4


def test_the_same_question_has_the_same_strokes(digits: Image) -> None:
    ink = place_on_canvas(digits[0], 280)
    first, second = (explaining.strokes(AskStrokes(Explained("cnn"), ink, (9,))) for _ in range(2))
    assert [one.logits.tolist() for one in first[9]] == [one.logits.tolist() for one in second[9]]


def test_noise_stays_within_its_strength_and_fools(digits: Image) -> None:
    asked = AskNoise(Explained("cnn"), digits[0], 3, (0, 16, 64, 128), 10, ("champion", "cnn"))
    found = explaining.noise(asked)
    for strength, image in zip(found.strengths, found.images, strict=True):
        assert np.abs(image.astype(int) - digits[0]).max() <= strength
    assert np.array_equal(found.images[0], digits[0])
    assert list(found.probabilities) == ["cnn", "champion"]
    wanted = found.probabilities["cnn"][:, 3]
    assert wanted[0] < 0.1 < 0.9 < wanted[-1]
    once = explaining.noise(replace(asked, steps=1))
    assert once.probabilities["cnn"][2, 3] <= found.probabilities["cnn"][2, 3] + 1e-6


@pytest.mark.parametrize(
    ("network", "layer", "active", "number"),
    [("cnn", "conv2", "relu2", 0), ("mlp", "logits", "logits", 3)],
)
def test_a_dream_excites_more_than_what_it_likes(
    network: str, layer: str, active: str, number: int
) -> None:
    """At the start of the first one the map is silent."""
    found = explaining.dream(AskDream(Explained(network), layer, number))
    assert found.image.shape == (28, 28)
    assert found.excitement > found.excitements[0]
    assert list(found.excitements) == sorted(found.excitements, reverse=True)
    liked = datasets.load_test().images[list(found.likes)]
    again = inspection.outputs(liked, active, network)[..., number].reshape(9, -1).mean(axis=1)
    assert np.allclose(again, found.excitements, rtol=1e-4)


def test_what_cannot_be_asked_is_refused_in_a_sentence(digits: Image) -> None:
    blank = np.zeros((280, 280), np.uint8)
    wrong: list[Callable[[], object]] = [
        lambda: evidence(digits[0], digit=10),
        lambda: evidence(digits[0][:20]),
        lambda: explaining.strokes(AskStrokes(Explained("cnn"), blank, (3,))),
        lambda: explaining.dream(AskDream(Explained("cnn"), "conv2", 99)),
        lambda: explaining.dream(AskDream(Explained("cnn"), "conv9", 0)),
        lambda: explaining.noise(AskNoise(Explained("cnn"), digits[0], 3, (300,), 1, ())),
    ]
    for ask in wrong:
        with pytest.raises(PredictionError, match=r"^[A-Z].*\.$"):
            ask()
