"""The course at one's own pace: a scene's element live, a sentence or two, and a question."""

from pathlib import Path

import streamlit as st

from mnist_app.lessons.reading import Scene, lessons
from mnist_app.ui import canvas, layout, lesson_session, link_settings, session
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import scenes
from mnist_app.ui.markup.scenes import Verdict
from mnist_app.ui.parts import evidence, scene_elements, scene_place
from mnist_app.ui.parts.scene_place import Place

STAGE = Path(__file__).parent / "stage.py"
COURSE = "course"

layout.begin("Lessons", "One idea at a time, on your own digit.", link_settings.LESSONS)
canvas.controls()
scene_place.read_address(COURSE)


@st.fragment
def learn() -> None:
    """Each stroke, answer and step through the lesson reruns this and nothing else."""
    place = scene_place.current()
    with st.container(key="lesson"):
        with st.container(horizontal=True, wrap=False, key="lesson_top"):
            drawing = canvas.show()
            with st.container(key="lesson_words"):
                navigate(place)
                if place.unknown:
                    st.info(
                        f"There is no scene “{place.unknown[:40]}”. Choose one above, or begin "
                        "here.",
                        icon=":material/wrong_location:",
                    )
                st.subheader(place.scene.title, anchor=False)
                st.markdown(place.scene.text)
                choose_step(place)
        st.html(scenes.sentence("", scene_elements.kind_of(place.shown), place.step))
        with st.container(key="scene_element"):
            scene_elements.show(place.shown, drawing, place.turn)
        ask(place, drawing)


def navigate(place: Place) -> None:
    """The lesson, its contents, the way back and on, and how far one has come."""
    numbers = range(len(place.lesson.scenes))
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_way"):
        session.pick(lesson_session.LESSON, place.lesson.name)
        st.segmented_control(
            "Lesson",
            list(lessons()),
            format_func=lambda name: lessons()[name].title,
            required=True,
            label_visibility="collapsed",
            key=lesson_session.LESSON,
            on_change=change_lesson,
            args=(place,),
        )
        session.pick(lesson_session.CONTENTS, place.number)
        st.selectbox(
            "Contents",
            numbers,
            format_func=lambda number: f"{number + 1}. {place.lesson.scenes[number].title}",
            label_visibility="collapsed",
            key=lesson_session.CONTENTS,
            on_change=lambda: scene_place.go_to(
                place.lesson, st.session_state[lesson_session.CONTENTS]
            ),
            width=300,
        )
        go("Back", "arrow_back", place, place.number - 1)
        go("Next", "arrow_forward", place, place.number + 1)
        st.page_link(STAGE, label="On the stage", icon=":material/present_to_all:")
    st.html(scenes.answered([verdict(scene) for scene in place.lesson.scenes], place.number))


def verdict(scene: Scene) -> Verdict:
    """Return how the visitor answered a scene's question."""
    answer = lesson_session.answer(scene.name)
    if answer is None:
        return "open"
    return "right" if answer == scene.question.right else "wrong"


def change_lesson(place: Place) -> None:
    """Go to the same scene of the other lesson, or to its first."""
    lesson = lessons()[st.session_state[lesson_session.LESSON]]
    scene_place.go_to(lesson, lesson.place_of(place.scene.name) or 0)


def go(label: str, icon: str, place: Place, number: int) -> None:
    """A button to another scene."""
    st.button(
        label,
        icon=f":material/{icon}:",
        disabled=not 0 <= number < len(place.lesson.scenes),
        on_click=scene_place.go_to,
        args=(place.lesson, number),
        key=f"lesson_{label}",
    )


def choose_step(place: Place) -> None:
    """Let the learner go through the steps of a scene."""
    steps = len(place.scene.steps)
    if steps == 1:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_steps"):
        for label, icon, step in (
            ("Less", "remove", place.step - 1),
            ("More", "add", place.step + 1),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                disabled=not 0 <= step < steps,
                on_click=scene_place.go_to,
                args=(place.lesson, place.number, step),
                key=f"lesson_{label}",
            )
        st.caption(f"Step {place.step + 1} of {steps}", width="content")


def ask(place: Place, drawing: Drawing) -> None:
    """The question; once it is answered, what is right, and what becomes of one's own digit."""
    question = place.scene.question
    with st.container(key="lesson_question"):
        answer = st.radio(
            question.text,
            range(len(question.answers)),
            index=None,
            format_func=question.answers.__getitem__,
            key=f"{lesson_session.ANSWER}{place.scene.name}",
            persist_state="session",
        )
        if answer is None:
            return
        if answer == question.right:
            st.success(f"Right. {question.why}", icon=":material/check:")
        else:
            right = question.answers[question.right]
            st.warning(f"Not quite: “{right}” {question.why}", icon=":material/close:")
        seen = evidence.sentence(place.scene.check, drawing)
        if seen:
            st.caption(seen)


learn()
layout.poll_for_inference()
