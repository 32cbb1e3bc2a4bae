"""The queue of networks that are to be measured, with a predictor that computes nothing."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from mnist_app.analysis import scores
from mnist_app.analysis.background import ScoringQueue
from mnist_app.explain.questions import AskResistance, Resistance
from mnist_app.imaging.normalize import Image
from mnist_app.networks import registry
from mnist_app.networks.prediction import PredictionError
from mnist_app.networks.registry import read_card
from tests.support.networks import own_network, wait_until_measured


class SlowPredictor:
    """Answers after a while that is as long as a test wants, or not at all once canceled."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked: list[str] = []
        self._is_canceled = False

    def probabilities(self, images: Image, network: str) -> np.ndarray:
        self.asked.append(network)
        assert self.may_answer.wait(10)
        if self._is_canceled:
            raise PredictionError("The work was canceled.")
        return np.full((len(images), 10), 0.1, np.float32)

    def outputs(self, *_: object) -> np.ndarray:
        raise AssertionError("Measuring a network needs no layers.")

    def ask(self, question: AskResistance) -> Resistance:
        return Resistance(question.strengths, (0.1,) * len(question.strengths), 10)

    def cancel(self) -> None:
        self._is_canceled = True
        self.may_answer.set()


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "CORRUPTED_EVERY", 1000)
    for name in ("queued-1", "queued-2"):
        own_network(name)
        registry.write_artifact(name, "scores", b"nothing")


def wait_until(is_so: Callable[[], object]) -> None:
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("It did not happen within ten seconds.")


def queue_with(predictors: list[SlowPredictor]) -> ScoringQueue:
    """Return a queue; its predictors are added to the list."""

    def new() -> SlowPredictor:
        predictors.append(SlowPredictor())
        return predictors[-1]

    return ScoringQueue(new)


def test_networks_are_measured_one_after_the_other() -> None:
    predictors: list[SlowPredictor] = []
    queue = queue_with(predictors)
    for name in ("queued-1", "queued-2", "queued-1"):
        queue.submit(name)
    assert len(predictors) == 2, "A network that waits already was queued again."
    wait_until(lambda: predictors[0].asked)
    assert queue.progress("queued-1") == queue.progress("queued-2") == 0
    assert not predictors[1].asked
    for predictor, name in zip(predictors, ("queued-1", "queued-2"), strict=True):
        predictor.may_answer.set()
        wait_until_measured(queue, name)
        assert set(predictor.asked) == {name}
        kept = scores.read(read_card(name))
        assert kept is not None
        assert kept.is_complete
        assert not queue.failure(name)


def test_a_canceled_network_is_measured_no_further() -> None:
    predictors: list[SlowPredictor] = []
    queue = queue_with(predictors)
    queue.submit("queued-1")
    queue.submit("queued-2")
    wait_until(lambda: predictors[0].asked)
    began = time.monotonic()
    queue.cancel("queued-1")
    assert queue.progress("queued-1") is None
    wait_until(lambda: predictors[1].asked)
    assert time.monotonic() - began < 1
    assert not queue.failure("queued-1")
    queue.submit("queued-1")  # it is measured after all, from the start
    predictors[1].may_answer.set()
    predictors[2].may_answer.set()
    wait_until_measured(queue, "queued-1")
    assert not queue.failure("queued-1")
    assert len(predictors[0].asked) == 1


def test_one_that_waits_is_canceled_before_it_is_asked() -> None:
    predictors: list[SlowPredictor] = []
    queue = queue_with(predictors)
    queue.submit("queued-1")
    queue.submit("queued-2")
    wait_until(lambda: predictors[0].asked)
    queue.cancel_all()
    queue.cancel("queued-1")  # a second time, which does nothing
    queue.submit("nonesuch")
    wait_until_measured(queue, "nonesuch")
    assert queue.failure("nonesuch") == "There is no network nonesuch."
    assert len(predictors[0].asked) == 1
    assert not predictors[1].asked
    assert queue.progress("queued-2") is None
    assert not queue.failure("queued-2")


def test_a_failure_is_told_until_the_next_try() -> None:
    predictors: list[SlowPredictor] = []
    queue = queue_with(predictors)
    queue.submit("queued-1")
    predictors[0].cancel()  # as when the model process is stopped
    wait_until_measured(queue, "queued-1")
    assert queue.failure("queued-1") == "The work was canceled."
    queue.submit("queued-1")
    assert not queue.failure("queued-1")
    queue.cancel_all()
