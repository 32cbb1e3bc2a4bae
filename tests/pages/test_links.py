"""Pages opened from links, without a browser: what an address says is what a page shows."""

import base64
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.data import datasets, stroke_links
from mnist_app.training import runs
from mnist_app.training.settings import Settings
from mnist_app.ui import links
from tests.support.apptest import component, draw, network_choice, open_app, press, run, text_of
from tests.support.handwriting import canvas_strokes_of
from tests.support.serving import ROOT

THREE = stroke_links.pack(base64.b64decode(canvas_strokes_of(3)), np.zeros((28, 28), np.uint8))


def open_link(page: str, query: dict[str, str]) -> AppTest:
    app = open_app()
    app.switch_page(str(ROOT / "pages" / f"{page}.py"))
    for name, text in query.items():
        app.query_params[name] = text
    return run(app)


def address(app: AppTest) -> dict[str, str]:
    """Return what the address of the page says now, part by part."""
    query = component(app, "copy_link")["query"]
    return {name: texts[0] for name, texts in parse_qs(query.removeprefix("?")).items()}


LINKS = {
    "draw": {"network": "champion"},
    "pixels": {"across": "-40", "down": "100"},
    "convolution": {"kernel": "emboss", "side": "5", "stride": "2", "padding": "same"},
    "max_pooling": {
        "pooled": "conv2",
        "map": "5",
        "rule": "average",
        "size": "3",
        "changed": "none",
    },
    "feature_maps": {"right": "2", "down": "-1", "layer": "conv2", "map": "7", "channel": "3"},
    "training": {"preset": "overfit", "settings": "optimizer:sgd,learning_rate:0.5,epochs:3"},
    "learning_step": {
        "network": "mlp",
        "label": "8",
        "weights": "trained",
        "weight": "dense1.0.5-3",
        "steps": "c1",
    },
    "mnist": {
        "split": "training",
        "digit": "4",
        "order": "most-unusual-first",
        "page": "2",
        "dot": "5",
    },
    "robustness": {"corruption": "turn", "strength": "-25"},
    "lessons": {"lesson": "course", "scene": "comparing", "step": "0"},
    "challenge": {"digits": "4711.x.x"},
    "report_card": {"network": "softmax", "cell": "4-9"},
}

SILENT = ("challenge", "lessons", "report_card", "training")
"""Pages that do not say where a drawing comes from."""


@pytest.mark.parametrize("page", LINKS)
def test_a_page_shows_what_its_link_says(page: str) -> None:
    app = open_link(page, LINKS[page] | {"drawing": THREE})
    assert not app.warning
    assert address(app) == LINKS[page] | {"drawing": THREE}
    assert links.FROM_LINK in text_of(app) or page in SILENT


JUNK = [
    "",
    "-1",
    "99999999",
    "9" * 3000,
    "no such thing",
    "¼\x00<b>",
    "1e999",
    "nan",
    ":,:-.-",
    "1-2-3",
]


@pytest.mark.parametrize("page", LINKS)
def test_a_hostile_link_opens_the_page_with_a_sentence(page: str) -> None:
    names = [*LINKS[page], "network", "drawing", "edited", "run", "unknown"]
    junk = JUNK[list(LINKS).index(page) :] + JUNK
    app = open_link(page, dict(zip(names, junk, strict=False)))
    [warning] = app.warning
    assert "left out" in warning.value or "link" in warning.value
    assert "drawing" not in address(app)


def test_a_link_without_strokes_shows_the_picture() -> None:
    image = datasets.load_test().images[5]
    app = open_link("draw", {"drawing": stroke_links.pack(b"", image)})
    shown = app.session_state["drawing"].image
    np.testing.assert_allclose(shown.astype(int), image, atol=1)  # its brightest becomes 255
    assert address(app) == {"drawing": stroke_links.pack(b"", shown)}


def test_ones_own_drawing_comes_back() -> None:
    app = draw(open_app(), 7)
    own = app.session_state["drawing"]
    app.query_params["drawing"] = THREE
    run(app)
    assert app.session_state["drawing"].note == links.FROM_LINK
    press(app, "Back to yours")
    assert app.session_state["drawing"].strokes == own.strokes
    assert app.session_state["drawing"].canvas > own.canvas
    assert "Back to yours" not in [button.label for button in app.button]


def test_a_link_to_somebody_elses_network_says_so() -> None:
    run_of_another = runs.create(Settings(), "quick", "another")
    app = open_link("training", {"network": run_of_another.name, "run": run_of_another.name})
    assert "“Small CNN” answers instead." in app.warning[0].value
    assert network_choice(app).value == "cnn"


def test_steps_that_were_taken_come_with_the_link() -> None:
    app = open_link("learning_step", {"weights": "trained", "steps": "c1"})
    assert "2 steps have been taken." in text_of(app)


def test_kernels_that_were_changed_come_with_the_link() -> None:
    app = open_link("convolution", {})
    mine = np.arange(9, dtype=np.float32).reshape(3, 3) / 10
    edits = {"Emboss 3": (mine, 0.0), "cnn conv1 2": (np.zeros((5, 5), np.float32), 0.0)}
    app.session_state["edited_kernels"] = edits
    run(app)
    again = open_link("convolution", address(app))
    found = again.session_state["edited_kernels"]
    assert found.keys() == edits.keys()
    np.testing.assert_array_equal(found["Emboss 3"][0], mine)
    assert not found["cnn conv1 2"][0].any()
    assert component(again, "sliding_kernel")["edited"].keys() == edits.keys()
