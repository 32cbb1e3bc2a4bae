"""Networks that were not trained: for tests of what is done with a run's network."""

import time
from dataclasses import replace

from mnist_app.analysis.background import ScoringQueue
from mnist_app.networks import registry
from mnist_app.networks.card import card_text
from mnist_app.networks.evaluation import Evaluation


def own_network(name: str, accuracy: float | None = None) -> None:
    """Keep a network of this name in the store, as a run does: the smallest one that ships.

    Its card may say another accuracy on MNIST, 0 to 1.
    """
    card = replace(registry.read_card("softmax"), name=name)
    if accuracy is not None:
        measured = replace(card.evaluation.tests[card.tested_on], accuracy=accuracy)
        card = replace(card, evaluation=Evaluation({card.tested_on: measured}))
    weights = registry.read_artifact("softmax", "weights")
    assert weights is not None
    registry.write_artifact(name, "weights", weights)
    registry.write_artifact(name, "card", card_text(card).encode())


def wait_until_measured(queue: ScoringQueue, name: str) -> None:
    """Wait at most two minutes until nothing of a network is being measured."""
    for _ in range(1200):
        if queue.progress(name) is None:
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} was not measured within two minutes.")
