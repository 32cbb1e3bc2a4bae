"""The pages MNIST and Models, without a browser: what they show, and what they say is missing."""

import base64
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.analysis import scores
from mnist_app.data import datasets, disputed_labels
from mnist_app.data.datasets import EMNIST_FILES
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.inference import Inference
from mnist_app.networks.card import read_card
from mnist_app.networks.registry import NETWORKS
from mnist_app.ui import resources
from tests.pages.test_draw import draw
from tests.pages.test_inside import component, open_page, run, run_code, text_of
from tests.processes.test_scores import own_run, wait_until_measured
from tests.support import emnist
from tests.support.serving import ROOT

TEST = datasets.load_test()


@pytest.fixture
def folder(door: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    door.process_id()  # a process that starts now would look for all runs in this folder
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    return datasets.emnist_folder()


def shown_images(app: AppTest) -> np.ndarray:
    layer = component(app, "maps")["layers"][0]
    values = np.frombuffer(base64.b64decode(layer["values"]), np.uint8)
    return values.reshape(layer["count"], 28, 28)


def numbers(app: AppTest) -> list[int]:
    found: list[int] = component(app, "maps")["layers"][0]["numbers"]
    return found


def test_all_images_can_be_browsed_by_split_digit_and_order() -> None:
    app = open_page("mnist")
    assert numbers(app) == list(range(100))
    assert np.array_equal(shown_images(app), TEST.images[:100])
    run_with(app, app.selectbox(key="digit").set_value("7"))
    sevens = np.flatnonzero(TEST.labels == 7)
    assert numbers(app) == sevens[:100].tolist()
    run_with(app, app.selectbox(key="order").set_value("Most unusual first"))
    assert numbers(app) != sevens[:100].tolist()
    assert set(numbers(app)) <= set(sevens.tolist())
    run_with(app, app.number_input(key="hundred").set_value(11))
    assert len(numbers(app)) == len(sevens) - 1000
    run_with(app, app.segmented_control(key="split").set_value("training"))
    training = datasets.whole_training()
    assert set(training.labels[numbers(app)].tolist()) == {7}
    assert np.array_equal(shown_images(app), training.images[numbers(app)])


def run_with(app: AppTest, changed: object) -> None:
    assert changed is not None
    run(app)


def test_an_image_is_found_by_its_number() -> None:
    app = open_page("mnist")
    run_with(app, app.number_input(key="go_to").set_value(4_321))
    assert 4_321 in numbers(app)
    assert f"Test image 4,321, labeled {TEST.labels[4_321]}" in text_of(app)
    other = (int(TEST.labels[4_321]) + 1) % 10
    run_with(app, app.selectbox(key="digit").set_value(str(other)))
    assert "Image 4,321 is not among these" in text_of(app)
    run_with(app, app.selectbox(key="digit").set_value("All"))
    run_with(app, app.segmented_control(key="split").set_value("training"))
    run_with(app, app.number_input(key="go_to").set_value(59_999))
    assert "Training image 59,999, labeled" in text_of(app)
    run_with(app, app.segmented_control(key="split").set_value("test"))
    assert len(numbers(app)) == 100


def test_disputed_labels_are_a_filter_with_its_source() -> None:
    app = open_page("mnist")
    run_with(app, app.checkbox(key="disputed").check())
    assert numbers(app) == sorted(disputed_labels.DISPUTES)
    assert "Of five people" in text_of(app)
    assert disputed_labels.LINK in text_of(app)
    run_with(app, app.selectbox(key="digit").set_value("7"))
    assert "No image is both" in text_of(app)


def test_label_and_answer_stand_side_by_side_with_their_loss() -> None:
    app = open_page("mnist")
    run_with(app, app.number_input(key="go_to").set_value(947))
    table = next(str(html.value) for html in app.html if "lab-one-hot" in str(html.value))
    kept = scores.read(read_card("cnn"))
    assert kept is not None
    probability = float(kept.probabilities[947][TEST.labels[947]])
    loss = float(table.split("<strong>")[1].split("<")[0])
    assert loss == pytest.approx(-np.log(probability), rel=1e-2)
    names = run_code(app.code[0].value)
    assert names["label"] == TEST.labels[947]
    assert names["loss"] == pytest.approx(loss, abs=1e-4)


def test_the_drawing_comes_to_lie_among_its_like() -> None:
    app = open_page("mnist")
    draw_here(app, 4)
    marks = component(app, "embedding_map")["marks"]
    assert [mark["kind"] for mark in marks].count("near") == 8
    assert marks[-1]["kind"] == "own"
    near = next(str(html.value) for html in app.html if "lab-tight" in str(html.value))
    assert near.count("<figcaption>4<") >= 7


def draw_here(app: AppTest, digit: int) -> None:
    app.switch_page("pages/draw.py").run()
    draw(app, digit)
    app.switch_page("pages/mnist.py")
    run(app)


def test_without_emnist_it_says_how_to_get_it(folder: Path) -> None:
    app = open_page("mnist")
    run_with(app, app.segmented_control(key="source").set_value("emnist-digits"))
    assert f"is not in {folder}" in text_of(app)
    table = str(app.table[0].value)
    for file in (file for part in EMNIST_FILES.values() for file in part):
        assert file.name[:20] in table
    assert "Where they come from" in [one.value for one in app.subheader]


def test_with_emnist_browsing_works_the_same_way(folder: Path) -> None:
    training, test = emnist.write_some(folder, 250, 120)
    app = open_page("mnist")
    run_with(app, app.segmented_control(key="source").set_value("emnist-digits"))
    assert np.array_equal(shown_images(app), test.images[:100])
    assert "Not the files of the official archive" in text_of(app)
    run_with(app, app.segmented_control(key="split").set_value("training"))
    run_with(app, app.number_input(key="hundred").set_value(3))
    assert np.array_equal(shown_images(app), training.images[200:])
    assert app.checkbox(key="disputed").disabled


def test_wrong_emnist_is_said_and_nothing_else_breaks(folder: Path) -> None:
    emnist.write_some(folder, 30, 20)
    name = EMNIST_FILES["test"][0].name
    (folder / name).write_bytes((folder / name).read_bytes()[:-20])
    app = open_page("mnist")
    run_with(app, app.segmented_control(key="source").set_value("emnist-digits"))
    assert f"{name} is damaged" in text_of(app)
    run_with(app, app.segmented_control(key="source").set_value("mnist"))
    assert len(numbers(app)) == 100


def test_every_network_stands_in_the_table_with_its_interval() -> None:
    app = open_page("models")
    table = app.table[0].value
    assert list(table["Network"])[: len(NETWORKS)] == list(NETWORKS)
    card = read_card("cnn")
    low, high = scores.interval(card.test_accuracy, 10_000)
    shown = table["Right on MNIST's test images"].iloc[0]
    assert shown == f"{100 * card.test_accuracy:.2f}% ({100 * low:.2f} to {100 * high:.2f})"
    board = next(str(html.value) for html in app.html if "lab-board" in str(html.value))
    errors = [float(part.split("%")[0]) for part in board.split("<b>")[1:]]
    assert errors == sorted(errors, reverse=True)
    assert board.count('class="here"') == len(NETWORKS)
    assert "arxiv.org/abs/1202.2745" in board


def test_the_matrix_counts_every_test_image_and_a_cell_shows_its_own() -> None:
    app = open_page("models")
    counts = np.array([row["counts"] for row in component(app, "confusion")["rows"]])
    assert np.array_equal(counts.sum(axis=1), np.bincount(TEST.labels))
    assert np.trace(counts) == round(read_card("cnn").test_accuracy * 10_000)
    app.session_state["cell"] = (2, 7)
    run(app)
    images = next(str(html.value) for html in app.html if "2, read as 7" in str(html.value))
    assert images.count("2, read as 7<") == counts[2, 7] > 0


@pytest.mark.parametrize("way", CORRUPTIONS)
def test_every_way_to_spoil_the_drawing_is_answered_by_all(way: str) -> None:
    app = open_page("models")
    run_with(app, app.radio(key="way").set_value(way))
    slider = app.slider(key=f"strength_{way}")
    run_with(app, slider.set_value(CORRUPTIONS[way].strengths[-1]))
    predictions = next(str(html.value) for html in app.html if "lab-compact" in str(html.value))
    assert all(f"Answer: {name}" in predictions for name in NETWORKS)
    chart = component(app, "chart")["charts"][0]
    kept = scores.read(read_card("cnn"))
    assert kept is not None
    assert f"cnn {100 * kept.curves[way][-1]:.1f}%" in chart
    names = run_code(app.code[0].value)  # asserts that it spoils the digit as the page does
    assert names["probabilities"].shape == (10,)


def test_an_own_run_is_measured_beside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "SPOILED_EVERY", 100)
    own_run(home, "scored-3")
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.session_state["network"] = "scored-3"
    app.run().switch_page("pages/models.py").run()
    assert "Measuring" in str([element.proto for element in app.get("progress")])
    wait_until_measured(resources.measurer(), "scored-3")
    assert not resources.measurer().trouble("scored-3")
    run(app)
    assert not app.get("progress")
    counts = np.array([row["counts"] for row in component(app, "confusion")["rows"]])
    assert np.trace(counts) == round(read_card("softmax").test_accuracy * 10_000)
    assert "scored-3" in list(app.table[0].value["Network"])
    assert "scored-3" in component(app, "chart")["charts"][0]
