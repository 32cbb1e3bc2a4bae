"""One step of learning, without a browser: every network, every array of weights, the steps."""

import base64
import zlib

import pytest

from mnist_app.networks.registry import NETWORKS, read_card
from tests.support.apptest import choose_network, component, draw, open_page, press, run, text_of


def test_every_network_shows_its_gradients_and_any_weight() -> None:
    app = open_page("learning_step")
    draw(app, 3)
    for network in NETWORKS:
        choose_network(app, network)
        shown = component(app, "learning_step")
        sizes = [one["count"] * one["rows"] * one["columns"] for one in shown["columns"]]
        assert len(zlib.decompress(base64.b64decode(shown["indices"]))) == 2 * sum(sizes)
        assert sum(shown["slopes"]) == pytest.approx(0, abs=1e-5)
        assert shown["slopes"][3] == pytest.approx(shown["probabilities"][3] - 1, abs=1e-5)
        arrays = app.selectbox(key="learning_array").options
        learned = {layer.name for layer in read_card(network).layers if layer.parameters}
        assert {name.split(",")[0] for name in arrays} == learned
        for name in (arrays[0], arrays[-1]):
            run(app, app.selectbox(key="learning_array").select(name))
            assert component(app, "learning_step")["weight"]["sentences"][0].startswith(name)


def test_a_weight_is_picked_by_its_numbers() -> None:
    app = open_page("learning_step")
    draw(app, 3)
    run(app, app.selectbox(key="learning_array").select("conv2, kernels"))
    run(app, app.number_input(key="learning_number").set_value(5))
    run(app, app.number_input(key="learning_channel").set_value(15))
    first = component(app, "learning_step")["weight"]["sentences"][0]
    assert first.split("]")[0].endswith("15, 5")


def test_the_label_is_what_it_is_said_to_be() -> None:
    app = open_page("learning_step")
    draw(app, 3)
    assert component(app, "learning_step")["label"] == 3
    before = component(app, "learning_step")["loss"]
    run(app, app.selectbox(key="learning_label").select(8))
    assert component(app, "learning_step")["label"] == 8
    assert component(app, "learning_step")["loss"] != before
    assert "No step has been taken yet." in text_of(app)


def test_a_hundred_steps_are_learned_by_heart() -> None:
    app = open_page("learning_step")
    draw(app, 3)
    press(app, "A hundred more steps")
    assert "That is overfitting." in text_of(app)
