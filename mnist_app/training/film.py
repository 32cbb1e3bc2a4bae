"""A run that has ended as a film: all there is to see of it, at any moment of its training."""

from dataclasses import dataclass

from mnist_app.imaging.normalize import Image
from mnist_app.training.history import History, read_history, read_snapshot
from mnist_app.training.moments import Moment, read_moments
from mnist_app.training.run import Run


@dataclass(frozen=True)
class Film:
    """What a run looked like while it trained."""

    run: Run
    history: History
    moments: tuple[Moment, ...]
    """In their order; the kernels of all have one shape."""
    drawing: Image
    """What the network was asked about, uint8 (28, 28); black where nobody may see it."""

    @property
    def end(self) -> int:
        """After how many images it ends, at least 1."""
        seen = [one.images for one in self.moments]
        curves = self.history.training, self.history.validation
        return max([1, *seen, *(images for curve in curves for images in curve.images)])


def read_film(run: Run, who: str) -> Film:
    """Return what somebody may see of a run; others than its owner see no drawing.

    Raises StorageError.
    """
    moments = read_moments(run)
    shape = moments[-1].kernels.shape if moments else ()
    alike = tuple(one for one in moments if one.kernels.shape == shape)
    return Film(run, read_history(run, who), alike, read_snapshot(run, who).drawing)
