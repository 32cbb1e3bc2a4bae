"""A film as an animated PNG, which every browser plays."""

import io

import numpy as np

from mnist_app.data import datasets
from mnist_app.data.datasets import WATCHED_IMAGES, DatasetError, Split
from mnist_app.imaging.normalize import IMAGE_SIDE
from mnist_app.training.film import Film, read_film
from mnist_app.training.film_frames import frames
from mnist_app.training.run import Run

SECONDS = 10.0
"""About so long a film lasts, and its last frame LAST_SECONDS more."""
LAST_SECONDS = 2.5
MOST_BYTES = 4_000_000
_SHORTEST, _LONGEST = 60, 400
"""Milliseconds of a frame."""


class FilmError(Exception):
    """A film that cannot be made; the message is a sentence for the person."""


def animated_png(run: Run, who: str) -> bytes:
    """Return the film of a run as far as somebody may see it.

    Raises FilmError where nothing was kept of its training, and StorageError.
    """
    film = read_film(run, who)
    if not film.moments:
        raise FilmError(f"Of {run.name} no moments were kept, so there is nothing to show.")
    watched = _watched(run.settings.data)
    every = 1
    while len(content := _encode(film, watched, every)) > MOST_BYTES:
        every *= 2
    return content


def _encode(film: Film, watched: Split, every: int) -> bytes:
    """Return the film with each frame whose number `every` divides, and the last one."""
    shown = list(frames(film, watched))
    chosen = [*shown[:-1:every], shown[-1]]
    usual = int(np.clip(1000 * SECONDS / len(chosen), _SHORTEST, _LONGEST))
    durations = [*[usual] * (len(chosen) - 1), usual + int(1000 * LAST_SECONDS)]
    content = io.BytesIO()
    chosen[0].save(
        content, "PNG", save_all=True, append_images=chosen[1:], duration=durations, loop=0
    )
    return content.getvalue()


def _watched(source: str) -> Split:
    """Return the watched images; black ones where the files of the data set are missing."""
    try:
        return datasets.load_validation(source)[:WATCHED_IMAGES]
    except DatasetError:
        shape = (WATCHED_IMAGES, IMAGE_SIDE, IMAGE_SIDE)
        return Split(np.zeros(shape, np.uint8), np.zeros(WATCHED_IMAGES, np.uint8))
