"""The same scenes for a talk: full-screen, by keys alone, and nothing before its moment."""

from pathlib import Path

import streamlit as st

from mnist_app.ui import canvas, layout, session
from mnist_app.ui.components.stage_control import stage_control
from mnist_app.ui.drawing import Drawing
from mnist_app.ui.markup import scenes
from mnist_app.ui.parts import scene_elements, scene_place
from mnist_app.ui.parts.scene_place import Place

TALK = "talk"
LESSONS = Path(__file__).parent / "lessons.py"

layout.begin("Stage", "")
scene_place.read_address(TALK)


@st.fragment
def play() -> None:
    """Each key and each stroke reruns this and nothing else."""
    place = scene_place.current()
    kind = scene_elements.kind_of(place.shown)
    st.html(scenes.sentence(place.scene.sentence, kind, place.step))
    drawing = canvas.show()
    with st.container(key="scene_element"):
        scene_elements.show(place.shown, drawing, place.turn)
    st.html(scenes.progress((place.number + 1) / len(place.lesson.scenes)))
    control(place, drawing)


def control(place: Place, drawing: Drawing) -> None:
    """What listens to the keys, and keeps place and drawing."""
    kept = canvas.as_sent(drawing) if session.has_drawn() else None
    stage_control(
        place.lesson.name,
        [len(scene.steps) for scene in place.lesson.scenes],
        place.number,
        place.step,
        lambda number, step: scene_place.go_to(place.lesson, number, step),
        drawing=kept,
        on_kept=canvas.restore,
    )


@st.fragment
def read_notes() -> None:
    """The speaker's window: notes, the question, and what comes next."""
    place = scene_place.current()
    scene, number = place.scene, place.number
    st.caption(
        f"Scene {number + 1} of {len(place.lesson.scenes)}, step {place.step + 1} of "
        f"{len(scene.steps)}"
    )
    st.header(scene.title, anchor=False)
    st.markdown(scene.notes.replace("\n", "\n\n"))
    st.markdown(f"**Ask:** {scene.question.text}")
    st.caption(f"**{scene.question.answers[scene.question.right]}** {scene.question.why}")
    if number + 1 < len(place.lesson.scenes):
        following = place.lesson.scenes[number + 1]
        st.markdown(f"**Next: {following.title}.** {following.sentence}")
    st.html(scenes.progress((number + 1) / len(place.lesson.scenes)))
    stage_control(
        place.lesson.name,
        [len(one.steps) for one in place.lesson.scenes],
        number,
        place.step,
        lambda number, step: scene_place.go_to(place.lesson, number, step),
        is_notes=True,
    )


if scene_place.NOTES in st.query_params:
    with st.container(key="talk_notes"):
        read_notes()
else:
    with st.container(key="talk"):
        play()
        with st.container(key="talk_tools"):
            canvas.controls()
    with st.container(key="talk_leave"):
        st.page_link(LESSONS, label="Leave the stage")
layout.poll_for_inference()
