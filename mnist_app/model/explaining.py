"""Why a network answers as it does: by gradients, and by trying. Runs in the model process."""

import functools
from collections import OrderedDict
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_app.data import datasets
from mnist_app.explain.counterfactual import Counterfactual, Search
from mnist_app.explain.occlusion import hidden
from mnist_app.explain.questions import (
    AskDream,
    AskEvidence,
    AskNoise,
    AskResistance,
    AskStrokes,
    Dream,
    Evidence,
    Explained,
    Noise,
    Resistance,
    WhyQuestion,
)
from mnist_app.explain.tries import softmax
from mnist_app.imaging.convolution import Array
from mnist_app.imaging.normalize import IMAGE_SIDE, Image
from mnist_app.model.weighted_network import WeightedNetwork, Weights, weighted_network
from mnist_app.networks import registry
from mnist_app.networks.interventions import InterventionError
from mnist_app.networks.layers import layers_of_kind, maps_as_they_go_on
from mnist_app.networks.prediction import PredictionError

DIGITS = 10
# The way from black to the image in so many parts, and how many more steps are taken in those in
# which the logit changes most. With so many the pixels' shares add up to the whole within a
# hundredth.
PARTS, MORE_STEPS = 64, 200
# Images at a time: more are no faster.
BATCH = 256
LARGEST_STRENGTH = 128
MOST_NOISE_STEPS = 40
DREAM_STEPS = 80
DREAM_RATE = 12.0
# Shares by which a dream is blurred and darkened at each step, so that no single pixels stand out.
DREAM_BLUR, DREAM_FADE = 0.15, 0.01
DREAM_SEED = 3
LIKED_AMONG = 2000
LIKES = 9
RESISTED = 300
KEPT_SEARCHES = 4
EXAMPLES = 5000


def answer(question: WhyQuestion[Any]) -> object:
    """Return the answer to a question of `explain.questions`.

    Raises NetworkError for an unknown network, InterventionError for one with another pooling, and
    PredictionError for what cannot be asked.
    """
    match question:
        case AskEvidence():
            return evidence(question)
        case AskStrokes():
            return strokes(question)
        case AskNoise():
            return noise(question)
        case AskDream():
            return dream(question)
        case AskResistance():
            return resistance(question)
    raise TypeError(f"{type(question).__name__} is no question that can be answered.")


def evidence(asked: AskEvidence) -> Evidence:
    """Return what of an image speaks for a digit. Raises as `answer` does."""
    _check_digits(asked.digit)
    _check_image(asked.image)
    if not (asked.window % 2 and 1 <= asked.window <= IMAGE_SIDE):
        raise PredictionError(f"A window has an odd side, from 1 to {IMAGE_SIDE - 1} pixels.")
    subject = _Subject(asked.explained)
    logits, black = subject.logits(np.stack([asked.image, np.zeros_like(asked.image)]))
    return Evidence(
        logits,
        _occlusion(subject, asked),
        _integrated(subject, asked.image, asked.digit),
        float(logits[asked.digit] - black[asked.digit]),
        _grad_cam(subject, asked.image, asked.digit),
        len(subject.network.start),
    )


def strokes(asked: AskStrokes) -> dict[int, list[Counterfactual]]:
    """Return the strokes that make a network say each of some digits. Raises as `answer` does."""
    _check_digits(*asked.wanted)
    if asked.ink.ndim != 2 or asked.ink.dtype != np.uint8 or not asked.ink.any():
        raise PredictionError("Draw a digit first: a stroke changes nothing where nothing is.")
    search = _SEARCHES.of(asked)
    return {wanted: search.find(wanted) for wanted in asked.wanted}


