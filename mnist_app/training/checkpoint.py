"""A checkpoint: everything with which a training goes on as if it had never been interrupted."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_app.data.npz import read_npz

_ABOUT = "checkpoint"


class CheckpointError(ValueError):
    """A checkpoint that cannot be read; the message is a sentence for the person."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stood after an epoch."""

    completed_epochs: int
    seconds: float
    """Of fitting, so far."""
    images_seen: int
    last_event: int
    """The newest event of the run; later ones are taken back when the training goes on."""
    arrays: Mapping[str, NDArray[Any]]
    """Everything that changes while it learns, by name: see `model.fitting.Fitter.state`."""

    def to_bytes(self) -> bytes:
        """Return the checkpoint as an npz file; `read_checkpoint` reads it."""
        about = {
            "completed_epochs": self.completed_epochs,
            "seconds": self.seconds,
            "images_seen": self.images_seen,
            "last_event": self.last_event,
        }
        content = io.BytesIO()
        arrays = {f"array/{name}": value for name, value in self.arrays.items()}
        np.savez(content, allow_pickle=False, **{_ABOUT: np.array(json.dumps(about)), **arrays})
        return content.getvalue()


def read_checkpoint(content: bytes) -> Checkpoint:
    """Return the checkpoint that `to_bytes` wrote. Raises CheckpointError for anything else."""
    arrays = read_npz(content) or {}
    try:
        about = json.loads(str(arrays.pop(_ABOUT)))
        named = {name.removeprefix("array/"): array for name, array in arrays.items()}
        return Checkpoint(arrays=named, **about)
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(
            "The checkpoint of this run is damaged. Delete the run and train another one."
        ) from None
