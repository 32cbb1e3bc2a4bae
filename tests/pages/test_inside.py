"""The pages that look inside, without a browser: their numbers against Keras's, their sentences."""

import base64
import json
import time
from typing import Any

import keras
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.data import datasets
from mnist_app.imaging import convolution
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import normalize
from mnist_app.model import builder
from mnist_app.networks import layers as anatomy
from mnist_app.networks.card import read_card
from mnist_app.networks.registry import NETWORKS
from tests.pages.test_draw import base64_uri, draw, open_app
from tests.support.handwriting import drawn

PAGES = ["pixels", "convolution", "feature_maps", "max_pooling"]
EXAMPLE = datasets.load_test().images[0]


def open_page(name: str) -> AppTest:
    app = open_app()
    app.switch_page(f"pages/{name}.py")
    return run(app)


def run(app: AppTest) -> AppTest:
    """Run until the network is awake."""
    for _ in range(120):
        app.run()
        assert not app.exception
        if "waking up" not in text_of(app):
            return app
        time.sleep(0.5)
    raise AssertionError("The network did not wake up within a minute.")


def text_of(app: AppTest) -> str:
    elements = [*app.html, *app.info, *app.warning, *app.error, *app.caption, *app.markdown]
    return "\n".join(str(element.value) for element in elements)


def component(app: AppTest, kind: str, index: int = 0) -> dict[str, Any]:
    """Return what the server sent to the n-th lens, matrix or maps of the page."""
    protos = [element.proto for element in app.get("bidi_component")]
    sent = [proto.json for proto in protos if proto.component_name == f"mnist_lab_{kind}"]
    return json.loads(sent[index])


def board(lens: dict[str, Any], name: str) -> convolution.Array:
    one = lens[name]
    values = np.frombuffer(base64.b64decode(one["values"]), "<f4")
    return values.reshape(one["rows"], one["columns"])


def answers(app: AppTest) -> list[str]:
    """Return the digits of the answers on the page, in their order."""
    parts = answer_texts(app).split('aria-label="Answer: ')[1:]
    return [part.split('">')[1].split("<")[0] for part in parts]


def answer_texts(app: AppTest) -> str:
    return next(str(html.value) for html in app.html if 'class="lab-predictions' in str(html.value))


def one_answer(app: AppTest, index: int) -> str:
    return answer_texts(app).split('class="lab-prediction"')[index + 1]


def run_code(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "<shown code>", "exec"), names)
    return names


def type_into(app: AppTest, key: str, version: str, texts: list[list[str]]) -> AppTest:
    """Seed what the matrix would send."""
    app.session_state[key] = {"typed": {"version": version, "texts": texts}}
    return run(app)


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_an_example_and_then_the_drawing(name: str) -> None:
    app = open_page(name)
    assert "Nothing is drawn yet: this is an example from MNIST, labeled 7." in text_of(app)
    assert answers(app)[0] == "7"
    draw(app, 3)
    run(app)
    assert "example from MNIST" not in text_of(app)
    assert answers(app)[0] == "3"


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_every_network(name: str) -> None:
    app = open_page(name)
    for network in NETWORKS:
        app.sidebar.selectbox[0].set_value(network)
        run(app)
        assert app.sidebar.selectbox[0].value == network
        if name == "convolution" and network in ("rnn", "mlp", "softmax"):
            assert f"The network “{network}” has no convolution." in text_of(app)


def test_a_button_leads_from_a_network_without_maps_to_one_with() -> None:
    app = open_page("convolution")
    app.sidebar.selectbox[0].set_value("mlp")
    run(app)
    next(button for button in app.button if "Look into" in button.label).click()
    run(app)
    assert app.sidebar.selectbox[0].value == "cnn"
    assert component(app, "lens", 1)["activation"] == "ReLU"


