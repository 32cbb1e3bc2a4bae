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

# Seconds for which long work gives way to a stroke, so that a crowd does not hold it up for good.
GIVE_WAY = 0.05


def serve(strokes: Connection, background: Connection) -> None:
    """Answer questions until the far end of the strokes' pipe is closed.

    The long work's thread begins no piece while a stroke is answered. A lower priority would not
    help: TensorFlow computes in threads of its own.
    """
    is_idle = threading.Event()
    is_idle.set()
    threading.Thread(target=_serve_background, args=(background, is_idle), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            question = strokes.recv()
            is_idle.clear()
            strokes.send(_answer(question))
            is_idle.set()


def _serve_background(background: Connection, is_idle: threading.Event) -> None:
    with suppress(EOFError, OSError):
        while True:
            question = background.recv()
            is_idle.wait(GIVE_WAY)
            background.send(_answer(question))


def _answer(question: Question[Any]) -> object:
    """Return the answer, or a `Refused` or a `Failure` that says why there is none."""
    try:
        return inspection.answer(question)
    except (NetworkError, PredictionError, InterventionError) as error:
        return Refused(str(error))
    except Exception as error:
        return Failure.of(error)
