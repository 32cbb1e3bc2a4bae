"""What is said in a room, on the phones and on the wall."""

from mnist_app.classroom.room import Task

TASKS = {
    "free": "Draw any digit.",
    "draw": "Everybody draws a {digit}.",
    "fool": "Fool it: we can read it, it cannot.",
    "nothing": "Draw something that is no digit.",
}


def task_in_words(task: Task) -> str:
    """Return what the speaker asks for, short enough for one line of a phone."""
    return TASKS[task.kind].format(digit=task.digit)
