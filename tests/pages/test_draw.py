"""What the pages do, without a browser: the real scripts, the real model process."""

import base64
import random
import time
from typing import Any

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_app.data import datasets
from mnist_app.imaging.image_files import encode_png
from mnist_app.imaging.normalize import place_on_canvas
from mnist_app.inference import Inference
from mnist_app.networks.card import read_card
from mnist_app.networks.prediction import SURE, top_two_mass
from mnist_app.networks.registry import NETWORKS
from tests.support.handwriting import DIGITS, drawn
from tests.support.serving import ROOT


def open_app() -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    assert not app.exception
    return app


def draw(app: AppTest, digit: int) -> AppTest:
    """Seed what the canvas would send."""
    canvas = app.session_state["drawing"].canvas
    return _send(app, encode_png(drawn(digit)), canvas)


def _send(app: AppTest, png: bytes, canvas: int) -> AppTest:
    sent: dict[str, Any] = {"raw": {"objects": [{"type": "Path"}]}, "data": base64_uri(png)}
    app.session_state[f"canvas_{canvas}"] = {"drawing": sent, "backgroundFit": None}
    return _run_until_awake(app)


def base64_uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _run_until_awake(app: AppTest) -> AppTest:
    for _ in range(120):
        app.run()
        assert not app.exception
        if "waking up" not in answer(app):
            return app
        time.sleep(0.5)
    raise AssertionError("The network did not wake up within a minute.")


def answer(app: AppTest) -> str:
    return next(str(html.value) for html in app.html if "lab-answer" in str(html.value))


def reads(app: AppTest) -> str:
    return answer(app).split('aria-label="Prediction">')[1].split("<")[0]


@pytest.fixture
def app() -> AppTest:
    return open_app()


def test_nothing_drawn_yet(app: AppTest) -> None:
    _run_until_awake(app)
    assert reads(app) == "–"
    assert "Any digit from 0 to 9" in answer(app)


@pytest.mark.parametrize("digit", DIGITS)
def test_drawing_is_read(app: AppTest, digit: int) -> None:
    draw(app, digit)
    assert reads(app) == str(digit)
    assert answer(app).count("--share") == 10


def test_clear(app: AppTest) -> None:
    draw(app, 5)
    app.button[0].click().run()
    assert app.button[0].label == "Clear"
    assert reads(app) == "–"
    draw(app, 6)
    assert reads(app) == "6"


def test_drawing_stays_on_the_way_to_another_page_and_back(app: AppTest) -> None:
    draw(app, 2)
    app.switch_page("pages/models.py").run()
    assert not app.exception
    assert app.title[0].value == "Models"
    app.switch_page("pages/draw.py").run()
    assert reads(app) == "2"


def test_example_is_read_and_says_where_it_comes_from(app: AppTest) -> None:
    right = 0
    for _ in range(20):
        app.button[1].click()
        _run_until_awake(app)
        label = answer(app).split("labeled ")[1][0]
        right += reads(app) == label
    assert right >= 18


def test_an_example_that_is_no_one_digit_says_where_it_comes_from(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "randrange", lambda _: 856)  # a 5 whose bar is far away
    app.button[1].click()
    _run_until_awake(app)
    assert "more than one group of ink" in answer(app)
    assert "MNIST test image 856, labeled 5" in answer(app)


def test_the_most_doubtful_test_image_is_not_sure(app: AppTest, door: Inference) -> None:
    images = datasets.load_test().images
    answers = np.concatenate([door.classify(batch) for batch in np.split(images, 20)])
    confidences = answers.max(axis=1)
    recognized = top_two_mass(answers) >= read_card("cnn").reject_below
    image = images[np.where(recognized, confidences, 1).argmin()]
    _send(app, encode_png(place_on_canvas(image, 280)), app.session_state["drawing"].canvas)
    confidence = float(answer(app).split("Not sure: ")[1].split("%")[0])
    assert confidence < 100 * SURE


