"""The pages that look inside, without a browser: their numbers against Keras's, their sentences."""

import base64
import re

import keras
import numpy as np
import pytest

from mnist_app.data import datasets
from mnist_app.imaging import convolution
from mnist_app.imaging.image_files import decode_png, encode_png
from mnist_app.imaging.normalize import normalize
from mnist_app.model import builder
from mnist_app.networks.interventions import Pooling
from mnist_app.networks.layers import activation_after, layers_of_kind
from mnist_app.networks.registry import NETWORKS, read_card, title
from tests.support.apptest import (
    answer_text,
    answer_texts,
    answers,
    choose_network,
    component,
    component_keys,
    draw,
    go_to,
    grid_values,
    open_page,
    press,
    run,
    send,
    shown_code,
    text_of,
)
from tests.support.handwriting import drawn

PAGES = ["pixels", "convolution", "feature_maps", "max_pooling"]
EXAMPLE = datasets.load_test().images[0]


def as_typed(version: str, texts: list[list[str]]) -> dict[str, object]:
    """What the matrix sends."""
    return {"typed": {"version": version, "texts": texts}}


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_an_example_and_then_the_drawing(name: str) -> None:
    app = open_page(name)
    sentence = "Nothing is drawn yet, so this is an example from MNIST, labeled 7."
    assert sentence in text_of(app)
    assert answers(app)[0] == "7"
    draw(app, 3)
    assert "example from MNIST" not in text_of(app)
    assert answers(app)[0] == "3"


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_every_network(name: str) -> None:
    app = open_page(name)
    for network in NETWORKS:
        choose_network(app, network)
        assert app.selectbox(key="network").value == network
        if name == "convolution" and network in ("rnn", "mlp", "softmax"):
            assert f"“{title(network)}” has no convolution layer." in text_of(app)


@pytest.mark.parametrize("name", PAGES)
def test_a_damaged_drawing_leaves_the_example(name: str) -> None:
    app = open_page(name)
    send(app, b"no picture")
    sentence = (
        "The drawing arrived damaged. Press Clear and draw again. Until then, this is an example "
        "from MNIST, labeled 7."
    )
    assert sentence in text_of(app)
    assert answers(app)[0] == "7"


def test_a_button_leads_to_a_network_with_maps() -> None:
    app = open_page("convolution")
    choose_network(app, "mlp")
    press(app, "Switch to Small CNN")
    assert app.selectbox(key="network").value == "cnn"
    assert component(app, "lens_learned")["activation"] == "ReLU"


@pytest.mark.parametrize(
    ("kernel", "side", "stride", "padding"),
    [("Sobel vertical", 3, 1, "valid"), ("Gaussian blur", 5, 2, "same"), ("Emboss", 3, 1, "same")],
)
def test_convolution_lens_and_code_agree_with_keras(
    kernel: str, side: int, stride: int, padding: convolution.Padding
) -> None:
    app = open_page("convolution")
    app.selectbox(key="kernel_name").set_value(kernel)
    app.segmented_control(key="kernel_side").set_value(side)
    app.segmented_control(key="kernel_padding").set_value(padding)
    app.number_input(key="kernel_stride").set_value(stride)
    run(app)
    lens = component(app, "lens_kernel")
    np.testing.assert_array_equal(grid_values(lens, "input"), EXAMPLE)
    weights = grid_values(lens, "kernel")
    np.testing.assert_array_equal(weights, convolution.preset(kernel, side))
    batch = EXAMPLE[None, :, :, None].astype("float32")
    result = np.asarray(keras.ops.conv(batch, weights[:, :, None, None], stride, padding))
    np.testing.assert_allclose(grid_values(lens, "output"), result[0, :, :, 0], atol=1e-3)
    shown = shown_code(app, "keras.ops.conv")
    np.testing.assert_allclose(shown["result"], grid_values(lens, "output"), atol=1e-3)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ([["1", "x", "1"], ["0"] * 3, ["0"] * 3], "“x” is not a number"),
        ([["1", "9e9", "1"], ["0"] * 3, ["0"] * 3], "9e9 is too large"),
        ([["0"] * 3] * 3, "This kernel is all zeros"),
    ],
)
def test_an_unusable_kernel_is_explained(texts: list[list[str]], sentence: str) -> None:
    app = open_page("convolution")
    before = component_keys(app)
    app.session_state["kernel"] = as_typed(component(app, "kernel")["version"], texts)
    run(app)
    assert sentence in text_of(app)
    assert component_keys(app) == before
    assert answers(app)[0] == "7"


