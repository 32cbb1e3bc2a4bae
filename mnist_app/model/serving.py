"""How the model process serves its lanes: each has a pipe and a thread that answers there."""

import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from mnist_app.model import inspection
from mnist_app.networks.interventions import InterventionError
from mnist_app.networks.prediction import PredictionError
from mnist_app.networks.questions import Failure, Question, Refused
from mnist_app.networks.registry import NetworkError


def serve(strokes: Connection, background: Connection) -> None:
    """Answer questions until the far end of the strokes' pipe is closed.

    A lower priority of the other thread would not help: TensorFlow computes in its own threads.
    """
    threading.Thread(target=_answer_all, args=(background,), daemon=True).start()
    _answer_all(strokes)


def _answer_all(pipe: Connection) -> None:
    with suppress(EOFError, OSError):
        while True:
            pipe.send(_answer(pipe.recv()))


def _answer(question: Question[Any]) -> object:
    """Return the answer, or a `Refused` or a `Failure` that says why there is none."""
    try:
        return inspection.answer(question)
    except (NetworkError, PredictionError, InterventionError) as error:
        return Refused(str(error))
    except Exception as error:
        return Failure.of(error)
