"""The network in the browser and its normalization, against Keras and `imaging.normalize`."""

import base64
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from playwright.sync_api import Browser

from mnist_app.data import datasets
from mnist_app.imaging import normalize
from mnist_app.imaging.normalize import Image, Problem
from mnist_app.model import builder
from mnist_app.networks import architecture, packing
from mnist_app.networks.architecture import Architecture
from mnist_app.networks.layer_specs import (
    Activation,
    AddChannel,
    Convolution,
    Dense,
    Flatten,
    Pooling,
    Softmax,
    ZeroPadding,
)
from mnist_app.networks.registry import NETWORKS
from tests.support.handwriting import DIGITS
from tests.support.javascript import Script

# A whole network runs in one call, so that nothing large travels back and forth.
RUN = """({ packed, images }) => {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const { layers } = globalThis.scripts.live.unpackNetwork(bytes.buffer);
  return images.map((image) =>
    globalThis.scripts.live.runNetwork(layers, image).map((values) => [...values]));
}"""
NORMALIZE = """async ({ width, height, packed }) => {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const unpacking = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const all = new Uint8Array(await new Response(unpacking).arrayBuffer());
  const results = [];
  for (let at = 0; at < all.length; at += width * height) {
    const values = all.subarray(at, at + width * height);
    const { image, problem } = globalThis.scripts.live.normalizeInk({ width, height, values });
    results.push({ image: [...image], problem });
  }
  return results;
}"""
PROBLEMS = {None: "", Problem.BLANK: "blank", Problem.FULL: "full", Problem.DOT: "dot"}
PROBLEMS[Problem.SEVERAL] = "several"


@pytest.fixture(scope="module")
def live(browser: Browser) -> Iterator[Script]:
    page = browser.new_page()
    yield Script(page, "live")
    page.close()


def outputs_in_browser(live: Script, packed: bytes, images: Image) -> list[list[list[float]]]:
    """Return the output of each layer for each image."""
    given = {
        "packed": base64.b64encode(packed).decode(),
        "images": images.reshape(-1, 784).tolist(),
    }
    answer: list[list[list[float]]] = live.page.evaluate(RUN, given)
    return answer


def check(live: Script, packed: bytes, network: keras.Model, images: Image) -> None:
    """Compare each layer, in the units of its own largest value."""
    everything = keras.Model(network.input, [layer.output for layer in network.layers[1:]])
    expected = everything(images.astype(np.float32))
    for index, found in enumerate(outputs_in_browser(live, packed, images)):
        for layer, values, from_keras in zip(network.layers[1:], found, expected, strict=True):
            wanted = np.asarray(from_keras[index]).ravel()
            unit = max(1.0, float(np.abs(wanted).max()))
            assert np.allclose(np.array(values) / unit, wanted / unit, atol=1e-4), layer.name


@pytest.mark.parametrize("name", NETWORKS)
def test_each_shipped_network_says_what_keras_says(live: Script, name: str) -> None:
    packed = packing.pack(name)
    assert packed is not None
    check(live, packed, builder.load(name), datasets.load_test().images[:3])


OTHERS: dict[str, Architecture] = {
    "strides and padding": (
        AddChannel(),
        Convolution("conv1", 3, 4, stride=3, padding="same"),
        Activation("tanh1", "tanh"),
        ZeroPadding("padding", 2),
        Convolution("conv2", 5, 3, stride=2, bias=False),
        Pooling("pool", 3, 1, "average"),
        Flatten(),
        Dense("dense", 7, "sigmoid"),
        Dense("logits", 10, ""),
        Softmax(),
    ),
    "windows that overlap": (
        AddChannel(),
        Convolution("conv1", 2, 5, padding="same"),
        Pooling("pool1", 3, 2),
        Convolution("conv2", 4, 2, stride=2, padding="same"),
        Pooling("pool2", 2, 3),
        Activation("relu", "relu"),
        Flatten(),
        Dense("logits", 10, ""),
        Softmax(),
    ),
    "built": architecture.built(2, 4, 3, 3, 2, "sigmoid", True, 0.3, 9),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_layers_say_what_keras_says(live: Script, name: str) -> None:
    keras.utils.set_random_seed(5)
    network = builder.build(OTHERS[name])
    generator = np.random.default_rng(3)
    for layer in network.layers:
        layer.set_weights([generator.uniform(0.1, 1, w.shape) for w in layer.get_weights()])
    text = packing.text_of(name, OTHERS[name])
    packed = struct.pack("<I", len(text)) + text + builder.weights_as_floats(network)
    check(live, packed, network, datasets.load_test().images[:3])


def test_weights_that_do_not_fit_are_refused(live: Script) -> None:
    text = packing.text_of("mlp", architecture.ARCHITECTURES["softmax"])
    packed = struct.pack("<I", len(text)) + text + bytes(4 * 7851)
    with pytest.raises(Exception, match="1 weights are left over"):
        outputs_in_browser(live, packed, datasets.load_test().images[:1])


def drawings() -> list[Image]:
    """1,000 drawings with all pens and sizes, at all places, among them dots and many digits."""
    generator = np.random.default_rng(11)
    return [_drawing(generator) for _ in range(1000)]


def _drawing(generator: np.random.Generator) -> Image:
    canvas = np.zeros((280, 280), np.uint8)
    digits = 2 if generator.random() < 0.15 else 1
    for _ in range(digits):
        size = generator.uniform(0.01, 0.9) * 280 / digits
        corner = generator.uniform(0, 280 - size, 2)
        for stroke in DIGITS[int(generator.integers(10))]:
            points = np.rint(np.array(stroke) / 100 * size + corner).astype(np.int32)
            pen = int(generator.integers(2, 37))
            cv2.polylines(canvas, [points], False, 255, pen, cv2.LINE_AA)
    return canvas


def test_a_drawing_is_normalized_within_a_gray_level(live: Script) -> None:
    pictures = drawings()
    packed = zlib.compress(np.stack(pictures).tobytes(), 1)
    given = {"width": 280, "height": 280, "packed": base64.b64encode(packed).decode()}
    found: list[dict[str, Any]] = live.page.evaluate(NORMALIZE, given)
    seen = set()
    for picture, one in zip(pictures, found, strict=True):
        expected = normalize.normalize(picture, background="black")
        assert one["problem"] == PROBLEMS[expected.problem]
        seen.add(one["problem"])
        if expected.problem is not Problem.BLANK:
            difference = np.array(one["image"], int) - expected.image.ravel()
            assert np.abs(difference).max() <= 1
    assert seen >= {"", "dot", "several"}


def test_gray_is_that_of_opencv(live: Script) -> None:
    generator = np.random.default_rng(2)
    pixels = generator.integers(0, 256, (40, 50, 4), np.uint8)
    pixels[..., 3] = 255
    given = {"width": 50, "height": 40, "data": pixels.ravel().tolist()}
    gray = "globalThis.scripts.live.toGray({ ...p, data: Uint8Array.from(p.data) })"
    found = live.page.evaluate(f"(p) => [...{gray}.values]", given)
    assert np.abs(np.array(found, int) - normalize.to_gray(pixels).ravel()).max() <= 1
