"""The living network: its paths against NumPy, and that it moves with pen, pointer and keys."""

import base64
import struct
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_app.data import datasets
from mnist_app.imaging.convolution import Array
from mnist_app.model import builder
from mnist_app.networks import architecture, packing
from tests.browser.conftest import OpenPage, start_stroke, wait_for_network
from tests.support.javascript import Script
from tests.support.serving import Server

# What each node's value is the sum of: a node is a stage, a map and a place in the map.
PARTS = """({ packed, image, nodes }) => {
  const { live, living_network: living } = globalThis.scripts;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const { layers } = live.unpackNetwork(bytes.buffer);
  const outputs = live.runNetwork(layers, image);
  const stages = living.stagesOf(layers);
  const outputOf = (name) => outputs[layers.findIndex(({ spec }) => spec.name === name)];
  const ink = image.map((value) => value / 255);
  const values = stages.map(({ output }, at) => (at ? outputOf(output) : ink));
  return nodes.map((node) => {
    const at = stages.findIndex(({ layer }) => layer?.spec.name === node.stage);
    const few = { fan: 3, width: 4 };
    const paths = living.pathsBack(stages, values, at, [{ ...node, weight: 1 }], few);
    return {
      parts: living.partsOf(stages, values, at, node),
      followed: paths[at].map(({ from }) => from.map),
      reachesInk: paths.slice(1, at + 1).every((some) => some.length > 0),
    };
  });
}"""
BUILT = architecture.built(2, 3, 3, 2, 2, "tanh", True, 0.0, 6)
NETWORK = ".living-network canvas"


@pytest.fixture(scope="module")
def scripts(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    for name in ("live", "living_network"):
        Script(page, name)
    yield page
    page.close()


def built() -> tuple[bytes, keras.Model]:
    """A network with "same" padding, batch normalization and negative values."""
    keras.utils.set_random_seed(7)
    network = builder.build(BUILT)
    generator = np.random.default_rng(2)
    for layer in network.layers:
        layer.set_weights([generator.uniform(-1, 1, w.shape) ** 2 for w in layer.get_weights()])
    text = packing.text_of("built", BUILT)
    return struct.pack("<I", len(text)) + text + builder.weights_as_floats(network), network


def shipped() -> tuple[bytes, keras.Model]:
    packed = packing.pack("cnn")
    assert packed is not None
    return packed, builder.load("cnn")


def inputs_of(network: keras.Model, name: str, image: Array) -> Array:
    """Return what a layer gets for an image, without the batch."""
    model = keras.Model(network.input, network.get_layer(name).input)
    return np.asarray(model(image[np.newaxis].astype(np.float32)))[0]


def window_of(layer: keras.Layer, source: Array, place: int, columns: int) -> Array:
    """Return what a convolution's kernel lies on, (rows, columns, maps), at a place of its map."""
    side = layer.kernel_size[0]
    if layer.padding == "same":
        before = (side - 1) // 2
        source = np.pad(source, ((before, side), (before, side), (0, 0)))
    row, column = divmod(place, columns)
    return source[row : row + side, column : column + side]


@pytest.mark.parametrize("make", [shipped, built])
def test_a_path_is_what_the_value_is_the_sum_of(scripts: Page, make: object) -> None:
    packed, network = make()  # type: ignore[operator]
    image = datasets.load_test().images[4]
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    columns = convolutions[1].output.shape[2]
    places = [0, columns + 1, columns * columns // 2, columns * columns - 1]
    nodes = [{"stage": convolutions[1].name, "map": 2, "place": place} for place in places]
    nodes += [{"stage": layer.name, "map": 3, "place": 0} for layer in dense]
    given = {
        "packed": base64.b64encode(packed).decode(),
        "image": image.ravel().tolist(),
        "nodes": nodes,
    }
    found = scripts.evaluate(PARTS, given)
    source = inputs_of(network, convolutions[1].name, image)
    for place, one in zip(places, found, strict=False):
        window = window_of(convolutions[1], source, place, columns)
        products = window * convolutions[1].get_weights()[0][..., 2]
        check(one, products.sum(axis=(0, 1)))
    for layer, one in zip(dense, found[len(places) :], strict=True):
        products = inputs_of(network, layer.name, image) * layer.get_weights()[0][:, 3]
        if layer is dense[0]:  # units that were flattened belong to the map that they came from
            products = products.reshape(-1, convolutions[-1].filters)
        check(one, products if products.ndim == 1 else products.sum(axis=0))
        assert one["reachesInk"]


def check(found: Any, expected: Array) -> None:  # noqa: ANN401
    """Compare the parts with one sum for each map of the layer before; the largest are followed."""
    amounts = np.zeros(len(expected))
    for part in found["parts"]:
        amounts[part["map"]] = part["amount"]
    unit = max(1.0, float(np.abs(expected).max()))
    assert np.allclose(amounts / unit, expected / unit, atol=1e-4)
    followed = np.sort(np.abs(amounts[found["followed"]]))
    assert np.allclose(followed, np.sort(np.abs(amounts))[-len(followed) :])


def test_it_moves_before_pen_up(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url)
    wait_for_network(page)
    canvas = page.locator(NETWORK)
    canvas.wait_for()
    still = canvas.evaluate("canvas => canvas.toDataURL()")
    start_stroke(page, 3)
    page.wait_for_function(
        "([canvas, still]) => canvas.toDataURL() !== still", arg=[canvas.element_handle(), still]
    )
    expect(page.locator("[data-answer]").first).to_have_attribute("data-source", "live")
    page.mouse.up()
    expect(page.get_by_role("status", name="Prediction")).to_have_text("3")


def test_pointer_and_keys_light_a_unit(open_page: OpenPage, server: Server) -> None:
    page = open_page(server.url)
    wait_for_network(page)
    start_stroke(page, 3)
    page.mouse.up()
    expect(page.get_by_role("status", name="Prediction")).to_have_text("3")
    canvas, label = page.locator(NETWORK), page.locator(".living-network .label")
    canvas.focus()
    page.keyboard.press("ArrowLeft")
    expect(label).to_have_text("digit 3: 100.0%")
    page.keyboard.press("ArrowLeft")
    expect(label).to_contain_text("dense1, unit")
    page.keyboard.press("ArrowLeft")
    while "dense1" in label.inner_text():
        page.keyboard.press("ArrowLeft")
    expect(label).to_contain_text("pool2, map")
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 40, box["y"] + box["height"] / 2)
    expect(label).to_contain_text("digit")
    page.mouse.move(box["x"] + 60, box["y"] + 5)
    expect(label).to_be_hidden()
