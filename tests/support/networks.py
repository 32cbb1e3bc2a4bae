"""Networks that were not trained: for tests of what is done with a run's network."""

import time
from dataclasses import replace

from mnist_app import storage
from mnist_app.analysis.background import ScoringQueue
from mnist_app.networks import registry
from mnist_app.networks.card import card_text
from mnist_app.networks.evaluation import Evaluation
from mnist_app.storage import RUNS
from mnist_app.training.settings import Settings, as_dictionary


def own_network(name: str, accuracy: float | None = None, owner: str = "somebody") -> None:
    """Keep a network of this name in the store, as a run does: the smallest one that ships.

    Its card may say another accuracy on MNIST, 0 to 1. One of the same name is replaced.
    """
    card = replace(registry.read_card("softmax"), name=name)
    if accuracy is not None:
        measured = replace(card.evaluation.tests[card.tested_on], accuracy=accuracy)
        card = replace(card, evaluation=Evaluation({card.tested_on: measured}))
    weights = registry.read_artifact("softmax", "weights")
    assert weights is not None
    _ensure_run(name, owner)
    registry.write_artifact(name, "weights", weights)
    registry.write_artifact(name, "card", card_text(card).encode())


def _ensure_run(name: str, owner: str) -> None:
    """Keep a run that has ended; its artifacts need one."""
    settings = Settings(network="softmax")
    row = {
        "name": name,
        "owner": owner,
        "status": "done",
        "settings": as_dictionary(settings),
        "queued_at": time.time(),
        "changed_at": time.time(),
        "epochs": settings.epochs,
        "completed_epochs": settings.epochs,
        "learning_rate": settings.learning_rate,
    }
    with storage.writing() as connection:
        known = connection.execute(RUNS.select().where(RUNS.c.name == name)).first()
        if known is None:
            connection.execute(RUNS.insert().values(row))


def wait_until_measured(queue: ScoringQueue, name: str) -> None:
    """Wait at most two minutes until nothing of a network is being measured."""
    for _ in range(1200):
        if queue.progress(name) is None:
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} was not measured within two minutes.")
