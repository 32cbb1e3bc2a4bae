"""map: build the map of the training images that ships with the program."""

import argparse

from mnist_app.analysis import embedding
from mnist_app.analysis.embedding import EmbeddingError
from mnist_app.cli.output import fail
from mnist_app.inference import Inference
from mnist_app.networks.prediction import PredictionError

HELP = "build the map of the training images, for the page MNIST"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: this command takes no arguments."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """Build the map and write it; return 1 when that fails, else 0."""
    inference = Inference()
    try:
        embedding.build(inference)
    except (EmbeddingError, PredictionError) as error:
        return fail(error)
    except OSError as error:
        return fail(f"The map cannot be written: {error.strerror or error}.")
    finally:
        inference.stop()
    return 0