@pytest.mark.parametrize(
    ("kernel", "side", "stride", "padding"),
    [("Sobel vertical", 3, 1, "valid"), ("Gaussian blur", 5, 2, "same"), ("Emboss", 3, 1, "same")],
)
def test_convolution_lens_has_the_numbers_of_keras_and_so_has_the_code(
    kernel: str, side: int, stride: int, padding: convolution.Padding
) -> None:
    app = open_page("convolution")
    app.main.selectbox[0].set_value(kernel)
    app.segmented_control[0].set_value(side)
    app.segmented_control[1].set_value(padding)
    app.number_input[0].set_value(stride)
    run(app)
    lens = component(app, "lens")
    np.testing.assert_array_equal(board(lens, "input"), EXAMPLE)
    weights = board(lens, "kernel")
    np.testing.assert_array_equal(weights, convolution.preset(kernel, side))
    batch = EXAMPLE[None, :, :, None].astype("float32")
    result = np.asarray(keras.ops.conv(batch, weights[:, :, None, None], stride, padding))
    np.testing.assert_allclose(board(lens, "output"), result[0, :, :, 0], atol=1e-3)
    shown = run_code(app.code[0].value)
    np.testing.assert_allclose(shown["result"], board(lens, "output"), atol=1e-3)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ([["1", "x", "1"], ["0"] * 3, ["0"] * 3], "“x” is not a number"),
        ([["1", "9e9", "1"], ["0"] * 3, ["0"] * 3], "9e9 is too large"),
        ([["0"] * 3] * 3, "A kernel of zeros"),
    ],
)
def test_a_kernel_that_is_no_use_is_said_and_the_page_goes_on(
    texts: list[list[str]], sentence: str
) -> None:
    app = open_page("convolution")
    before = [element.key for element in app.get("bidi_component")]
    type_into(app, "kernel", component(app, "matrix")["version"], texts)
    assert sentence in text_of(app)
    assert [element.key for element in app.get("bidi_component")] == before
    assert answers(app)[0] == "7"


