"""Which lesson, scene and step is shown: the address says it, so a reload shows the same."""

from dataclasses import dataclass

import streamlit as st

from mnist_app.lessons.elements import Element
from mnist_app.lessons.reading import Lesson, Scene, lessons
from mnist_app.ui import lesson_session
from mnist_app.ui.lesson_session import KeptPlace

LESSON, SCENE, STEP, NOTES = "lesson", "scene", "step", "notes"
"""What they are called in an address."""


@dataclass(frozen=True)
class Place:
    """A step of a scene of a lesson."""

    lesson: Lesson
    number: int
    """The scene's, from 0."""
    step: int = 0
    unknown: str = ""
    """What the address calls a scene although there is none."""

    @property
    def scene(self) -> Scene:
        """The scene itself."""
        return self.lesson.scenes[self.number]

    @property
    def shown(self) -> Element:
        """What is shown."""
        return self.scene.steps[self.step]

    @property
    def turn(self) -> str:
        """A text that is another for each step of each scene."""
        return f"{self.scene.name} {self.step}"


def read_address(usual: str) -> None:
    """Go where the address says, else where the visitor was; at first to a lesson.

    `usual` is that lesson's name. Call it where the page begins, outside of its fragment: what a
    browser sends to that may still tell the address of before the last key.
    """
    kept = lesson_session.place()
    lesson = _lesson(st.query_params.get(LESSON, kept.lesson if kept else usual), usual)
    name = st.query_params.get(SCENE)
    if name is None:
        number = lesson.place_of(kept.scene) if kept else 0
        go_to(lesson, number or 0, kept.step if kept else 0)
        return
    number = lesson.place_of(name)
    if number is None:
        number, lesson = lessons()["course"].place_of(name), lessons()["course"]
    if number is None:
        lesson_session.keep_place(KeptPlace(lesson.name, lesson.scenes[0].name, 0, unknown=name))
    else:
        go_to(lesson, number, _whole(st.query_params.get(STEP)))


def current() -> Place:
    """Return where the visitor is since `read_address` or `go_to`; the address says the same."""
    kept = lesson_session.place()
    assert kept is not None, "The page reads its address first."
    lesson = lessons()[kept.lesson]
    place = Place(lesson, lesson.place_of(kept.scene) or 0, kept.step, kept.unknown)
    if not place.unknown:
        go_to(lesson, place.number, place.step)
    return place


def go_to(lesson: Lesson, number: int, step: int = 0) -> None:
    """Go to a step of a scene, at most to its last. Call it before what shows it, as a callback.

    Whatever else the address said was of the scene before; only that this is the window with the
    notes stays.
    """
    scene = lesson.scenes[number]
    step = min(step, len(scene.steps) - 1)
    lesson_session.keep_place(KeptPlace(lesson.name, scene.name, step))
    said = {LESSON: lesson.name, SCENE: scene.name, STEP: str(step)}
    if any(st.query_params.get(name) != value for name, value in said.items()):
        notes = {NOTES: "1"} if NOTES in st.query_params else {}
        st.query_params.from_dict(said | notes)


def _lesson(name: str, usual: str) -> Lesson:
    return lessons().get(name) or lessons()[usual]


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 4 else 0
