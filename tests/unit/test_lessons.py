"""Lessons are files: each is read, and one that is wrong says where and what."""

from pathlib import Path

import pytest

from mnist_app.lessons import elements
from mnist_app.lessons.elements import Corrupted, LessonError, SlidingKernel, read_element
from mnist_app.lessons.reading import FOLDER, SCENES, lessons, read_lesson, read_scene
from mnist_app.networks import registry
from mnist_app.networks.layers import folded_layers

GOOD = """---
title: A kernel
sentence: It slides.
show: kernel
with: preset = Sharpen; starts = empty
then: starts = playing
then: preset = Outline; starts = whole
check: answer
---
A kernel slides.

## Notes
Slowly.

## Question
How many numbers are 3 times 3?
- [ ] 6
- [x] 9
Three rows of three.
"""
WRONG = {
    "A kernel slides.": ("", "is empty"),
    "title: A kernel\n": ("", "“title”"),
    "title: A kernel": ("title: A kernel\ntitle: B", "“title”"),
    "sentence: It slides.": ("sentence:", "“sentence”"),
    "show: kernel": ("show: colonel", "no element “colonel”"),
    "with: preset": ("with: presets", "no state “presets”"),
    "preset = Sharpen": ("preset = Sharper", "cannot be “Sharper”"),
    "starts = empty": ("starts = full", "cannot be “full”, only whole, empty, playing"),
    "; starts = empty": ("; starts", "“starts”"),
    "then: starts = playing": ("then: stride = 0", "from 1 to 6, not 0"),
    "then: starts = playing\n": ("then: learned = first\n", "is a number, not “first”"),
    "check: answer": ("check: anything", "cannot be “anything”"),
    "check:": ("cheek:", "is not one of"),
    "## Notes": ("# Notes", "## Notes"),
    "- [x] 9": ("- [ ] 9", "marked [x]"),
    "- [ ] 6": ("- [x] 6", "marked [x]"),
    "- [ ] 6\n": ("", "two answers or more"),
    "Three rows of three.\n": ("", "a sentence why"),
    "---\ntitle": ("title", "three dashes"),
}


def test_every_scene_and_lesson_that_ships_is_read() -> None:
    course, talk = lessons().values()
    assert {scene.name for scene in course.scenes} == {file.stem for file in SCENES.glob("*.md")}
    assert 7 <= len(talk.scenes) <= 9
    assert talk.minutes == 10
    places = [course.place_of(scene.name) for scene in talk.scenes]
    assert places == sorted(place for place in places if place is not None)
    shown = {type(step) for scene in course.scenes for step in scene.steps}
    assert shown == set(elements.KINDS.values())
    for scene in course.scenes:
        assert len(scene.sentence) <= 75
        assert scene.text.count(". ") <= 2


def test_a_scene_is_read_with_its_steps(tmp_path: Path) -> None:
    scene = read_scene(written(tmp_path, GOOD))
    assert [step for step in scene.steps if isinstance(step, SlidingKernel)] == [
        SlidingKernel("Sharpen", starts="empty"),
        SlidingKernel("Sharpen", starts="playing"),
        SlidingKernel("Outline", starts="whole"),
    ]
    assert (scene.name, scene.question.answers[scene.question.right]) == ("scene", "9")
    assert scene.question.why == "Three rows of three."


@pytest.mark.parametrize("part", WRONG)
def test_a_wrong_scene_says_what_is_wrong(tmp_path: Path, part: str) -> None:
    assert part in GOOD
    instead, said = WRONG[part]
    with pytest.raises(LessonError) as raised:
        read_scene(written(tmp_path, GOOD.replace(part, instead, 1)))
    assert str(raised.value).startswith("scene.md: ")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("lesson", "said"),
    [
        ("title: A\nminutes: 10\n---\n", "no scene in this lesson"),
        ("title: A\nminutes: 10\n---\nother", "no scene “other”"),
        ("title: A\nminutes: 10\n---\nscene\nscene", "twice"),
        ("title: A\nminutes: ten\n---\nscene", "not “ten”"),
        ("minutes: 10\n---\nscene", "“title”"),
    ],
)
def test_a_wrong_lesson_says_what_is_wrong(tmp_path: Path, lesson: str, said: str) -> None:
    written(tmp_path, GOOD)
    file = tmp_path / "lesson.md"
    file.write_text(f"---\n{lesson}")
    with pytest.raises(LessonError) as raised:
        read_lesson(file, tmp_path)
    assert said in str(raised.value)


def test_a_state_stays_within_what_the_element_can_show() -> None:
    assert read_element("corruption", {"name": "turn", "strength": "-30", "networks": "rnn"}) == (
        Corrupted("turn", -30, ("rnn",))
    )
    for kind, state in (
        ("corruption", {"strength": "99"}),
        ("corruption", {"networks": "cnn nobody"}),
        ("pooling", {"size": "7"}),
        ("flow", {"network": "none"}),
        ("map", {"zoom": "2"}),
        ("evidence", {"randomized": "5"}),
        ("dream", {"layer": "conv9"}),
        ("dream", {"layer": "conv2", "number": "48"}),
    ):
        with pytest.raises(LessonError):
            read_element(kind, state)


def test_what_scenes_say_of_the_network_is_so() -> None:
    """Texts name sizes of “Small CNN”; another architecture would make them wrong."""
    card = registry.read_card("cnn")
    by_name = {layer.name: layer for layer in card.layers}
    assert by_name["conv1"].shape == (24, 24, 16)
    assert by_name["pool1"].shape == (12, 12, 16)
    columns = [group[0].name for group in folded_layers(card.layers)]
    for scene in lessons()["course"].scenes:
        for step in scene.steps:
            if isinstance(step, elements.Columns) and step.network == "cnn":
                assert set(step.layers) <= set(columns)
    assert (FOLDER / "courses" / "talk.md").is_file()


def written(folder: Path, text: str) -> Path:
    file = folder / "scene.md"
    file.write_text(text)
    return file
