"""What all visitors share, made once: the model process, the test images, the cards.

It is held here, in plain Python: what Streamlit caches, a visitor's message could clear for all.
"""

import functools
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import ParamSpec, TypeVar

import numpy as np
import streamlit as st
from cachetools import LRUCache, cached
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mnist_app.analysis import embedding, scores
from mnist_app.analysis.background import ScoringQueue
from mnist_app.analysis.forgetting import Digits
from mnist_app.analysis.scores import Scores
from mnist_app.data import datasets, statistics
from mnist_app.data.datasets import EMNIST, MNIST
from mnist_app.data.statistics import Statistics
from mnist_app.explain.questions import STRENGTHS, AskResistance, Explained, Resistance
from mnist_app.imaging.convolution import Array
from mnist_app.inference import Inference, InferenceError, on_cluster
from mnist_app.networks import card as cards
from mnist_app.networks import packing, registry
from mnist_app.networks.registry import NetworkError
from mnist_app.training import older_home

Asked = ParamSpec("Asked")
Made = TypeVar("Made")
_INFERENCE = Inference()
_SCORING_QUEUE = ScoringQueue(lambda: on_cluster.long_work(_INFERENCE))


def _keep(most: int) -> Callable[[Callable[Asked, Made]], Callable[Asked, Made]]:
    """Keep the last `most` results of a function; who asks while one is made waits for it."""
    return cached(LRUCache(most), condition=Condition())


@contextmanager
def _spinner(text: str) -> Iterator[None]:
    """Show that something takes a while, where a page asked for it."""
    if get_script_run_ctx(suppress_warning=True) is None:
        yield
        return
    with st.spinner(text):
        yield


@dataclass(frozen=True)
class PackedNetwork:
    """A network as one file for the browser."""

    name: str
    content: bytes
    """See `networks.packing`."""

    @functools.cached_property
    def path(self) -> str:
        """The path of its URL, from the pages' root: another content has another one."""
        digest = hashlib.sha256(self.content).hexdigest()[:16]
        return f"live/{self.name}/{digest}"


@dataclass(frozen=True)
class PackedMap:
    """The map of MNIST's training images as one file for the browser."""

    content: bytes
    """See `embedding.pack`."""

    @functools.cached_property
    def path(self) -> str:
        """The path of its URL, from the pages' root: another content has another one."""
        return f"map/{hashlib.sha256(self.content).hexdigest()[:16]}"


def start() -> None:
    """Start what all visitors share, as the server starts; returns at once."""
    older_home.import_drawings()
    _INFERENCE.start()


def stop() -> None:
    """End what all visitors share, as the server stops; waits for nobody's work."""
    _SCORING_QUEUE.cancel_all()
    _INFERENCE.stop()


def inference() -> Inference:
    """Return the way to the model process, which starts with the first question at the latest."""
    return _INFERENCE


@_keep(1)
def test_images() -> datasets.Split:
    """Return MNIST's 10,000 test images."""
    return datasets.load_test()


def split(source: str, part: str) -> datasets.Split:
    """Return the whole training or test split of a data set; `part` is "training" or "test".

    Raises DatasetError where its files are missing or wrong.
    """
    return _split(source, part, datasets.files_version(source))


@_keep(4)
def _split(source: str, part: str, stamp: tuple[int, ...]) -> datasets.Split:  # noqa: ARG001
    if part == "test" and source == MNIST.name:
        return test_images()
    with _spinner("Reading the images …"):
        return datasets.load_test(source) if part == "test" else datasets.load_all_training(source)


def unofficial_files() -> list[str]:
    """Return which of EMNIST's files are not those of the official archive."""
    return _unofficial_files(datasets.files_version(EMNIST.name))


@_keep(1)
def _unofficial_files(stamp: tuple[int, ...]) -> list[str]:  # noqa: ARG001
    return datasets.unofficial_files()


def look_at(source: str, part: str) -> Statistics:
    """Return the figures of a split. Raises DatasetError where its files are missing or wrong."""
    return _look_at(source, part, datasets.files_version(source))


@_keep(4)
def _look_at(source: str, part: str, stamp: tuple[int, ...]) -> Statistics:  # noqa: ARG001
    with _spinner("Looking at all images …"):
        return statistics.compute(split(source, part))


@_keep(1)
def packed_map() -> PackedMap:
    """Return the map of MNIST's training images for the browser."""
    labels = split(MNIST.name, "training").labels
    return PackedMap(embedding.pack(embedding.read(), labels))


def map_block(number: int) -> bytes:
    """Return some images of the map as a PNG file, see `embedding.block`."""
    return embedding.block(embedding.read(), split(MNIST.name, "training").images, number)


def card(name: str) -> cards.Card:
    """Return the card of the network `name`, one that ships or a run's."""
    return _card(name, registry.version(name))


def packed_network(name: str) -> PackedNetwork | None:
    """Return a network for the browser, or None where it cannot run there."""
    return _packed_network(name, registry.version(name, "floats"))


@_keep(16)
def _packed_network(name: str, version: int) -> PackedNetwork | None:  # noqa: ARG001
    try:
        content = packing.pack(name)
    except NetworkError:
        return None
    return None if content is None else PackedNetwork(name, content)


def scores_of(card: cards.Card) -> Scores | None:
    """Return what was measured of a network, or None where it was not."""
    measured = registry.version(card.name, "scores"), datasets.files_version(card.tested_on)
    return _scores(card.name, registry.version(card.name), measured)


def test_answers(name: str) -> Digits:
    """Return the digit that a network answers to each test image of its data set, shape (n,).

    Asking takes seconds where its scores are not measured. Raises InferenceError, DatasetError.
    """
    return _test_answers(name, registry.version(name))


def scoring_queue() -> ScoringQueue:
    """Return what measures visitors' own runs."""
    return _SCORING_QUEUE


def weights(network: str) -> dict[str, list[Array]]:
    """Return what each layer of a network has learned; see `Inference.weights`."""
    return _weights(network, registry.version(network))


def resistance(name: str) -> Resistance | None:
    """Return how well a network stands noise that is made against it; None where it cannot say.

    Asking takes seconds where its scores are not measured.
    """
    measured = scores_of(card(name))
    if measured is not None and measured.resistance is not None:
        return measured.resistance
    try:
        return _resistance(name, registry.version(name))
    except InferenceError:
        return None


@_keep(40)
def _resistance(name: str, version: int) -> Resistance:  # noqa: ARG001
    return inference().background().ask(AskResistance(Explained(name), STRENGTHS))


@_keep(64)
def _card(name: str, version: int) -> cards.Card:  # noqa: ARG001
    return registry.read_card(name)


@_keep(40)
def _weights(network: str, version: int) -> dict[str, list[Array]]:  # noqa: ARG001
    return _INFERENCE.weights(network)


@_keep(40)
def _test_answers(name: str, version: int) -> Digits:  # noqa: ARG001
    measured = scores_of(card(name))
    if measured is not None:
        return np.asarray(measured.probabilities.argmax(axis=1))
    images = split(card(name).tested_on, "test").images
    return np.asarray(_INFERENCE.background().probabilities(images, name).argmax(axis=1))


@_keep(40)
def _scores(name: str, version: int, stamp: tuple[object, ...]) -> Scores | None:  # noqa: ARG001
    return scores.read(card(name))
