"""Which lesson, scene and step is shown: the address says it, so a reload shows the same."""

from dataclasses import dataclass

import streamlit as st

from mnist_app.lessons.elements import Element
from mnist_app.lessons.reading import Lesson, Scene, lessons
from mnist_app.ui import session

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


def current(usual: str) -> Place:
    """Return where the visitor is: by the address, else where he was; at first in a lesson.

    `usual` is that lesson's name. The address says the same afterwards.
    """
    kept_lesson, kept_scene, kept_step = session.scene_place() or (usual, "", 0)
    lesson = _lesson(st.query_params.get(LESSON, kept_lesson), usual)
    name = st.query_params.get(SCENE)
    step = _whole(st.query_params.get(STEP)) if name else kept_step
    number = lesson.place_of(name or kept_scene)
    if name and number is None:
        number, lesson = lessons()["course"].place_of(name), lessons()["course"]
    if number is None and name:
        return Place(lesson, 0, unknown=name)
    number = number or 0
    place = Place(lesson, number, min(step, len(lesson.scenes[number].steps) - 1))
    if name != place.scene.name or st.query_params.get(LESSON) != lesson.name:
        go_to(lesson, number, place.step)  # the address says where one is, wherever one came from
    return place


def go_to(lesson: Lesson, number: int, step: int = 0) -> None:
    """Go to a step of a scene. Call it before what shows it, as a callback.

    Whatever else the address said was of the scene before; only that this is the window with the
    notes stays.
    """
    scene = lesson.scenes[number].name
    said = {LESSON: lesson.name, SCENE: scene, STEP: str(step)}
    notes = {NOTES: "1"} if NOTES in st.query_params else {}
    st.query_params.from_dict(said | notes)
    session.keep_scene_place(lesson.name, scene, step)


def _lesson(name: str, usual: str) -> Lesson:
    return lessons().get(name) or lessons()[usual]


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 4 else 0