def noise(asked: AskNoise) -> Noise:
    """Return an image with noise that is to make a network say another digit.

    The fast gradient sign method, https://arxiv.org/abs/1412.6572, towards the wanted digit; with
    more than one step, its repetition, https://arxiv.org/abs/1607.02533. Raises as `answer` does.
    """
    _check_digits(asked.wanted)
    _check_image(asked.image)
    _check_strengths(asked.strengths)
    if not 1 <= asked.steps <= MOST_NOISE_STEPS:
        raise PredictionError(f"Noise is made in 1 to {MOST_NOISE_STEPS} steps.")
    subject = _Subject(asked.explained)
    images = _noisy(subject, asked)
    answers = {asked.explained.network: softmax(subject.logits(images))}
    for other in asked.others:
        answers.setdefault(other, softmax(_Subject(Explained(other)).logits(images)))
    return Noise(asked.strengths, images, answers)


def resistance(asked: AskResistance) -> Resistance:
    """Return how many test images a network reads right under noise against their own digit.

    One step of the fast gradient sign method at each strength. Raises as `answer` does.
    """
    _check_strengths(asked.strengths)
    subject = _Subject(asked.explained)
    test = datasets.load_test()[:RESISTED]
    images = test.images.astype(np.float32)
    signs = tf.one_hot(test.labels, DIGITS, on_value=1.0, off_value=-1.0 / (DIGITS - 1))
    slopes, _ = subject.network.slopes(subject.weights, tf.constant(images), signs)
    away = -np.sign(slopes.numpy())
    accuracies = []
    for strength in asked.strengths:
        noisy = np.rint(np.clip(images + strength * away, 0, 255)).astype(np.uint8)
        read = subject.logits(noisy).argmax(axis=1)
        accuracies.append(float(np.mean(read == test.labels)))
    return Resistance(asked.strengths, tuple(accuracies), len(images))


def dream(asked: AskDream) -> Dream:
    """Return what excites a unit or a map most. Raises as `answer` does."""
    subject = _Subject(asked.explained)
    subject.check_unit(asked.layer, asked.number)
    active = maps_as_they_go_on(subject.layers, asked.layer).name
    image = _ascend(subject, (active, asked.layer), asked.number)
    images = datasets.load_test().images[:LIKED_AMONG]
    excited = subject.excitement(images, active, asked.number)
    likes = np.argsort(-excited, kind="stable")[:LIKES]
    made = subject.excitement(image[np.newaxis], active, asked.number)
    return Dream(
        image,
        float(made[0]),
        tuple(int(one) for one in likes),
        tuple(float(excited[one]) for one in likes),
        len(images),
    )


class _Searches:
    """The searches that were begun last: a page asks for one digit after the other."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Search] = OrderedDict()

    def of(self, asked: AskStrokes) -> Search:
        key = (*asked.explained.key, registry.version(asked.explained.network), asked.ink.tobytes())
        search = self._kept.pop(key, None) or _begin(asked)
        self._kept[key] = search
        while len(self._kept) > KEPT_SEARCHES:
            self._kept.popitem(last=False)
        return search


_SEARCHES = _Searches()


def _begin(asked: AskStrokes) -> Search:
    card = registry.read_card(asked.explained.network)
    subject = _Subject(asked.explained)
    return Search(asked.ink, subject, card.reject_below, _examples())


@functools.cache
def _examples() -> dict[int, Image]:
    """Return some training images of each digit."""
    known = datasets.load_training()[:EXAMPLES]
    return {digit: known.images[known.labels == digit] for digit in range(DIGITS)}


class _Subject:
    """A network with the weights that it is to be explained with."""

    def __init__(self, explained: Explained) -> None:
        if explained.interventions.pooling:
            raise InterventionError(
                "With another pooling than its own a network cannot be explained. Press “Reset” "
                "on Max pooling first."
            )
        self.name = explained.network
        self.network: WeightedNetwork = weighted_network(self.name)
        self.weights: Weights = _changed(self.network, explained)
        self.layers = registry.read_card(self.name).layers

    def logits(self, images: Image) -> Array:
        """Return float32 (n, 10) for images, uint8 (n, 28, 28)."""
        return np.concatenate(
            [
                self.network.logits(self.weights, tf.constant(images[start : start + BATCH]))
                for start in range(0, len(images), BATCH)
            ]
        )

    def slopes(self, images: Image, signs: Array) -> Array:
        """Return the derivatives of each image's logits, weighed by `signs`, by each pixel.

        `images` is uint8 (n, 28, 28), `signs` float32 (n, 10), the result float32 (n, 28, 28).
        """
        x = tf.constant(images.astype(np.float32))
        slopes, _ = self.network.slopes(self.weights, x, tf.constant(signs))
        return np.asarray(slopes.numpy())

    def convolutions(self) -> dict[str, str]:
        """Return the convolutions, each with the layer that gives its maps as they go on."""
        return {
            layer.name: maps_as_they_go_on(self.layers, layer.name).name
            for layer in layers_of_kind(self.layers, "Conv2D")
        }

    def check_unit(self, layer: str, number: int) -> None:
        """Raise PredictionError where a layer has no unit or map of this number."""
        shapes = {one.name: one.shape for one in self.layers[1:]}
        if layer not in shapes or not 0 <= number < shapes[layer][-1]:
            raise PredictionError("The network has no such unit or map. Pick another one.")

    def unit_slope(self, image: Array, layer: str, number: int) -> Array:
        """Return the derivatives of a unit's output by each pixel of one image, (1, 28, 28)."""
        x, unit = tf.constant(image), tf.constant(number)
        return np.asarray(self.network.unit_slope(self.weights, x, layer, unit).numpy())

    def excitement(self, images: Image, layer: str, number: int) -> Array:
        """Return the output of a unit, or the mean of a map, for each image, float32 (n,)."""
        found = [
            self.network.outputs(self.weights, tf.constant(images[start : start + BATCH]), layer)
            for start in range(0, len(images), BATCH)
        ]
        one = np.concatenate(found)[..., number]
        return np.asarray(one.reshape(len(images), -1).mean(axis=1))


