"""The model process: real ones, killed, stopped and asked for what they do not have."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from mnist_app.data import datasets
from mnist_app.imaging import convolution
from mnist_app.inference import Inference, InferenceError, InferenceStarting
from mnist_app.networks import card as cards
from mnist_app.networks import registry
from mnist_app.networks.interventions import InterventionError, Interventions, Pooling
from tests.conftest import is_alive
from tests.support.serving import ROOT

TEST = datasets.load_test()


@pytest.fixture(scope="module")
def engine() -> Iterator[Inference]:
    door = Inference(answer_limit=5)
    yield door
    door.stop()


def test_accuracy_on_all_test_images_is_the_one_on_the_card(engine: Inference) -> None:
    batches = np.split(TEST.images, 20)
    answers = np.concatenate([engine.classify(batch).argmax(axis=1) for batch in batches])
    accuracy = float(np.mean(answers == TEST.labels))
    assert accuracy >= 0.995
    assert accuracy == pytest.approx(cards.read_card("cnn").test_accuracy, abs=0.0002)


def test_answers_are_probabilities_one_row_an_image(engine: Inference) -> None:
    for count in (1, 3):
        probabilities = engine.classify(TEST.images[:count])
        assert probabilities.shape == (count, 10)
        assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_many_threads_get_each_their_own_answer(engine: Inference) -> None:
    alone = [engine.classify(TEST.images[i : i + 1])[0] for i in range(40)]
    together: dict[int, np.ndarray] = {}

    def ask(index: int) -> None:
        together[index] = engine.classify(TEST.images[index : index + 1])[0]

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(together[index], alone[index]) for index in range(40))


def test_unknown_network_is_said_and_harms_nobody(engine: Inference) -> None:
    with pytest.raises(InferenceError, match="nonesuch"):
        engine.classify(TEST.images[:1], network="nonesuch")
    assert engine.classify(TEST.images[:1]).argmax() == TEST.labels[0]


def test_killed_and_killed_again_while_it_starts_it_is_replaced_and_answers(
    engine: Inference,
) -> None:
    killed = engine.process_id()
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(InferenceStarting):
        engine.classify(TEST.images[:1], wait=False)
    assert not engine.is_ready()
    for child in psutil.Process().children():
        if "popen_loky_posix" in " ".join(child.cmdline()):
            child.kill()
    assert engine.classify(TEST.images[:1]).argmax() == TEST.labels[0]
    assert engine.process_id() != killed
    assert engine.is_ready()
    assert engine.classify(TEST.images[:1], wait=False).argmax() == TEST.labels[0]


def test_who_waits_for_a_starting_process_keeps_nobody_else_waiting(engine: Inference) -> None:
    engine.stop()
    engine.start()
    with ThreadPoolExecutor() as threads:
        patient = threads.submit(engine.classify, TEST.images[:1])
        time.sleep(0.2)
        began = time.monotonic()
        with pytest.raises(InferenceStarting):
            engine.classify(TEST.images[:1], wait=False)
        assert not engine.is_ready()
        assert time.monotonic() - began < 1
        assert patient.result().argmax() == TEST.labels[0]


def test_hung_process_is_given_up_after_the_time_limit(engine: Inference) -> None:
    hung_process = psutil.Process(engine.process_id())
    hung_process.suspend()
    began = time.monotonic()
    with pytest.raises(InferenceError, match="did not answer within 5 seconds"):
        engine.classify(TEST.images[:1])
    assert 5 <= time.monotonic() - began < 7
    assert engine.classify(TEST.images[:1]).argmax() == TEST.labels[0]
    assert not is_alive(hung_process)


def test_network_that_cannot_be_loaded_is_said_and_not_tried_at_once_again(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "mnist_app", tmp_path / "mnist_app", ignore=shutil.ignore_patterns("*.h5", "*.npz")
    )
    program = (
        "import numpy, time\n"
        "from mnist_app.inference import Inference, InferenceError\n"
        "engine = Inference()\n"
        "for _ in range(2):\n"
        "    began = time.monotonic()\n"
        "    try: engine.classify(numpy.zeros((1, 28, 28), 'uint8'))\n"
        "    except InferenceError as error: print(error, time.monotonic() - began < 1)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    sentence = "The network could not be loaded (FileNotFoundError)."
    assert result.stdout.splitlines() == [f"{sentence} False", f"{sentence} True"]


def has_ended(process_id: int) -> bool:
    try:
        return not is_alive(psutil.Process(process_id))
    except psutil.NoSuchProcess:
        return True


def test_model_process_ends_with_its_killed_parent() -> None:
    program = (
        "import os\n"
        "from mnist_app.inference import Inference\n"
        "print(Inference().process_id(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    child = int(parent.stdout)
    for _ in range(100):
        if has_ended(child):
            return
        time.sleep(0.1)
    pytest.fail("The model process outlived its parent by ten seconds.")


@pytest.mark.parametrize("name", registry.NETWORKS)
def test_every_layer_of_the_card_is_seen_and_leads_to_the_answer(
    engine: Inference, name: str
) -> None:
    layers = engine.inspect(TEST.images[0], name)
    shapes = {layer.name: layer.shape for layer in cards.read_card(name).layers[1:]}
    assert {layer: output.shape for layer, output in layers.items()} == shapes
    probabilities = engine.classify(TEST.images[:1], name)[0]
    np.testing.assert_allclose(layers["probabilities"], probabilities, atol=1e-6)


@pytest.mark.parametrize("name", ["cnn", "champion", "lenet"])
def test_our_convolution_with_the_learned_kernels_is_the_layer(
    engine: Inference, name: str
) -> None:
    layers, learned = engine.inspect(TEST.images[0], name), engine.weights(name)
    order = list(layers)
    convolutions = [layer.name for layer in cards.read_card(name).layers if layer.kind == "Conv2D"]
    for layer in convolutions:
        kernels, *biases = learned[layer]
        before, maps = layers[order[order.index(layer) - 1]], layers[layer]
        bias = biases[0][0] if biases else 0
        ours = convolution.partial_maps(before, kernels[..., 0]).sum(-1) + bias
        np.testing.assert_allclose(ours, maps[..., 0], atol=1e-5 * max(1, np.abs(maps).max()))


def test_changed_kernels_and_pooling_change_the_layers_and_nothing_for_others(
    engine: Inference,
) -> None:
    image = TEST.images[0]
    trained, learned = engine.inspect(image), engine.weights()
    kernels, biases = learned["conv1"]
    same = engine.inspect(image, changes=Interventions(kernels={"conv1": (kernels, biases)}))
    for layer, output in trained.items():
        np.testing.assert_allclose(same[layer], output, atol=1e-4)
    silent = Interventions(kernels={"conv1": (kernels * 0, biases * 0)})
    assert not engine.inspect(image, changes=silent)["conv1"].any()
    for rule in ("max", "average", "subsample"):
        pooled = engine.inspect(
            image, changes=Interventions(pooling={"pool1": Pooling(rule, 3, 2)})
        )
        ours = convolution.pool(trained["relu1"][..., 5], 3, 2, rule, "same")
        np.testing.assert_allclose(pooled["pool1"][..., 5], ours, atol=1e-5)
        assert pooled["probabilities"].sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(engine.inspect(image)["probabilities"], trained["probabilities"])


def test_a_pooling_that_the_network_cannot_bear_is_said(engine: Inference) -> None:
    cases = {1: "dense1 was trained for 768 numbers", 6: "reach conv2 would", 10**9: "from 1 to 6"}
    for stride, sentence in cases.items():
        with pytest.raises(InterventionError, match=sentence):
            engine.inspect(
                TEST.images[0], changes=Interventions(pooling={"pool1": Pooling("max", 2, stride)})
            )