def test_uploaded_picture(app: AppTest) -> None:
    app.segmented_control(key="picture_source").select("Upload a picture").run()
    _, jpeg = cv2.imencode(".jpg", 255 - drawn(8, 900, 60))
    app.file_uploader[0].upload("eight.jpg", jpeg.tobytes())
    _run_until_awake(app)
    assert reads(app) == "8"
    assert "from your picture" in answer(app)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no picture", "not a PNG or JPEG"), (encode_png(255 - 0 * drawn(1)), "No digit was found")],
)
def test_picture_without_a_digit_is_explained_and_harms_nothing(
    app: AppTest, content: bytes, sentence: str
) -> None:
    draw(app, 4)
    app.segmented_control(key="picture_source").select("Upload a picture").run()
    app.file_uploader[0].upload("picture.png", content).run()
    assert sentence in app.error[0].value
    assert reads(app) == "4"
    app.button[0].click().run()
    assert not app.error


def test_damaged_canvas_state_and_foreign_pen_width_do_no_harm(app: AppTest) -> None:
    app.session_state["pen_width"] = 10**6
    bomb = b"\x89PNG\r\n\x1a\n" + encode_png(drawn(1)[:1].repeat(5000, axis=0))[8:]
    for data in (
        None,
        "nonsense",
        "data:image/png;base64,AAA",
        base64_uri(b"no"),
        base64_uri(bomb),
    ):
        sent = {"drawing": {"raw": None, "data": data}, "backgroundFit": None}
        app.session_state["canvas_0"] = sent
        _run_until_awake(app)
        assert reads(app) == "–"
    assert "Press Clear and draw again." in answer(app)
    app.button[0].click().run()
    draw(app, 3)
    assert reads(app) == "3"


def test_models_page_shows_every_layer_of_the_card(app: AppTest) -> None:
    app.switch_page("pages/models.py").run()
    tables = [table.value for table in app.table]
    layers = next(table for table in tables if "Layer" in table)["Layer"].tolist()
    assert layers[:5] == ["image", "scale", "channel", "conv1", "relu1"]
    assert layers[-1] == "probabilities"


@pytest.mark.parametrize("name", NETWORKS)
def test_models_page_shows_each_network(app: AppTest, name: str) -> None:
    app.switch_page("pages/models.py").run()
    app.sidebar.selectbox[0].set_value(name).run()
    assert not app.exception
    values = [metric.value for metric in app.metric]
    assert f"{read_card(name).parameters:,}" in values
    assert any("Pen" in table.value for table in app.table)


def test_chosen_network_answers_and_stays_chosen_on_other_pages(app: AppTest) -> None:
    draw(app, 7)
    sure = answer(app)
    app.sidebar.selectbox[0].set_value("softmax").run()
    _run_until_awake(app)
    assert answer(app) != sure
    assert "7,850 parameters" in app.sidebar.caption[0].value
    app.switch_page("pages/models.py").run()
    assert app.sidebar.selectbox[0].value == "softmax"
    app.switch_page("pages/draw.py").run()
    assert app.sidebar.selectbox[0].value == "softmax"


def test_a_letter_and_a_scribble_are_no_digit(app: AppTest) -> None:
    cross = np.zeros((280, 280), np.uint8)
    cv2.line(cross, (60, 60), (220, 220), 255, 18, cv2.LINE_AA)
    cv2.line(cross, (220, 60), (60, 220), 255, 18, cv2.LINE_AA)
    zigzag = np.array([[40, 200], [80, 60], [110, 210], [150, 60], [180, 220], [240, 60]])
    scribble = cv2.polylines(np.zeros((280, 280), np.uint8), [zigzag], False, 255, 18, cv2.LINE_AA)
    for drawing in (cross, np.asarray(scribble, dtype=np.uint8)):
        _send(app, encode_png(drawing), app.session_state["drawing"].canvas)
        assert reads(app) == "–"
        assert "I don&#x27;t recognize a digit here" in answer(app)
        assert "The nearest is" in answer(app)
    draw(app, 3)
    assert reads(app) == "3"
