"""The pages that look inside, without a browser: their numbers against Keras's, their sentences."""

import base64
import re

import keras
import numpy as np
import pytest

from mnist_app.data import datasets
from mnist_app.imaging import convolution
from mnist_app.imaging.convolution import KernelChoice
from mnist_app.imaging.image_files import encode_png, read_picture
from mnist_app.imaging.normalize import normalize
from mnist_app.model import builder
from mnist_app.networks.interventions import Pooling
from mnist_app.networks.layers import activate, activation_after
from mnist_app.networks.registry import NETWORKS, read_card, title
from mnist_app.ui.components.sliding_kernel import kernels_by_name, read_choice, read_edits
from tests.support.apptest import (
    answer_text,
    answers,
    choose_network,
    component,
    draw,
    go_to,
    grid_values,
    network_choice,
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


def bytes_of(values: np.ndarray) -> str:
    """What an array of 32 bits is sent as."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


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
        assert network_choice(app).value == network
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
    assert network_choice(app).value == "cnn"
    assert component(app, "sliding_kernel")["learned"]["activation"] == "ReLU"


@pytest.mark.parametrize(
    ("kernel", "side", "stride", "padding"),
    [("Sobel vertical", 3, 1, "valid"), ("Gaussian blur", 5, 2, "same"), ("Emboss", 3, 1, "same")],
)
def test_the_code_of_a_convolution_agrees_with_keras(
    kernel: str, side: int, stride: int, padding: convolution.Padding
) -> None:
    app = open_page("convolution")
    app.session_state["chosen_kernel"] = KernelChoice(kernel, side, stride, padding)
    run(app)
    sent = component(app, "sliding_kernel")
    assert base64.b64decode(sent["image"]) == EXAMPLE.tobytes()
    chosen = {"preset": kernel, "side": side, "stride": stride, "padding": padding}
    assert sent["chosen"] == chosen | {"learned": None}
    weights = convolution.preset(kernel, side)
    batch = EXAMPLE[None, :, :, None].astype("float32")
    result = np.asarray(keras.ops.conv(batch, weights[:, :, None, None], stride, padding))
    shown = shown_code(app, "keras.ops.conv")
    np.testing.assert_array_equal(shown["kernel"], weights)
    np.testing.assert_allclose(shown["result"], result[0, :, :, 0], atol=1e-3)


def test_only_kernels_that_can_be_are_taken_from_a_browser() -> None:
    originals = kernels_by_name(None)
    name = "Sobel vertical 3"
    good = {"weights": [0.5, *[0] * 8], "bias": 0}
    found = read_edits({name: good, "another": good}, originals)
    assert found is not None
    assert list(found) == [name]
    assert found[name][0].tolist() == [[0.5, 0, 0], [0, 0, 0], [0, 0, 0]]
    same = {"weights": originals[name][0].ravel().tolist(), "bias": 0}
    nonsense: list[object] = [
        same,
        None,
        {},
        {"weights": [1] * 25, "bias": 0},
        {"weights": [1001, *[0] * 8], "bias": 0},
        {"weights": [float("nan"), *[0] * 8], "bias": 0},
        {"weights": ["1", *[0] * 8], "bias": 0},
        {"weights": [True, *[0] * 8], "bias": 0},
        {"weights": [0] * 9, "bias": None},
    ]
    for sent in nonsense:
        assert read_edits({name: sent}, originals) == {}
    assert read_edits([], originals) is None


def test_only_a_choice_that_can_be_is_taken_from_a_browser() -> None:
    good = {"preset": "Emboss", "side": 5, "stride": 2, "padding": "same", "learned": 3}
    assert read_choice(good, 4) == KernelChoice("Emboss", 5, 2, "same", 3)
    assert read_choice(good | {"learned": None}, 0) == KernelChoice("Emboss", 5, 2, "same")
    others: list[dict[str, object]] = [
        {"preset": "?"},
        {"preset": []},
        {"side": 4},
        {"side": 5.0},
        {"stride": 0},
        {"stride": 7},
        {"stride": "1"},
        {"padding": {}},
        {"learned": 4},
        {"learned": True},
    ]
    for other in others:
        assert read_choice(good | other, 4) is None
    assert read_choice(None, 4) is None


def test_an_edited_kernel_is_kept() -> None:
    app = open_page("convolution")
    kernel = np.zeros((3, 3), np.float32)
    kernel[1, 1] = 2
    app.session_state["edited_kernels"] = {"Sobel vertical 3": (kernel, 0.0)}
    go_to(app, "pixels")
    go_to(app, "convolution")
    sent = component(app, "sliding_kernel")["edited"]
    assert sent == {"Sobel vertical 3": {"weights": bytes_of(kernel), "bias": 0.0}}
    doubled = 2.0 * EXAMPLE[1:-1, 1:-1]
    np.testing.assert_array_equal(shown_code(app, "keras.ops.conv")["result"], doubled)


@pytest.mark.parametrize("name", PAGES)
def test_a_drawing_in_another_form_does_no_harm(name: str) -> None:
    app = open_page(name)
    gray = drawn(3)
    for picture in (gray, np.dstack([gray] * 3), np.full((280, 280), 255, np.uint8)):
        send(app, encode_png(picture))
        assert "example from MNIST" not in text_of(app)
    assert "There is ink almost everywhere." in text_of(app)


@pytest.mark.parametrize("network", ["cnn", "champion", "lenet"])
def test_learned_kernels_are_the_first_layer_of_keras(network: str) -> None:
    app = open_page("convolution")
    app.session_state["chosen_kernel"] = KernelChoice(learned=3)
    choose_network(app, network)
    sent = component(app, "sliding_kernel")["learned"]
    shown = shown_code(app, "get_weights")
    layers = read_card(network).layers
    following = activation_after(layers, sent["layer"])
    trained = shown["network"].get_layer(following.name if following else sent["layer"]).output
    maps = np.asarray(keras.Model(shown["network"].input, trained)(EXAMPLE[None].astype("float32")))
    source = np.frombuffer(base64.b64decode(sent["source"]), "<f4").reshape(sent["shape"])
    for number, one in enumerate(sent["kernels"]):
        weights = np.frombuffer(base64.b64decode(one["weights"]), "<f4")
        kernel = weights.reshape(sent["side"], sent["side"])
        np.testing.assert_array_equal(kernel, shown["kernels"][:, :, 0, number])
        sums = convolution.convolve(source, kernel, sent["stride"], sent["padding"], one["bias"])
        result = activate(sent["function"], sums)
        np.testing.assert_allclose(result, maps[0, ..., number], atol=1e-5)


def test_muted_kernels_change_the_answer_and_come_back() -> None:
    app = open_page("convolution")
    trained = answer_text(app, "As trained").split("lab-words")[1]
    assert answer_text(app, "With changes").split("lab-words")[1] == trained
    app.session_state["chosen_kernel"] = KernelChoice(learned=0)
    zeros = np.zeros((5, 5), np.float32), 0.0
    app.session_state["edited_kernels"] = {f"cnn conv1 {number}": zeros for number in range(16)}
    run(app)
    muted = shown_code(app, "get_weights")
    assert not muted["kernels"].any()
    probabilities = np.asarray(muted["network"](EXAMPLE[None].astype("float32")))[0]
    assert f"{100 * probabilities.max():.1f}%" in answer_text(app, "With changes")
    app.session_state["edited_kernels"] = {}
    run(app)
    assert answer_text(app, "With changes").split("lab-words")[1] == trained


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
    crop = read_picture(base64.b64decode(sent["crop"]))[..., 0]
    np.testing.assert_array_equal(crop, still.crop)
    np.testing.assert_array_equal(crop, shown_code(app)["crop"])
    assert base64.b64decode(sent["scaled"]["values"]) == still.scaled.tobytes()
    assert base64.b64decode(sent["image"]) == still.image.tobytes()
