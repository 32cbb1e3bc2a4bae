"""Reads scenes and lessons from their files, and says what is wrong with one that is.

A file begins with a header between two lines of three dashes, a `name: value` a line. A scene:

    ---
    title: A kernel is a mask
    sentence: Nine numbers decide what the window sees.
    show: kernel
    with: preset = Box blur
    then: preset = Sharpen
    check: answer
    ---
    One or two sentences, for the learner.

    ## Notes
    What the speaker should not forget.

    ## Question
    What is the sum of these nine numbers?
    - [ ] 9
    - [x] 1
    One sentence that says why.

`sentence` stands on the stage. `with` is the state of the element, and each `then` a step that
changes some of it; states are separated by semicolons. `check` may be left out. A lesson has a
title and minutes in its header, and the names of its scenes, a line each, below it.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_app.lessons.elements import Element, LessonError, read_element

FOLDER = Path(__file__).parent
SCENES, LESSONS = FOLDER / "scenes", FOLDER / "courses"
CHECKS = ("answer", "numbers", "moved", "pooled", "turned", "loss")
"""What may be shown of the learner's own drawing after the answer, see `ui.parts.evidence`."""
_SCENE = ("title", "sentence", "show", "with", "then", "check")
_LESSON = ("title", "minutes")
_ANSWER = re.compile(r"- \[([ x])\] (.+)")


@dataclass(frozen=True)
class Question:
    """A question after a scene."""

    text: str
    answers: tuple[str, ...]
    right: int
    """Which of the answers is right."""
    why: str
    """One sentence that says why."""


@dataclass(frozen=True)
class Scene:
    """One idea, and what is shown of it."""

    name: str
    """What addresses call it."""
    title: str
    sentence: str
    """The one sentence on the stage."""
    text: str
    """One or two sentences, for a learner."""
    steps: tuple[Element, ...]
    """What is shown, one after the other; at least one."""
    notes: str
    """For the speaker."""
    question: Question
    check: str = ""
    """One of `CHECKS`; empty for none."""


@dataclass(frozen=True)
class Lesson:
    """Scenes in their order."""

    name: str
    """What addresses call it."""
    title: str
    minutes: int
    scenes: tuple[Scene, ...]

    def place_of(self, name: str) -> int | None:
        """Return the place of the scene with this name, from 0; None where there is none."""
        names = [scene.name for scene in self.scenes]
        return names.index(name) if name in names else None


@functools.cache
def lessons() -> dict[str, Lesson]:
    """Return all lessons that ship, by name: the longest first. Raises LessonError."""
    found = [read_lesson(file, SCENES) for file in LESSONS.glob("*.md")]
    return {one.name: one for one in sorted(found, key=lambda one: -one.minutes)}


def read_lesson(file: Path, scenes: Path) -> Lesson:
    """Return the lesson in a file; its scenes lie in the folder `scenes`. Raises LessonError."""
    header, body = _split(file, _LESSON)
    names = body.split()
    if not names:
        raise LessonError(f"{file.name}: there is no scene in this lesson.")
    for name in names:
        if not (scenes / f"{name}.md").is_file():
            raise LessonError(f"{file.name}: there is no scene “{name}”.")
    if len(set(names)) < len(names):
        raise LessonError(f"{file.name}: a scene comes twice.")
    minutes = _one(file, header, "minutes")
    if not minutes.isdecimal():
        raise LessonError(f"{file.name}: “minutes” is a whole number, not “{minutes}”.")
    read = tuple(read_scene(scenes / f"{name}.md") for name in names)
    return Lesson(file.stem, _one(file, header, "title"), int(minutes), read)


def read_scene(file: Path) -> Scene:
    """Return the scene in a file. Raises LessonError, which names the file."""
    header, body = _split(file, _SCENE)
    text, notes, question = _sections(file, body)
    check = header.get("check", [""])[0]
    if check not in ("", *CHECKS):
        raise LessonError(f"{file.name}: “check” cannot be “{check}”, only {', '.join(CHECKS)}.")
    try:
        steps = tuple(_steps(header, _one(file, header, "show")))
    except LessonError as error:
        raise LessonError(f"{file.name}: {error}") from error
    return Scene(
        file.stem,
        _one(file, header, "title"),
        _one(file, header, "sentence"),
        text,
        steps,
        notes,
        _question(file, question),
        check,
    )


def _split(file: Path, known: tuple[str, ...]) -> tuple[dict[str, list[str]], str]:
    """Return the header's values by name, in their order, and what stands below it."""
    _, dashes, rest = file.read_text(encoding="utf-8").partition("---\n")
    head, more_dashes, body = rest.partition("---\n")
    if not dashes or not more_dashes:
        raise LessonError(f"{file.name}: a header stands between two lines of three dashes.")
    header: dict[str, list[str]] = {}
    for line in filter(str.strip, head.splitlines()):
        name, colon, value = line.partition(":")
        if not colon or name.strip() not in known:
            raise LessonError(f"{file.name}: “{line}” is not one of {', '.join(known)}.")
        header.setdefault(name.strip(), []).append(value.strip())
    return header, body.strip()


def _one(file: Path, header: dict[str, list[str]], name: str) -> str:
    values = header.get(name, [])
    if len(values) != 1 or not values[0]:
        raise LessonError(f"{file.name}: “{name}” has to stand in the header once.")
    return values[0]


def _steps(header: dict[str, list[str]], kind: str) -> Iterator[Element]:
    """Yield what is shown step by step: each changes some of the state before."""
    state: dict[str, str] = {}
    for line in [*header.get("with", [""])[:1], *header.get("then", [])]:
        for part in filter(None, (one.strip() for one in line.split(";"))):
            name, equals, value = part.partition("=")
            if not equals:
                raise LessonError(f"“{part}” is not a name, an equals sign and a value.")
            state[name.strip()] = value.strip()
        yield read_element(kind, state)


def _sections(file: Path, body: str) -> tuple[str, str, str]:
    """Return the text, the notes and the question of a scene."""
    text, notes_head, rest = body.partition("## Notes\n")
    notes, question_head, question = rest.partition("## Question\n")
    if not notes_head or not question_head:
        raise LessonError(f"{file.name}: “## Notes” and then “## Question” follow the text.")
    found = text.strip(), notes.strip(), question.strip()
    if not all(found):
        raise LessonError(f"{file.name}: the text, the notes or the question is empty.")
    return found


def _question(file: Path, section: str) -> Question:
    lines = [line.strip() for line in section.splitlines() if line.strip()]
    answers = [(at, match) for at, line in enumerate(lines) if (match := _ANSWER.fullmatch(line))]
    right = [at for at, (_, match) in enumerate(answers) if match[1] == "x"]
    if len(answers) < 2 or len(right) != 1:
        raise LessonError(f"{file.name}: of two answers or more, one is marked [x], others [ ].")
    first, last = answers[0][0], answers[-1][0]
    text, why = " ".join(lines[:first]), " ".join(lines[last + 1 :])
    if not text or not why or last - first + 1 != len(answers):
        raise LessonError(f"{file.name}: a question, its answers, and a sentence why.")
    return Question(text, tuple(match[2] for _, match in answers), right[0], why)
