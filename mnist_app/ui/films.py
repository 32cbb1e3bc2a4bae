"""The films of runs that have ended, over HTTP: what there is to see, and as animated pictures."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mnist_app.data.datasets import WATCHED_IMAGES
from mnist_app.imaging.image_files import as_base64
from mnist_app.storage import StorageError
from mnist_app.training import runs
from mnist_app.training.film import Film, read_film
from mnist_app.training.history import Curve
from mnist_app.training.run import Run, RunError
from mnist_app.ui import addresses, visitor
from mnist_app.ui.components.training_stage import as_moment

NO_FILM = "There is no such film."
BUSY = "Many films are being made at the moment. Try again in a minute."
FAILED = "This film could not be made. Try again; the server’s log says why."
MOST_WAITING = 6
"""So many people wait for a picture that is made for another one; it takes some seconds."""
PICTURE_SECONDS = 90.0
ROOT = Path(__file__).parents[2]
# What others than its owner get of a run is another file, so browsers alone keep it.
_FOR_EVER = {"cache-control": "private, max-age=31536000, immutable"}
_FORMAT = 1
"""To be raised where the files of films change."""


def path(run: Run, who: str) -> str:
    """Return the path of a run's film, from the server's root, without a slash before it.

    It is another one for its owner, and when there is more to see.
    """
    return f"{addresses.base_path()}/films/{run.name}/{_version(run, who)}".lstrip("/")


def answer_film(request: Request) -> Response:
    """Answer with what a visitor may see of a run that has ended, for `film.js`."""
    run = _run_of(request)
    if run is None:
        return PlainTextResponse(NO_FILM, status_code=404)
    try:
        about = as_object(read_film(run, visitor.owner_by(request.cookies)))
    except StorageError as error:
        return PlainTextResponse(str(error), status_code=503)
    text = json.dumps(about, separators=(",", ":"), allow_nan=False)
    return Response(text, media_type="application/json", headers=_FOR_EVER)


async def answer_picture(request: Request) -> Response:
    """Answer with the film of a run as an animated PNG, which another process makes."""
    run = await asyncio.to_thread(_run_of, request)
    if run is None:
        return PlainTextResponse(NO_FILM, status_code=404)
    made = await _STUDIO.make(run.name, visitor.owner_by(request.cookies))
    if made.status != 200:
        return PlainTextResponse(made.content, status_code=made.status)
    name = {"content-disposition": f'attachment; filename="{run.name}.png"'}
    return Response(made.content, media_type="image/png", headers=_FOR_EVER | name)


def as_object(film: Film) -> dict[str, Any]:
    """Return a film as `film.js` shows it, for JSON."""
    history = film.history
    return {
        "name": film.run.name,
        "end": film.end,
        "moments": [as_moment(one, WATCHED_IMAGES) for one in film.moments],
        "training": _curve(history.training),
        "validation": _curve(history.validation),
        "rates": history.rates,
        "trace": history.probability_trace,
        "drawing": as_base64(film.drawing.tobytes()) if film.drawing.any() else None,
    }


def _curve(curve: Curve) -> Mapping[str, tuple[float, ...]]:
    return {"images": curve.images, "loss": curve.loss, "accuracy": curve.accuracy}


def _version(run: Run, who: str) -> str:
    """Return what changes with what there is to see."""
    is_own = run.shows_drawing_to(who)
    what = (_FORMAT, run.number, run.queued_at, run.rewinds, run.last_event, is_own)
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def _run_of(request: Request) -> Run | None:
    """Return the run whose film a request asks for; None where it is another one now."""
    who = visitor.owner_by(request.cookies)
    try:
        run = runs.read(request.path_params["name"], who)
    except RunError:
        return None
    is_known = request.path_params["version"] == _version(run, who)
    return run if is_known and not run.is_active else None


@dataclass(frozen=True)
class Made:
    """What came of making a picture."""

    status: int
    """Of HTTP."""
    content: bytes
    """An animated PNG, or with another status than 200 a sentence."""


class Studio:
    """Makes one picture at a time, in a process of its own."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._waiting = 0
        self._turn = asyncio.Lock()

    async def make(self, run: str, who: str) -> Made:
        """Return the film of a run as somebody may see it. Call it in the server's event loop."""
        if self._waiting >= MOST_WAITING:
            return Made(503, BUSY.encode())
        self._waiting += 1
        try:
            async with self._turn:
                return await _make(run, who)
        finally:
            self._waiting -= 1


async def _make(run: str, who: str) -> Made:
    command = ["-m", "mnist_app.training.film_process", run, who]
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    except OSError:  # no memory or no descriptors for another process
        return Made(503, BUSY.encode())
    try:
        async with asyncio.timeout(PICTURE_SECONDS):
            content, _ = await process.communicate()
    except TimeoutError:
        return Made(503, BUSY.encode())
    finally:
        if process.returncode is None:  # it takes too long, or nobody waits any more
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return Made(200, content)
    return Made(409, content) if process.returncode == 1 and content else Made(500, FAILED.encode())


_STUDIO = Studio()