def test_an_edited_kernel_is_kept_and_can_be_reset() -> None:
    app = open_page("convolution")
    texts = [["0", "0", "0"], ["0", "2", "0"], ["0", "0", "0"]]
    app.session_state["kernel"] = as_typed(component(app, "kernel")["version"], texts)
    run(app)
    doubled = 2.0 * EXAMPLE[1:-1, 1:-1]
    np.testing.assert_array_equal(grid_values(component(app, "lens_kernel"), "output"), doubled)
    go_to(app, "pixels")
    go_to(app, "convolution")
    assert component(app, "kernel")["texts"] == texts
    press(app, "Reset kernel")
    np.testing.assert_array_equal(
        grid_values(component(app, "lens_kernel"), "kernel"),
        convolution.PRESETS["Sobel vertical"].kernel,
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_drawing_in_another_form_does_no_harm(name: str) -> None:
    app = open_page(name)
    gray = drawn(3)
    for picture in (
        gray,
        np.dstack([gray] * 3),
        gray[:200, :120],
        np.full((280, 280), 255, np.uint8),
    ):
        send(app, encode_png(picture))
        assert "example from MNIST" not in text_of(app)
    assert "There is ink almost everywhere." in text_of(app)


@pytest.mark.parametrize("data", ["no", {"typed": 1}, {"typed": {"version": "?", "texts": None}}])
def test_nonsense_from_a_browser_does_no_harm(data: object) -> None:
    app = open_page("convolution")
    for key in ("kernel", "learned"):
        app.session_state[key] = data if isinstance(data, dict) else {"typed": data, "picked": data}
    run(app)
    assert answers(app)[0] == "7"


def test_a_stride_larger_than_the_image_is_explained() -> None:
    app = open_page("convolution")
    app.number_input(key="kernel_stride").set_value(29)
    run(app)
    assert "A stride of 29 is larger than the image of 28 × 28" in text_of(app)
    assert answers(app)[0] == "7"


@pytest.mark.parametrize("network", ["cnn", "champion", "lenet"])
def test_learned_kernel_is_the_first_layer_of_keras(network: str) -> None:
    app = open_page("convolution")
    choose_network(app, network)
    app.number_input(key="learned_kernel").set_value(3)
    run(app)
    lens = component(app, "lens_learned")
    card = read_card(network)
    layer = layers_of_kind(card.layers, "Conv2D")[0]
    following = activation_after(card.layers, layer.name)
    shown = shown_code(app, "get_weights")
    trained = shown["network"].get_layer((following or layer).name).output
    maps = np.asarray(keras.Model(shown["network"].input, trained)(EXAMPLE[None].astype("float32")))
    np.testing.assert_allclose(grid_values(lens, "output"), maps[0, ..., 3], atol=1e-5)
    np.testing.assert_array_equal(grid_values(lens, "kernel"), shown["kernels"][:, :, 0, 3])


def test_muted_kernels_change_the_answer_and_come_back() -> None:
    app = open_page("convolution")
    trained = answer_texts(app)
    for number in range(16):
        app.number_input(key="learned_kernel").set_value(number)
        run(app)
        press(app, "Mute")
    assert "Changed kernels: 0, 1, 2, 3, 4" in text_of(app)
    muted = shown_code(app, "get_weights")
    assert not muted["kernels"].any()
    probabilities = np.asarray(muted["network"](EXAMPLE[None].astype("float32")))[0]
    assert f"{100 * probabilities.max():.1f}%" in answer_text(app, "With your changes")
    press(app, "Reset all")
    assert answer_texts(app) == trained
    assert "Changed kernels: none." in text_of(app)


def test_feature_maps_have_the_colors_of_their_values() -> None:
    app = open_page("feature_maps")
    assert component(app, "layers")["maps"] is None
    app.session_state["layers"] = {"needs_maps": True}
    run(app)
    network = builder.load("cnn")
    outputs = {layer.name: layer.output for layer in network.layers[1:]}
    layers = keras.Model(network.input, outputs)(EXAMPLE[None].astype("float32"))
    sent = component(app, "layers")
    assert [column["shown"] for column in sent["columns"]] == sent["inner"]
    assert sent["inner"] == ["relu1", "pool1", "relu2", "pool2", "dense1"]
    limit = max(float(np.abs(layers[name]).max()) for name in sent["inner"])
    assert sent["maps"]["limit"] == pytest.approx(limit)
    for column in sent["columns"]:
        values = np.moveaxis(np.asarray(layers[column["shown"]])[0], -1, 0)
        indices = base64.b64decode(sent["maps"]["indices"][column["name"]])
        colors = np.frombuffer(indices, np.uint8).astype(float)
        shares = np.cbrt(values.ravel() / limit)
        np.testing.assert_allclose(colors, 127.5 + 127.5 * shares, atol=0.6)


def test_partial_maps_add_up_to_the_map_of_keras() -> None:
    app = open_page("feature_maps")
    app.session_state["picked_layer"], app.session_state["picked_map"] = "conv2", 7
    run(app)
    shown = shown_code(app)
    total = np.zeros((8, 8), np.float32)
    for channel in range(16):
        app.number_input(key="picked_channel").set_value(channel)
        run(app)
        lens = component(app, "lens_origin")
        source = shown["layers"]["pool1"][..., channel]
        np.testing.assert_allclose(grid_values(lens, "input"), source)
        total += grid_values(lens, "output")
    bias = shown["network"].get_layer("conv2").get_weights()[1][7]
    np.testing.assert_allclose(total + bias, shown["layers"]["conv2"][..., 7], atol=1e-4)


def test_maps_shift_along_and_dense_units_do_not() -> None:
    app = open_page("feature_maps")
    app.session_state["shift_right"] = 3
    run(app)
    found = re.search(
        r"conv1 of Small CNN (.*), shifted back (.*); dense1 of No convolution \(MLP\) (.*)\.",
        text_of(app),
    )
    assert found is not None
    in_place, back, dense = map(float, found.groups())
    assert back > 0.99 > 0.9 > in_place
    assert dense < 0.9


@pytest.mark.parametrize(
    ("rule", "size", "stride"), [("max", 3, 2), ("average", 2, 2), ("subsample", 4, 6)]
)
def test_pooling_and_its_code_agree_with_keras(
    rule: convolution.PoolingRule, size: int, stride: int
) -> None:
    app = open_page("max_pooling")
    app.session_state["chosen_pooling"] = Pooling(rule, size, stride)
    app.selectbox(key="pooled").set_value("relu1")
    run(app)
    app.number_input(key="pooled_map").set_value(5)
    run(app)
    sent = component(app, "pooling")
    assert sent["chosen"] == {"rule": rule, "size": size, "stride": stride}
    shown = shown_code(app)
    values = np.frombuffer(base64.b64decode(sent["values"]), "<f4")
    values = values.reshape(sent["rows"], sent["columns"])
    np.testing.assert_allclose(values, shown["chosen"], atol=1e-6)
    theirs = {"max": "largest", "average": "average", "subsample": "subsampled"}[rule]
    result = np.asarray(shown[theirs])[0, :, :, 0]
    np.testing.assert_allclose(convolution.pool(values, size, stride, rule), result, atol=1e-6)


def test_the_window_is_at_most_as_large_as_the_map() -> None:
    app = open_page("max_pooling")
    app.selectbox(key="pooled").set_value("pool2")
    app.session_state["chosen_pooling"] = Pooling("max", 6, 5)
    run(app)
    assert np.asarray(shown_code(app)["largest"]).size == 1
    assert answers(app)[0] == "7"


def test_another_pooling_answers_or_says_why_not() -> None:
    app = open_page("max_pooling")
    trained = answer_text(app, "As trained").split("lab-words")[1]
    assert answer_text(app, "With this pooling").split("lab-words")[1] == trained
    app.session_state["chosen_pooling"] = Pooling("average", 6, 2)
    run(app)
    changed = answer_text(app, "With this pooling").split("lab-words")[1]
    assert "sure" in changed.lower()
    assert changed != trained
    app.session_state["chosen_pooling"] = Pooling("average", 2, 1)
    run(app)
    assert "it would have to be retrained" in answer_text(app, "With this pooling")


@pytest.mark.parametrize(
    "sent", [None, 1, {"rule": "max", "size": 7, "stride": 2}, {"rule": [], "size": 2, "stride": 2}]
)
def test_a_pooling_that_cannot_be_is_not_chosen(sent: object) -> None:
    app = open_page("max_pooling")
    app.session_state["pooling"] = {"chosen": sent}
    run(app)
    assert component(app, "pooling")["chosen"] == {"rule": "max", "size": 2, "stride": 2}


def test_pixels_code_makes_the_image_and_both_answers() -> None:
    app = open_page("pixels")
    draw(app, 5)
    app.slider(key="move_across").set_value(60)
    app.slider(key="move_down").set_value(-40)
    run(app)
    shown = shown_code(app)
    np.testing.assert_array_equal(shown["image"], normalize(drawn(5), "black").image)
    assert [str(row.argmax()) for row in shown["probabilities"]] == answers(app)
    assert answers(app)[0] == "5"
    assert not np.array_equal(shown["naive"], shown["image"])


def test_pixels_sends_each_step_and_how_far_the_ink_was_moved() -> None:
    app = open_page("pixels")
    sent = component(app, "pixel_numbers")
    assert base64.b64decode(sent["image"]) == EXAMPLE.tobytes()
    assert sent["moved"] is None
    draw(app, 5)
    app.slider(key="move_across").set_value(-100)
    app.slider(key="move_down").set_value(100)
    run(app)
    sent, still = component(app, "pixel_numbers"), normalize(drawn(5), "black")
    x, y, width, height = still.box
    assert sent["box"] == {"x": 0, "y": 280 - height, "width": width, "height": height}
    assert sent["moved"] == [-x, 280 - height - y]
    crop = decode_png(base64.b64decode(sent["crop"]))
    np.testing.assert_array_equal(crop, still.crop)
    np.testing.assert_array_equal(crop, shown_code(app)["crop"])
    assert base64.b64decode(sent["scaled"]["values"]) == still.scaled.tobytes()
    assert base64.b64decode(sent["image"]) == still.image.tobytes()
