"""score: measure a network for the pages, on each test image and on corrupted ones."""

import argparse
import json

from mnist_app.analysis import scores
from mnist_app.cli.arguments import add_network
from mnist_app.cli.ending import note, say
from mnist_app.cli.output import fail
from mnist_app.data.datasets import DatasetError
from mnist_app.inference import on_cluster
from mnist_app.networks import registry
from mnist_app.networks.prediction import PredictionError
from mnist_app.networks.registry import NetworkError
from mnist_app.storage import StorageError

HELP = "measure a network on each test image and on corrupted ones, for the pages"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    add_network(parser)


def run(arguments: argparse.Namespace) -> int:
    """Keep a network's scores beside its weights; return 1 when it cannot be measured, else 0."""
    name = arguments.network
    inference = on_cluster.new_predictor()
    try:
        card = registry.read_card(name)
        for share in scores.measure(inference, card):
            note(f"\r{name}: {100 * share:3.0f}%", end="")
    except (PredictionError, DatasetError, NetworkError, StorageError) as error:
        return fail(error)
    except OSError as error:
        return fail(f"The scores cannot be written: {error.strerror or error}.")
    finally:
        inference.stop()
    note("")
    kept = scores.read(card)
    say(json.dumps({"network": name, **scores.summary(kept)} if kept else {}))
    return 0
