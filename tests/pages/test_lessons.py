"""Lessons without a browser: what every scene shows, its question, its address."""

from streamlit.testing.v1 import AppTest

from mnist_app.lessons.elements import KINDS
from mnist_app.lessons.reading import lessons
from tests.support.apptest import (
    by_label,
    component_keys,
    draw,
    go_to,
    html_with,
    open_app,
    press,
    run,
    text_of,
)

SHOWN = {
    "reading": "lab-large",
    "pixels": "scene_pixels",
    "kernel": "scene_kernel",
    "columns": "scene_columns",
    "pooling": "scene_pooling",
    "flow": "living_network",
    "corruption": "corruption_",
    "map": "scene_map",
    "loss": "lab-beside",
    "training": "Train",
    "step": "scene_step",
    "memorizing": "overfitting",
    "mistakes": "read as",
    "evidence": "scene_evidence",
    "strokes": "change_of_mind",
    "noise": "noise",
    "dream": "The dream starts as noise",
    "results": "lab-results",
}
"""A part of an element's key, or of the text that is there, by kind."""


def test_every_scene_of_every_lesson_is_shown_on_the_stage() -> None:
    assert SHOWN.keys() == KINDS.keys()
    app = go_to(open_app(), "stage")
    draw(app, 4)
    seen = set()
    for lesson in lessons().values():
        for scene in lesson.scenes:
            if scene.name not in seen:
                seen.add(scene.name)
                step = "0" if scene.name == "mind" else "9"  # all nine searches: test_why.py
                app.query_params.update({"lesson": lesson.name, "scene": scene.name, "step": step})
                run(app)
                text = all_of(app)
                assert scene.sentence in text
                kind = next(one for one in KINDS if isinstance(scene.steps[-1], KINDS[one]))
                assert SHOWN[kind] in text, scene.name


def test_a_learner_answers_and_is_shown_his_own_digit() -> None:
    app = go_to(open_app(), "lessons")
    draw(app, 4)
    assert app.query_params["scene"] == "recognizing"
    press(app, "Next")
    assert app.query_params["scene"] == "bytes"
    assert "784 numbers" not in text_of(app)
    question = lessons()["course"].scenes[1].question
    run(app, by_label(app.radio, question.text).set_value(question.right))
    assert question.why in app.success[0].value
    assert "Of the 784 numbers of your digit" in text_of(app)
    run(app, by_label(app.radio, question.text).set_value(0))
    assert question.answers[question.right] in app.warning[0].value
    press(app, "Next")
    press(app, "Back")
    assert app.radio[0].value == 0
    assert '"open"></i><i class="wrong here">' in html_with(app, "lab-answered")


def test_an_address_opens_its_scene_or_says_that_there_is_none() -> None:
    app = go_to(open_app(), "lessons")
    app.query_params["scene"] = "pooling"
    run(app)
    assert app.subheader[0].value == "Max pooling"
    app.query_params["scene"] = "nowhere"
    run(app)
    assert "There is no scene “nowhere”" in text_of(app)
    run(app, app.selectbox(key="scene_contents").select_index(4))
    assert app.query_params["scene"] == "mask"
    assert "There is no scene" not in text_of(app)


def all_of(app: AppTest) -> str:
    """Return all text on the page, the keys of its elements and the labels of its buttons."""
    keys = " ".join(key or "" for key in component_keys(app))
    return " ".join([text_of(app), keys, *(button.label for button in app.button)])