def _changed(network: WeightedNetwork, explained: Explained) -> Weights:
    """Return a network's weights with the kernels that were changed and the random layers."""
    weights = dict(network.start)
    for layer, (kernels, biases) in explained.interventions.kernels.items():
        given = [array for array in (kernels, biases) if array is not None]
        weights[layer] = tuple(tf.constant(array, tf.float32) for array in given)
    if not 0 <= explained.randomized <= len(weights):
        raise PredictionError(f"From 0 to {len(weights)} layers can be randomized.")
    names = list(weights)[len(weights) - explained.randomized :]
    fresh = weighted_network(explained.network, is_fresh=True).start if names else {}
    return weights | {name: fresh[name] for name in names}


def _occlusion(subject: _Subject, asked: AskEvidence) -> Array:
    """Return by how much the logit falls when a window around each pixel is black, (28, 28)."""
    images = hidden(asked.image, asked.window)
    hides_ink = (images != asked.image).any(axis=(1, 2))
    read = subject.logits(np.concatenate([asked.image[np.newaxis], images[hides_ink]]))
    falls = np.zeros(len(images), np.float32)
    falls[hides_ink] = read[0, asked.digit] - read[1:, asked.digit]
    return falls.reshape(IMAGE_SIDE, IMAGE_SIDE)


def _integrated(subject: _Subject, image: Image, digit: int) -> Array:
    """Return integrated gradients from black, https://arxiv.org/abs/1703.01365, (28, 28)."""
    shares, widths = _steps(subject, image, digit)
    path = shares[:, np.newaxis, np.newaxis] * image.astype(np.float32)
    slopes, _ = subject.network.slopes(subject.weights, tf.constant(path), _only(digit))
    return np.asarray(np.tensordot(widths, slopes.numpy(), axes=1) * image)


def _steps(subject: _Subject, image: Image, digit: int) -> tuple[Array, Array]:
    """Return where on the way from black to an image slopes are taken, and for how much of it."""
    ends = np.linspace(0, 1, PARTS + 1, dtype=np.float32)
    images = tf.constant(ends[:, np.newaxis, np.newaxis] * image.astype(np.float32))
    logits = subject.network.logits(subject.weights, images).numpy()[:, digit]
    rises = np.abs(np.diff(logits)) + 1e-6
    counts = 1 + np.rint(MORE_STEPS * rises / rises.sum()).astype(int)
    shares, widths = [], []
    for start, count in zip(ends[:-1], counts, strict=True):
        shares.append(start + (np.arange(count) + 0.5) / (PARTS * count))
        widths.append(np.full(count, 1 / (PARTS * count)))
    return (
        np.concatenate(shares).astype(np.float32),
        np.concatenate(widths).astype(np.float32),
    )


