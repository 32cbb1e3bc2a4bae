"""MNIST, Robustness and Report card without a browser: what they show and what is missing."""

import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.analysis import metrics, scores
from mnist_app.data import datasets, disputed_labels
from mnist_app.data.datasets import EMNIST_FILES
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.imaging.normalize import Image
from mnist_app.inference import Inference
from mnist_app.networks.registry import NETWORKS, read_card, title
from mnist_app.ui import resources
from tests.support import emnist
from tests.support.apptest import (
    component,
    draw,
    go_to,
    html_with,
    network_choice,
    open_app,
    open_page,
    press,
    run,
    shown_code,
    table_with,
    text_of,
)
from tests.support.networks import own_network, wait_until_measured

TEST = datasets.load_test()


@pytest.fixture
def folder(inference: Inference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inference.process_id()  # a process that starts now would look for all runs in this folder
    monkeypatch.setenv("MNIST_APP_HOME", str(tmp_path))
    return datasets.emnist_folder()


def shown_images(app: AppTest) -> np.ndarray:
    grid = component(app, "images")["grids"][0]
    values = np.frombuffer(base64.b64decode(grid["indices"]), np.uint8)
    return values.reshape(grid["count"], 28, 28)


def numbers(app: AppTest) -> list[int]:
    found: list[int] = component(app, "images")["grids"][0]["numbers"]
    return found


def test_all_images_can_be_browsed_by_split_digit_and_order() -> None:
    app = open_page("mnist")
    assert numbers(app) == list(range(100))
    assert np.array_equal(shown_images(app), TEST.images[:100])
    run(app, app.selectbox(key="digit").set_value("7"))
    sevens = np.flatnonzero(TEST.labels == 7)
    assert numbers(app) == sevens[:100].tolist()
    run(app, app.selectbox(key="order").set_value("Most unusual first"))
    assert numbers(app) != sevens[:100].tolist()
    assert set(numbers(app)) <= set(sevens.tolist())
    run(app, app.number_input(key="image_page").set_value(11))
    assert len(numbers(app)) == len(sevens) - 1000
    run(app, app.segmented_control(key="split").set_value("training"))
    training = datasets.load_all_training()
    assert set(training.labels[numbers(app)].tolist()) == {7}
    assert np.array_equal(shown_images(app), training.images[numbers(app)])


def test_an_image_is_found_by_its_number() -> None:
    app = open_page("mnist")
    run(app, app.number_input(key="image_number").set_value(4_321))
    assert 4_321 in numbers(app)
    assert f"Test image 4,321, labeled {TEST.labels[4_321]}" in text_of(app)
    other = (int(TEST.labels[4_321]) + 1) % 10
    run(app, app.selectbox(key="digit").set_value(str(other)))
    assert "Image 4,321 is not one of these" in text_of(app)
    run(app, app.selectbox(key="digit").set_value("All"))
    run(app, app.segmented_control(key="split").set_value("training"))
    run(app, app.number_input(key="image_number").set_value(59_999))
    assert "Training image 59,999, labeled" in text_of(app)
    run(app, app.segmented_control(key="split").set_value("test"))
    assert len(numbers(app)) == 100


def test_disputed_labels_are_a_filter_with_its_source() -> None:
    app = open_page("mnist")
    run(app, app.checkbox(key="disputed").check())
    assert numbers(app) == sorted(disputed_labels.DISPUTES)
    assert "Of five people" in text_of(app)
    assert disputed_labels.LINK in text_of(app)
    run(app, app.selectbox(key="digit").set_value("7"))
    assert "No image matches both filters." in text_of(app)


def test_label_and_answer_stand_side_by_side_with_their_loss() -> None:
    app = open_page("mnist")
    run(app, app.number_input(key="image_number").set_value(947))
    table = html_with(app, "lab-one-hot")
    kept = scores.read(read_card("cnn"))
    assert kept is not None
    probability = float(kept.probabilities[947][TEST.labels[947]])
    loss = float(table.split("<strong>")[1].split("<")[0])
    assert loss == pytest.approx(-np.log(probability), rel=1e-2)
    names = shown_code(app, "one_hot")
    assert names["label"] == TEST.labels[947]
    assert names["loss"] == pytest.approx(loss, abs=1e-4)


def test_the_drawing_finds_its_place_on_the_map() -> None:
    app = open_page("mnist")
    draw(app, 4)
    shown = component(app, "embedding")
    assert len(shown["place"]["near"]) == 8
    assert shown["picked"] is None
    near = html_with(app, "lab-tight")
    assert near.count("<figcaption>4<") >= 7
    app.session_state["picked_dot"] = 12_345
    run(app)
    assert component(app, "embedding")["picked"] == 12_345
    near = html_with(app, "lab-tight")
    assert f"Kept: {datasets.load_all_training().labels[12_345]}<" in near
    assert near.count("<figcaption>4<") >= 6


def test_without_emnist_it_says_how_to_get_it(folder: Path) -> None:
    app = open_page("mnist")
    run(app, app.segmented_control(key="source").set_value("emnist-digits"))
    assert f"is not in {folder}" in text_of(app)
    files = table_with(app, "File")["File"].tolist()
    assert files == [file.name for part in EMNIST_FILES.values() for file in part]
    assert "Where the images come from" in [one.value for one in app.subheader]


def test_with_emnist_browsing_works_the_same_way(folder: Path) -> None:
    training, test = emnist.write_some(folder, 250, 120)
    app = open_page("mnist")
    run(app, app.segmented_control(key="source").set_value("emnist-digits"))
    assert np.array_equal(shown_images(app), test.images[:100])
    assert "These files are not from the official archive" in text_of(app)
    run(app, app.segmented_control(key="split").set_value("training"))
    run(app, app.number_input(key="image_page").set_value(3))
    assert np.array_equal(shown_images(app), training.images[200:])
    assert app.checkbox(key="disputed").disabled


def test_wrong_emnist_is_said_and_nothing_else_breaks(folder: Path) -> None:
    emnist.write_some(folder, 30, 20)
    name = EMNIST_FILES["test"][0].name
    (folder / name).write_bytes((folder / name).read_bytes()[:-20])
    app = open_page("mnist")
    run(app, app.segmented_control(key="source").set_value("emnist-digits"))
    assert f"{name} is damaged" in text_of(app)
    run(app, app.segmented_control(key="source").set_value("mnist"))
    assert len(numbers(app)) == 100


def test_every_network_is_in_the_table_with_its_interval() -> None:
    app = open_page("report_card")
    table = html_with(app, "lab-networks")
    rows = table.split("<tr")[2:]
    assert [title(name) in row for name, row in zip(NETWORKS, rows, strict=True)] == [True] * 6
    card = read_card("cnn")
    low, high = metrics.wilson_interval(card.test_accuracy, 10_000)
    assert f"{100 * card.test_accuracy:.2f}%" in rows[0]
    assert f"{100 * low:.2f} to {100 * high:.2f}" in rows[0]
    assert 'class="here"' in rows[0]
    results = html_with(app, "lab-results")
    errors = [float(part.split("%")[0]) for part in results.split("<b>")[1:]]
    assert errors == sorted(errors, reverse=True)
    assert results.count('class="here"') == len(NETWORKS)
    assert "arxiv.org/abs/1202.2745" in results


def test_errors_are_counted_by_digit() -> None:
    app = open_page("report_card")
    kept = scores.read(read_card("cnn"))
    assert kept is not None
    wrong = kept.probabilities.argmax(axis=1) != TEST.labels
    rows = html_with(app, "lab-errors").split("<div>")[1:]
    for digit, row in enumerate(rows):
        is_digit = TEST.labels == digit
        assert f"{(wrong & is_digit).sum()} wrong of {is_digit.sum():,}" in row


def test_the_matrix_counts_every_test_image() -> None:
    app = open_page("report_card")
    counts = np.array([row["counts"] for row in component(app, "confusion")["rows"]])
    assert np.array_equal(counts.sum(axis=1), np.bincount(TEST.labels))
    assert np.trace(counts) == round(read_card("cnn").test_accuracy * 10_000)
    app.session_state["picked_cell"] = (2, 7)
    run(app)
    assert html_with(app, "2, read as 7").count("2, read as 7<") == counts[2, 7] > 0
    press(app, "Show all mistakes")
    assert app.session_state["picked_cell"] is None
    assert "Its most confident mistakes" in text_of(app)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_corruption_is_answered_by_all_networks(name: str) -> None:
    app = open_page("robustness")
    run(app, app.segmented_control(key="corruption").set_value(name))
    app.session_state[f"strength_{name}"] = CORRUPTIONS[name].strengths[-1]
    run(app)
    predictions = html_with(app, "lab-compact")
    assert all(f'"Answer: {title(network)}">' in predictions for network in NETWORKS)
    chart = component(app, "curves")["charts"][0]
    kept = scores.read(read_card("cnn"))
    assert kept is not None
    assert f"Small CNN {100 * kept.curves[name][-1]:.1f}%" in chart
    names = shown_code(app, "corruptions")  # asserts that it corrupts the digit as the page does
    assert names["probabilities"].shape == (10,)


def test_all_networks_are_asked_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("robustness")
    inference = resources.inference()
    asked: list[list[str]] = []
    monkeypatch.setattr(
        inference,
        "layers",
        lambda *_: pytest.fail("The page needs no layers."),
    )
    predictions = inference.predictions

    def count(images: Image, networks: Sequence[str]) -> object:
        asked.append(list(networks))
        return predictions(images, networks)

    monkeypatch.setattr(inference, "predictions", count)
    run(app)
    assert asked == [list(NETWORKS)]


def test_an_own_run_is_measured_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "CORRUPTED_EVERY", 100)
    own_network("scored-3")
    app = go_to(open_app("scored-3"), "report_card")
    assert "Measuring" in str([element.proto for element in app.get("progress")])
    wait_until_measured(resources.scoring_queue(), "scored-3")
    assert not resources.scoring_queue().failure("scored-3")
    run(app)
    assert not app.get("progress")
    counts = np.array([row["counts"] for row in component(app, "confusion")["rows"]])
    accuracy = read_card("softmax").test_accuracy
    assert np.trace(counts) == round(accuracy * 10_000)
    assert "scored-3" in html_with(app, "lab-networks")
    go_to(app, "robustness")
    assert "scored-3" in component(app, "curves")["charts"][0]
    assert f"scored-3 · {100 * accuracy:.2f}%" in network_choice(app).options
