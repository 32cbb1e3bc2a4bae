"""The page Draw without a browser: what is drawn, uploaded or sent, and what is answered."""

import base64
import random
import re

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.data import datasets
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import normalize, place_on_canvas
from mnist_app.inference import Inference
from mnist_app.networks.prediction import SURE, top_two_mass
from mnist_app.networks.registry import NETWORKS, read_card, title
from tests.support.apptest import (
    choose_network,
    component,
    data_uri,
    draw,
    go_to,
    html_with,
    network_choice,
    open_app,
    press,
    run,
    send,
    send_to_canvas,
    table_with,
    text_of,
)
from tests.support.handwriting import DIGITS, canvas_strokes_of, drawn


def answer(app: AppTest) -> str:
    return html_with(app, "lab-answer")


def reads(app: AppTest) -> str:
    return answer(app).split('aria-label="Prediction">')[1].split("<")[0]


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.segmented_control(key="picture_source").select("Upload a picture")
    run(app)
    app.file_uploader[0].upload(name, content)
    return run(app)


@pytest.fixture
def app() -> AppTest:
    return open_app()


def test_nothing_drawn_yet(app: AppTest) -> None:
    run(app)
    assert reads(app) == "–"
    assert "Any digit from 0 to 9" in answer(app)


@pytest.mark.parametrize("digit", DIGITS)
def test_drawing_is_read(app: AppTest, digit: int) -> None:
    draw(app, digit)
    assert reads(app) == str(digit)
    assert answer(app).count("--share") == 10


def test_clear(app: AppTest) -> None:
    draw(app, 5)
    press(app, "Clear")
    assert reads(app) == "–"
    draw(app, 6)
    assert reads(app) == "6"


def test_drawing_is_normalized_once_and_kept(app: AppTest) -> None:
    draw(app, 2)
    drawing = app.session_state["drawing"]
    expected = normalize(drawn(2), "black")
    assert drawing.strokes == base64.b64decode(canvas_strokes_of(2))
    np.testing.assert_array_equal(drawing.image, expected.image)
    assert drawing.normalized.gray is drawing.normalized.ink  # 78,400 bytes, once
    assert drawing.normalized.crop.base is not None  # a part of `ink`
    run(app)
    assert app.session_state["drawing"] is drawing
    go_to(app, "pixels")
    assert app.session_state["drawing"] is drawing


def test_drawing_stays_when_the_page_changes(app: AppTest) -> None:
    draw(app, 2)
    go_to(app, "report_card")
    assert app.title[0].value == "Report card"
    go_to(app, "draw")
    assert reads(app) == "2"


def test_example_is_read_and_says_where_it_comes_from(app: AppTest) -> None:
    right = 0
    for _ in range(20):
        press(app, "Example")
        label = answer(app).split("labeled ")[1][0]
        right += reads(app) == label
    assert right >= 18


def test_unreadable_example_says_where_it_comes_from(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "randrange", lambda _: 856)  # a 5 whose bar is far away
    press(app, "Example")
    assert "This looks like more than one digit." in answer(app)
    assert "MNIST test image 856, labeled 5" in answer(app)


def test_most_doubtful_test_image_is_not_sure(app: AppTest, inference: Inference) -> None:
    images = datasets.load_test().images
    batches = [inference.probabilities(batch, "cnn") for batch in np.split(images, 20)]
    answers = np.concatenate(batches)
    confidences = answers.max(axis=1)
    recognized = top_two_mass(answers) >= read_card("cnn").reject_below
    image = images[np.where(recognized, confidences, 1).argmin()]
    send(app, encode_png(place_on_canvas(image, 280)))
    doubt = re.search(r"Not sure: (\d) or (\d)</strong>\1: ([\d.]+)%, \2: ([\d.]+)%", answer(app))
    assert doubt is not None
    assert doubt[1] == reads(app)
    assert float(doubt[4]) <= float(doubt[3]) < 100 * SURE


def test_uploaded_picture(app: AppTest) -> None:
    _, jpeg = cv2.imencode(".jpg", 255 - drawn(8, 900, 60))
    upload(app, "eight.jpg", jpeg.tobytes())
    assert reads(app) == "8"
    assert "from your picture" in answer(app)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no picture", "not a PNG or JPEG"), (encode_png(255 - 0 * drawn(1)), "No digit was found")],
)
def test_picture_without_a_digit_is_explained(app: AppTest, content: bytes, sentence: str) -> None:
    draw(app, 4)
    upload(app, "picture.png", content)
    assert sentence in app.error[0].value
    assert reads(app) == "4"
    press(app, "Clear")
    assert not app.error