def _grad_cam(subject: _Subject, image: Image, digit: int) -> dict[str, Array]:
    """Return Grad-CAM of each convolution with its negative parts, see arxiv.org/abs/1610.02391.

    As there, it is made of the maps after the activation.
    """
    x = tf.constant(image[np.newaxis].astype(np.float32))
    convolutions = subject.convolutions()
    layers = [*convolutions.values()]
    _, found = subject.network.slopes(subject.weights, x, _only(digit), layers)
    maps = {}
    for convolution, layer in convolutions.items():
        outputs, slopes = (one.numpy()[0] for one in found[layer])
        maps[convolution] = np.asarray(outputs @ slopes.mean(axis=(0, 1)))
    return maps


def _noisy(subject: _Subject, asked: AskNoise) -> Image:
    """Return the image at each strength, uint8 (n, 28, 28)."""
    reach = np.array(asked.strengths, np.float32)[:, np.newaxis, np.newaxis]
    image = asked.image.astype(np.float32)
    low, high = np.maximum(image - reach, 0), np.minimum(image + reach, 255)
    made = np.repeat(image[np.newaxis], len(reach), axis=0)
    for _ in range(asked.steps):
        now = subject.logits(np.rint(made).astype(np.uint8)).copy()
        now[:, asked.wanted] = -np.inf
        signs = -np.eye(DIGITS, dtype=np.float32)[now.argmax(axis=1)]
        signs[:, asked.wanted] += 1
        slopes, _ = subject.network.slopes(subject.weights, tf.constant(made), tf.constant(signs))
        step = reach if asked.steps == 1 else 2.5 * reach / asked.steps
        made = np.clip(made + step * np.sign(slopes.numpy()), low, high)
    return np.rint(made).astype(np.uint8)


def _ascend(subject: _Subject, layers: tuple[str, str], number: int) -> Image:
    """Return an image, uint8 (28, 28), that climbs the gradient of a unit's output.

    While it is silent, which has no gradient, the sum before its activation is climbed: `layers`
    are the activation's and the sum's. At each step it is blurred and faded a little, see https://distill.pub/2017/feature-visualization.
    """
    chance = np.random.default_rng(DREAM_SEED)
    image = chance.uniform(0, 60, (1, IMAGE_SIDE, IMAGE_SIDE)).astype(np.float32)
    active, layer = layers
    for _ in range(DREAM_STEPS):
        slope = subject.unit_slope(image, active, number)
        if active != layer and not slope.any():
            slope = subject.unit_slope(image, layer, number)
        size = float(np.sqrt((slope**2).mean())) or 1.0
        image = image + DREAM_RATE * slope / size
        around = sum(np.roll(image, shift, axis) for shift in (1, -1) for axis in (1, 2)) / 4
        image = (1 - DREAM_BLUR) * image + DREAM_BLUR * around
        image = np.clip((1 - DREAM_FADE) * image, 0, 255).astype(np.float32)
    return np.rint(image[0]).astype(np.uint8)


@functools.cache
def _only(digit: int) -> tf.Tensor:
    return tf.one_hot([digit], DIGITS)


def _check_digits(*digits: int) -> None:
    if not all(0 <= digit < DIGITS for digit in digits):
        raise PredictionError("A digit is from 0 to 9.")


def _check_strengths(strengths: tuple[int, ...]) -> None:
    if not all(0 <= one <= LARGEST_STRENGTH for one in strengths):
        raise PredictionError(f"Noise has a strength from 0 to {LARGEST_STRENGTH}.")


def _check_image(image: NDArray[Any]) -> None:
    if image.shape != (IMAGE_SIDE, IMAGE_SIDE) or image.dtype != np.uint8:
        raise PredictionError(f"An image has {IMAGE_SIDE} × {IMAGE_SIDE} pixels, 0 to 255.")