def test_an_edited_kernel_stays_over_a_page_switch_and_can_be_put_back() -> None:
    app = open_page("convolution")
    texts = [["0", "0", "0"], ["0", "2", "0"], ["0", "0", "0"]]
    type_into(app, "kernel", component(app, "matrix")["version"], texts)
    np.testing.assert_array_equal(
        board(component(app, "lens"), "output"), 2.0 * EXAMPLE[1:-1, 1:-1]
    )
    app.switch_page("pages/pixels.py")
    run(app)
    app.switch_page("pages/convolution.py")
    run(app)
    assert component(app, "matrix")["texts"] == texts
    next(button for button in app.button if button.label == "Put it back").click()
    run(app)
    np.testing.assert_array_equal(
        board(component(app, "lens"), "kernel"), convolution.PRESETS["Sobel vertical"].kernel
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_drawing_in_another_form_than_the_canvas_sends_does_no_harm(name: str) -> None:
    app = open_page(name)
    gray = drawn(3)
    for picture in (
        gray,
        np.dstack([gray] * 3),
        gray[:200, :120],
        np.full((280, 280), 255, np.uint8),
    ):
        sent = {"raw": {"objects": [{"type": "Path"}]}, "data": base64_uri(encode_png(picture))}
        canvas = app.session_state["drawing"].canvas
        app.session_state[f"canvas_{canvas}"] = {"drawing": sent, "backgroundFit": None}
        run(app)
        assert "example from MNIST" not in text_of(app)
    assert "There is ink all over." in text_of(app)


@pytest.mark.parametrize("data", ["no", {"typed": 1}, {"typed": {"version": "?", "texts": None}}])
def test_nonsense_from_a_browser_does_no_harm(data: object) -> None:
    app = open_page("convolution")
    for key in ("kernel", "learned"):
        app.session_state[key] = data if isinstance(data, dict) else {"typed": data, "picked": data}
    run(app)
    assert answers(app)[0] == "7"


def test_a_stride_larger_than_the_image_is_said() -> None:
    app = open_page("convolution")
    app.number_input[0].set_value(29)
    run(app)
    assert "A stride of 29 is larger than the image of 28 × 28" in text_of(app)
    assert answers(app)[0] == "7"


@pytest.mark.parametrize("network", ["cnn", "champion", "lenet"])
def test_learned_kernel_under_the_lens_is_the_first_layer_of_keras(network: str) -> None:
    app = open_page("convolution")
    app.sidebar.selectbox[0].set_value(network)
    run(app)
    app.number_input[1].set_value(3)
    run(app)
    lens = component(app, "lens", 1)
    card = read_card(network)
    layer = anatomy.layers_of(card, "Conv2D")[0]
    following = anatomy.activation_after(card, layer.name)
    shown = run_code(app.code[1].value)
    trained = shown["network"].get_layer((following or layer).name).output
    maps = np.asarray(keras.Model(shown["network"].input, trained)(EXAMPLE[None].astype("float32")))
    np.testing.assert_allclose(board(lens, "output"), maps[0, ..., 3], atol=1e-5)
    np.testing.assert_array_equal(board(lens, "kernel"), shown["kernels"][:, :, 0, 3])


def test_silenced_kernels_change_the_answer_and_come_back() -> None:
    app = open_page("convolution")
    trained = answer_texts(app)
    for number in range(16):
        app.number_input[1].set_value(number)
        run(app)
        next(button for button in app.button if button.label == "Silence it").click()
        run(app)
    assert "Changed kernels: 0, 1, 2, 3, 4" in text_of(app)
    silenced = run_code(app.code[1].value)
    assert not silenced["kernels"].any()
    probabilities = np.asarray(silenced["network"](EXAMPLE[None].astype("float32")))[0]
    assert f"{100 * probabilities.max():.1f}%" in one_answer(app, 1)
    next(button for button in app.button if button.label == "Put all back").click()
    run(app)
    assert answer_texts(app) == trained
    assert "Changed kernels: none." in text_of(app)


def test_every_layer_of_every_network_says_how_it_was_made() -> None:
    app = open_page("feature_maps")
    for network in NETWORKS:
        app.sidebar.selectbox[0].set_value(network)
        run(app)
        for layer in anatomy.visible_layers(read_card(network)):
            app.main.selectbox[0].set_value(layer.name)
            run(app)
            assert component(app, "maps")["picked"]["layer"] == layer.name


def test_sheets_have_every_map_in_the_color_of_its_value() -> None:
    app = open_page("feature_maps")
    network = builder.load("cnn")
    outputs = {layer.name: layer.output for layer in network.layers[1:]}
    layers = keras.Model(network.input, outputs)(EXAMPLE[None].astype("float32"))
    inner = [np.asarray(layers[name]) for name in layers if name not in ("scale", "probabilities")]
    limit = max(float(np.abs(values).max()) for values in inner)
    for sheet in component(app, "maps")["layers"][1:-1]:
        values = np.moveaxis(np.atleast_3d(np.asarray(layers[sheet["name"]])[0]), -1, 0)
        if values.shape[1] > 28:
            values = values.reshape(-1, 1, 1)
        colors = np.frombuffer(base64.b64decode(sheet["values"]), np.uint8).astype(float)
        shares = np.cbrt(values.ravel() / limit) if sheet["count"] > 1 else 0
        np.testing.assert_allclose(colors, 127.5 + 127.5 * shares, atol=0.6)


def test_partial_maps_add_up_to_the_map_of_keras() -> None:
    app = open_page("feature_maps")
    app.main.selectbox[0].set_value("conv2")
    run(app)
    app.number_input[0].set_value(7)
    run(app)
    shown = run_code(app.code[0].value)
    total = np.zeros((8, 8), np.float32)
    for channel in range(16):
        app.number_input[1].set_value(channel)
        run(app)
        lens = component(app, "lens")
        np.testing.assert_allclose(board(lens, "input"), shown["layers"]["pool1"][..., channel])
        total += board(lens, "output")
    bias = shown["network"].get_layer("conv2").get_weights()[1][7]
    np.testing.assert_allclose(total + bias, shown["layers"]["conv2"][..., 7], atol=1e-4)


def test_maps_move_along_and_dense_units_do_not() -> None:
    app = open_page("feature_maps")
    app.slider[1].set_value(3)
    run(app)
    rows = app.table[0].value
    conv, dense = rows.iloc[0], rows.iloc[1]
    assert conv["Layer"].startswith("conv1 of cnn")
    assert float(conv["Moved along"]) > 0.99 > 0.9 > float(conv["In the same place"])
    assert dense["Layer"].startswith("dense1 of mlp")
    assert float(dense["In the same place"]) < 0.9


@pytest.mark.parametrize(
    ("rule", "size", "stride"), [("max", 3, 2), ("average", 2, 2), ("subsample", 4, 6)]
)
def test_pooling_lens_has_the_numbers_of_keras_and_so_has_the_code(
    rule: str, size: int, stride: int
) -> None:
    app = open_page("max_pooling")
    app.segmented_control[0].set_value(rule)
    app.slider[1].set_value(size)
    app.slider[2].set_value(stride)
    app.main.selectbox[0].set_value("relu1")
    run(app)
    app.number_input[0].set_value(5)
    run(app)
    lens = component(app, "lens")
    shown = run_code(app.code[0].value)
    np.testing.assert_allclose(board(lens, "input"), shown["chosen"], atol=1e-6)
    theirs = {"max": "largest", "average": "average", "subsample": "subsampled"}[rule]
    result = np.asarray(shown[theirs])[0, :, :, 0]
    np.testing.assert_allclose(board(lens, "output"), result, atol=1e-6)


def test_a_window_larger_than_the_map_is_said() -> None:
    app = open_page("max_pooling")
    app.main.selectbox[0].set_value("pool2")
    app.slider[1].set_value(6)
    run(app)
    assert "The window of 6 × 6 is larger than the image of 4 × 4" in text_of(app)
    app.slider[1].set_value(2)
    app.slider[2].set_value(6)
    run(app)
    assert "A stride of 6 is larger than the image of 4 × 4" in text_of(app)
    assert answers(app)[0] == "7"


def test_another_pooling_in_the_network_answers_or_says_why_not() -> None:
    app = open_page("max_pooling")
    assert "Nothing is changed yet." in answer_texts(app)
    rule = next(box for box in app.main.selectbox if box.label == "Pooling")
    rule.set_value("average")
    run(app)
    assert "sure" in one_answer(app, 1).lower()
    assert one_answer(app, 0).split("lab-words")[1] != one_answer(app, 1).split("lab-words")[1]
    next(box for box in app.number_input if box.label == "Stride").set_value(1)
    run(app)
    assert "it would have to be trained anew" in answer_texts(app)


def test_pixels_code_makes_the_image_and_both_answers() -> None:
    app = open_page("pixels")
    draw(app, 5)
    app.slider[1].set_value(60)
    app.slider[2].set_value(-40)
    run(app)
    shown = run_code(app.code[0].value)
    np.testing.assert_array_equal(shown["image"], normalize(drawn(5), "black").image)
    assert [str(row.argmax()) for row in shown["probabilities"]] == answers(app)
    assert answers(app)[0] == "5"
    assert not np.array_equal(shown["naive"], shown["image"])
    assert f"{(shown['image'] == 0).sum()} of the 784 pixels are 0" in text_of(app)


def test_pixels_shows_decimal_numbers_and_bytes() -> None:
    app = open_page("pixels")
    table = next(str(html.value) for html in app.html if "lab-numbers" in str(html.value))
    cells = [cell.split("</td>")[0].split(">")[-1] for cell in table.split("<td")[1:]]
    assert [int(cell) for cell in cells] == EXAMPLE.ravel().tolist()
    app.segmented_control[0].set_value("Bytes in hexadecimal")
    run(app)
    table = next(str(html.value) for html in app.html if "lab-numbers" in str(html.value))
    cells = [cell.split("</td>")[0].split(">")[-1] for cell in table.split("<td")[1:]]
    assert bytes.fromhex("".join(cells)) == EXAMPLE.tobytes()