BOMB = b"\x89PNG\r\n\x1a\n" + encode_png(drawn(1)[:1].repeat(5000, axis=0))[8:]
FINE = data_uri(encode_png(drawn(6)))
FORGED = [
    "nonsense",
    [],
    {},
    {"data": None},
    {"data": 5},
    {"data": ["data:image/png;base64,"]},
    {"data": "nonsense"},
    {"data": "data:image/png;base64,AAA"},
    {"data": data_uri(b"no")},
    {"data": data_uri(BOMB)},
    {"data": FINE, "strokes": None},
    {"data": FINE, "strokes": {"objects": []}},
    {"data": FINE, "strokes": "no base64"},
    {"data": FINE, "strokes": "AAAA"},
    {"raw": {"objects": [{"type": "Path"}]}},
]


def test_forged_drawings_are_refused_in_one_place(
    app: AppTest, caplog: pytest.LogCaptureFixture
) -> None:
    for forged in FORGED:
        caplog.clear()
        send_to_canvas(app, forged)
        assert "Press Clear and draw again." in answer(app)
        assert reads(app) == "–"
        run(app)  # it is not read again
        [line] = [one.getMessage() for one in caplog.records if "no drawing" in one.getMessage()]
        assert len(line) < 200
    go_to(app, "report_card")
    go_to(app, "draw")
    draw(app, 3)
    assert reads(app) == "3"


@pytest.mark.parametrize("width", [10**6, -1, float("nan")])
def test_any_pen_width_does_no_harm(app: AppTest, width: float) -> None:
    app.session_state["pen_width"] = width
    draw(app, 3)
    assert reads(app) == "3"


def test_a_drawing_goes_on_on_another_page_as_a_picture(app: AppTest) -> None:
    draw(app, 6)
    go_to(app, "pixels")
    go_to(app, "draw")
    canvas = component(app, "canvas_0")
    [shown] = canvas["initialDrawing"]["objects"]
    assert shown["src"] == FINE
    assert canvas["strokes"] == canvas_strokes_of(6)


def test_a_picture_larger_than_the_canvas_is_not_kept(app: AppTest) -> None:
    send(app, encode_png(drawn(6, 1000, 60)))
    assert "Press Clear and draw again." in answer(app)
    assert app.session_state["drawing"].normalized.gray.shape == (280, 280)


def test_report_card_shows_every_layer_of_the_card(app: AppTest) -> None:
    go_to(app, "report_card")
    layers = table_with(app, "Layer")["Layer"].tolist()
    assert layers == [layer.name for layer in read_card("cnn").layers]


@pytest.mark.parametrize("name", NETWORKS)
def test_report_card_shows_each_network(app: AppTest, name: str) -> None:
    go_to(app, "report_card")
    choose_network(app, name)
    values = [metric.value for metric in app.metric]
    assert f"{read_card(name).parameters:,}" in values
    assert len(table_with(app, "Pen")) == 3
    assert f"“{title(name)}”: " in text_of(app)


def test_chosen_network_answers_on_every_page(app: AppTest) -> None:
    draw(app, 7)
    sure = answer(app)
    choose_network(app, "softmax")
    assert answer(app) != sure
    assert "7,850 parameters" in app.sidebar.caption[0].value
    go_to(app, "report_card")
    assert network_choice(app).value == "softmax"
    go_to(app, "draw")
    assert network_choice(app).value == "softmax"


def test_sidebar_calls_networks_by_title_and_accuracy(app: AppTest) -> None:
    accuracies = [f"{100 * read_card(name).test_accuracy:.2f}%" for name in NETWORKS]
    titles = [f"{title(name)} · {a}" for name, a in zip(NETWORKS, accuracies, strict=True)]
    assert network_choice(app).options == titles
    assert titles[0] == f"Small CNN · {accuracies[0]}"


def test_a_letter_and_a_scribble_are_no_digit(app: AppTest) -> None:
    cross = np.zeros((280, 280), np.uint8)
    cv2.line(cross, (60, 60), (220, 220), 255, 18, cv2.LINE_AA)
    cv2.line(cross, (220, 60), (60, 220), 255, 18, cv2.LINE_AA)
    zigzag = np.array([[40, 200], [80, 60], [110, 210], [150, 60], [180, 220], [240, 60]])
    scribble = cv2.polylines(np.zeros((280, 280), np.uint8), [zigzag], False, 255, 18, cv2.LINE_AA)
    for drawing in (cross, np.asarray(scribble, dtype=np.uint8)):
        send(app, encode_png(drawing))
        assert reads(app) == "–"
        assert "recognize a digit here" in answer(app)
        assert "The nearest is" in answer(app)
    draw(app, 3)
    assert reads(app) == "3"
