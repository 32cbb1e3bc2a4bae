"""The course of a run: what its network was like at some moments, to be looked at afterwards."""

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from mnist_app import limits, storage
from mnist_app.imaging import colormap
from mnist_app.storage import MOMENTS
from mnist_app.training.history import NO_SNAPSHOT, Snapshot, is_wall
from mnist_app.training.run import Run

MOST_MOMENTS = 160
"""Of a run. A film of them takes about ten seconds."""
_HEADER = struct.Struct("<fHHHH")
"""The kernels' limit, their number, rows and columns, and how many images are wrong."""
_LARGEST = 1_000_000
"""Bytes of a moment: more are none that this program wrote."""


@dataclass(frozen=True)
class Moment:
    """What a network was like when it had seen so many images."""

    images: int
    limit: float
    """The largest magnitude of the kernels, above 0."""
    kernels: NDArray[np.uint8]
    """The first layer's, shape (n, rows, columns), in 256 steps from -limit to limit.

    These are the indices of `colormap.around_zero`.
    """
    wrong: NDArray[np.uint16]
    """Which of the watched validation images it got wrong, see `Snapshot`."""
    answers: NDArray[np.uint8]
    """What it took each of these for, 0 to 9."""

    def to_bytes(self) -> bytes:
        """Return the moment for the store, without `images`; `read_moment` reads it."""
        header = _HEADER.pack(self.limit, *self.kernels.shape, len(self.wrong))
        wrong = self.wrong.astype("<u2").tobytes()
        return zlib.compress(header + self.kernels.tobytes() + wrong + self.answers.tobytes())


def moment(images: int, snapshot: Snapshot) -> Moment:
    """Return what is kept of a snapshot: the drawing and the answers to it are not.

    Kernels that are no numbers any more are none.
    """
    is_finite = bool(np.isfinite(snapshot.kernels).all())
    kernels = snapshot.kernels if is_finite else NO_SNAPSHOT.kernels
    scale = colormap.around_zero(kernels)
    return Moment(images, scale.high, scale.indices(kernels), snapshot.wrong, snapshot.answers)


def read_moment(images: object, content: object) -> Moment | None:
    """Return what `Moment.to_bytes` wrote; None for anything else."""
    if type(images) is not int or images < 0 or not isinstance(content, bytes):
        return None
    try:
        unpacked = zlib.decompressobj().decompress(content, _LARGEST)
        limit, count, rows, columns, wrong = _HEADER.unpack_from(unpacked)
    except (zlib.error, struct.error):
        return None
    middle = _HEADER.size + count * rows * columns
    if len(unpacked) != middle + 3 * wrong or not 0 < limit < math.inf:
        return None
    kernels = np.frombuffer(unpacked, np.uint8, count * rows * columns, _HEADER.size)
    indices = np.frombuffer(unpacked, "<u2", wrong, middle).astype(np.uint16)
    answers = np.frombuffer(unpacked, np.uint8, wrong, middle + 2 * wrong)
    if not is_wall(indices, answers):
        return None
    return Moment(images, limit, kernels.reshape(count, rows, columns), indices, answers)


def keep(connection: Connection, run: Run, moments: Sequence[Moment]) -> None:
    """Add moments in the transaction of `connection`, and drop those that are too many then."""
    for one in moments:
        key = {"run_id": run.number, "images": one.images}
        storage.upsert(connection, MOMENTS, key, {"content": one.to_bytes()})
    of_run = MOMENTS.c.run_id == run.number
    sizes = sa.select(MOMENTS.c.images, sa.func.length(MOMENTS.c.content)).where(of_run)
    rows = connection.execute(sizes.order_by(MOMENTS.c.images)).all()
    kept = [(one, size) for one, size in rows if type(one) is int]  # SQLite keeps anything
    dropped = superfluous(*zip(*kept, strict=True)) if kept else []
    if dropped:
        connection.execute(MOMENTS.delete().where(of_run, MOMENTS.c.images.in_(dropped)))


def drop_after(connection: Connection, run: Run, images: int) -> None:
    """Drop the moments after `images`, to which a run goes back."""
    is_later = sa.and_(MOMENTS.c.run_id == run.number, MOMENTS.c.images > images)
    connection.execute(MOMENTS.delete().where(is_later))


def read_moments(run: Run) -> list[Moment]:
    """Return a run's moments in their order; none of those that nobody can read.

    Raises StorageError.
    """
    query = sa.select(MOMENTS.c.images, MOMENTS.c.content).where(MOMENTS.c.run_id == run.number)
    with storage.reading() as connection:
        rows = connection.execute(query.order_by(MOMENTS.c.images)).all()
    read = (read_moment(images, content) for images, content in rows)
    return [one for one in read if one is not None]


def superfluous(images: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """Return which moments to drop, by their images, so that not too many are kept.

    Each time it is the one between whose neighbors the number of images grows least, as a factor:
    so the early ones stay dense. The first and the last one stay.

    Args:
        images: How many images were seen at each moment, ascending.
        sizes: How many bytes each takes.
    """
    kept = list(zip(images, sizes, strict=True))
    most_bytes = 1000 * limits.MOMENTS_KB.value()
    dropped = []
    while len(kept) > 2 and (
        len(kept) > MOST_MOMENTS or sum(size for _, size in kept) > most_bytes
    ):
        growths = [
            (after + 1) / (before + 1)
            for (before, _), (after, _) in zip(kept, kept[2:], strict=False)
        ]
        dropped.append(kept.pop(1 + growths.index(min(growths)))[0])
    return dropped
