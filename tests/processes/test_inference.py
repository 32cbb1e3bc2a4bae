"""The model process: real ones, killed, stopped and asked for what they do not have."""

import multiprocessing.connection
import os
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from mnist_app import inference as inference_module
from mnist_app.data import datasets
from mnist_app.imaging import convolution
from mnist_app.imaging.normalize import normalize
from mnist_app.inference import (
    CanceledError,
    Inference,
    InferenceError,
    Layers,
    Pending,
    Refused,
)
from mnist_app.networks import registry
from mnist_app.networks.interventions import Interventions, Pooling
from mnist_app.networks.layers import layers_of_kind
from mnist_app.networks.prediction import PredictionError
from mnist_app.networks.registry import NETWORKS
from mnist_app.training import runs
from mnist_app.training.run import OPERATOR
from mnist_app.training.settings import Settings
from tests.support.handwriting import drawn
from tests.support.process_control import is_alive
from tests.support.serving import ROOT

TEST = datasets.load_test()
ONE = TEST.images[:1]


@pytest.fixture(scope="module")
def inference() -> Iterator[Inference]:
    """A model process of this module's own, which its tests may harm."""
    own = Inference(answer_limit=5, background_limit=8)
    yield own
    own.stop()


class Hang:
    """As a network's name it keeps the lane that receives it busy for a minute."""

    def __reduce__(self) -> tuple[Callable[[float], None], tuple[float]]:
        return time.sleep, (60.0,)


class HalfAnAnswer:
    """As a network's name it lets the process begin an answer of 200 bytes and say no more."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        program = "import os, sys, time\nos.write(int(sys.argv[2]), b'\\0\\0\\0\\xc8half')\n"
        return exec, (f"{program}time.sleep(60)",)


class SlowAnswer:
    """As a network's name it keeps the process busy for three seconds."""

    def __reduce__(self) -> tuple[Callable[[float], None], tuple[float]]:
        return time.sleep, (3.0,)


def model_processes() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # one that was killed a moment ago
            if "mnist_app.inference" in child.cmdline():
                found.append(child)
    return found


def inspect(
    inference: Inference, image: np.ndarray, network: str = "cnn", **more: Interventions
) -> Layers | Refused:
    """Return the layers; asked again where a busy machine takes long for the first answer."""
    for _ in range(600):
        answer = inference.layers(image, network, **more)
        if not isinstance(answer, Pending):
            return answer
        time.sleep(0.1)
    raise AssertionError("No answer within a minute.")


def layers_of(answer: Layers | Pending | Refused) -> Layers:
    assert isinstance(answer, Layers), answer
    return answer


def test_accuracy_on_the_test_images_is_the_cards(inference: Inference) -> None:
    answers = inference.probabilities(TEST.images).argmax(axis=1)
    accuracy = float(np.mean(answers == TEST.labels))
    assert accuracy >= 0.995
    assert accuracy == pytest.approx(registry.read_card("cnn").test_accuracy, abs=0.0002)


def test_answers_are_probabilities_one_row_an_image(inference: Inference) -> None:
    for count in (0, 1, 3, inference_module.PIECE + 1):
        probabilities = inference.probabilities(TEST.images[:count])
        assert probabilities.shape == (count, 10)
        assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
        hidden = inference.outputs(TEST.images[:count], "dense1")
        assert hidden.shape == (count, 128)


def test_many_threads_get_each_their_own_answer(inference: Inference) -> None:
    alone = [inference.probabilities(TEST.images[i : i + 1])[0] for i in range(40)]
    together: dict[int, np.ndarray] = {}

    def ask(index: int) -> None:
        together[index] = inference.probabilities(TEST.images[index : index + 1])[0]

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(together[index], alone[index]) for index in range(40))


def test_several_networks_are_asked_in_one_message(
    inference: Inference, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = TEST.images[:3]
    alone = {network: inference.probabilities(images, network) for network in NETWORKS}
    sent: list[object] = []
    send = multiprocessing.connection.Connection.send

    def count(pipe: multiprocessing.connection.Connection, message: object) -> None:
        sent.append(message)
        send(pipe, message)

    monkeypatch.setattr(multiprocessing.connection.Connection, "send", count)
    answers = inference.predictions(images, list(NETWORKS))
    assert len(sent) == 1
    assert not isinstance(answers, Pending | Refused)
    assert list(answers) == list(NETWORKS)
    for network, probabilities in answers.items():
        np.testing.assert_array_equal(probabilities, alone[network])


def test_unknown_network_is_refused_and_harms_nobody(inference: Inference) -> None:
    process = inference.process_id()
    for answer in (
        inference.predictions(ONE, ["cnn", "nonesuch"]),
        inference.layers(ONE[0], "nonesuch"),
    ):
        assert isinstance(answer, Refused)
        assert "nonesuch" in answer.reason
    for ask in (
        lambda: inference.probabilities(ONE, "nonesuch"),
        lambda: inference.background().probabilities(ONE, "nonesuch"),
        lambda: inference.weights("nonesuch"),
        lambda: inference.outputs(ONE, "dense9"),
    ):
        with pytest.raises(InferenceError, match=r"nonesuch|has no layer dense9"):
            ask()
    assert inference.probabilities(ONE).argmax() == TEST.labels[0]
    assert inference.process_id() == process


def test_replaced_when_killed_even_while_it_starts(inference: Inference) -> None:
    killed = inference.process_id()
    os.kill(killed, signal.SIGKILL)
    assert isinstance(inference.predictions(ONE, ["cnn"]), Pending)
    assert isinstance(inference.layers(ONE[0]), Pending)
    assert not inference.is_ready()
    for child in model_processes():
        child.kill()
    assert inference.probabilities(ONE).argmax() == TEST.labels[0]
    assert inference.process_id() != killed
    assert inference.is_ready()
    answers = inference.predictions(ONE, ["cnn"])
    assert not isinstance(answers, Pending | Refused)
    assert answers["cnn"].argmax() == TEST.labels[0]


def test_stopping_waits_for_no_long_work(inference: Inference) -> None:
    process = inference.process_id()
    work = inference.background()
    with ThreadPoolExecutor() as threads:
        measured = threads.submit(work.probabilities, TEST.images, "champion")
        time.sleep(0.3)
        began = time.monotonic()
        inference.stop()
        with pytest.raises(CanceledError):
            measured.result()
        assert time.monotonic() - began < 1
    assert process not in {child.pid for child in model_processes()}


def test_who_waits_for_the_start_keeps_nobody_waiting(inference: Inference) -> None:
    inference.stop()
    inference.start()
    with ThreadPoolExecutor() as threads:
        patient = [
            threads.submit(asked.probabilities, ONE)
            for asked in (inference, inference.background())
        ]
        time.sleep(0.2)
        began = time.monotonic()
        assert isinstance(inference.predictions(ONE, ["cnn"]), Pending)
        assert isinstance(inference.layers(ONE[0]), Pending)
        assert not inference.is_ready()
        assert time.monotonic() - began < 1
        assert all(one.result().argmax() == TEST.labels[0] for one in patient)


def test_a_stopped_process_is_replaced_and_holds_nobody_up(inference: Inference) -> None:
    """Nor those who send more than a pipe holds while nobody reads."""
    stopped = psutil.Process(inference.process_id())
    stopped.suspend()
    with ThreadPoolExecutor() as threads:
        patient = [
            threads.submit(asked.probabilities, TEST.images[:1000])
            for asked in (inference, inference.background())
        ]
        began = time.monotonic()
        assert isinstance(inference.layers(ONE[0]), Pending)
        assert time.monotonic() - began < 4
        for one in patient:
            assert (one.result().argmax(axis=1) == TEST.labels[:1000]).mean() > 0.95
        assert time.monotonic() - began < 60, "On a quiet machine it takes 5 s."
    assert not is_alive(stopped)


def test_half_an_answer_is_not_waited_for(inference: Inference) -> None:
    process = psutil.Process(inference.process_id())
    with ThreadPoolExecutor() as threads:
        began = time.monotonic()
        half = threads.submit(inference.predictions, ONE, [HalfAnAnswer()])  # type: ignore[list-item]
        time.sleep(0.1)
        assert isinstance(inference.predictions(ONE, ["cnn"]), Pending)
        assert time.monotonic() - began < 5
        assert isinstance(half.result(), Refused | Pending)
        assert time.monotonic() - began < 5
    assert inference.probabilities(ONE).shape == (1, 10)
    assert not is_alive(process)


def test_a_slow_answer_comes_to_whoever_asks_again(inference: Inference) -> None:
    """Such as the first one of a network that must be loaded: the process is not replaced."""
    process = inference.process_id()
    began = time.monotonic()
    assert isinstance(inference.predictions(ONE, [SlowAnswer()]), Pending)  # type: ignore[list-item]
    assert not inference.is_ready()
    assert isinstance(inference.predictions(ONE, ["cnn"]), Pending)
    assert time.monotonic() - began < 3
    while not inference.is_ready():
        time.sleep(0.02)
    assert not isinstance(inference.predictions(ONE, ["cnn"]), Pending | Refused)
    assert inference.process_id() == process


def test_hung_long_work_leaves_strokes_alone_until_late(inference: Inference) -> None:
    assert inference_module.BACKGROUND_LIMIT > inference_module.ANSWER_LIMIT
    process = inference.process_id()
    with ThreadPoolExecutor() as threads:
        began = time.monotonic()
        hung = threads.submit(inference.background().probabilities, ONE, Hang())
        while time.monotonic() - began < 7:
            answers = inference.predictions(ONE, ["cnn"])
            assert not isinstance(answers, Pending | Refused)
            time.sleep(0.1)
        assert inference.process_id() == process
        with pytest.raises(InferenceError, match="did not answer within 8 seconds"):
            hung.result()
        assert 8 <= time.monotonic() - began < 10
    assert inference.probabilities(ONE).argmax() == TEST.labels[0]
    assert inference.process_id() != process
    assert inference.background().probabilities(ONE).argmax() == TEST.labels[0]


def test_strokes_go_first(inference: Inference) -> None:
    """While a network is measured, they are not delayed by more than 20 milliseconds."""
    expected = inference.probabilities(TEST.images[:2000], "champion")

    def stroke() -> float:
        began = time.perf_counter()
        assert not isinstance(inference.predictions(ONE, ["cnn"]), Pending | Refused)
        layers_of(inspect(inference, ONE[0]))
        time.sleep(0.01)
        return 1000 * (time.perf_counter() - began)

    stroke()
    alone = [stroke() for _ in range(50)]
    with ThreadPoolExecutor() as threads:
        work = threads.submit(inference.background().probabilities, TEST.images[:2000], "champion")
        beside = [stroke()]
        while not work.done():
            beside.append(stroke())
        np.testing.assert_array_equal(work.result(), expected)
    assert len(beside) > 10
    assert statistics.median(beside) < statistics.median(alone) + 20


def test_long_work_takes_turns(inference: Inference) -> None:
    long, short = inference.background(), inference.background()
    short.probabilities(ONE, "champion")
    with ThreadPoolExecutor() as threads:
        work = threads.submit(long.probabilities, TEST.images, "champion")
        time.sleep(0.2)
        began = time.monotonic()
        assert short.probabilities(TEST.images[:300]).shape == (300, 10)
        took = time.monotonic() - began
        assert not work.done()
        long.cancel()
    assert took < 1


def test_canceled_work_ends_soon_and_harms_nobody(inference: Inference) -> None:
    process = inference.process_id()
    work = inference.background()
    with ThreadPoolExecutor() as threads:
        measured = threads.submit(work.probabilities, TEST.images, "champion")
        time.sleep(0.5)
        assert not measured.done()
        work.cancel()
        began = time.monotonic()
        with pytest.raises(CanceledError):
            measured.result()
        assert time.monotonic() - began < 1
    with pytest.raises(CanceledError):
        work.probabilities(ONE)
    assert inference.background().probabilities(ONE).argmax() == TEST.labels[0]
    assert inference.process_id() == process


def test_killed_during_a_stroke_and_long_work(inference: Inference) -> None:
    expected = inference.probabilities(TEST.images[:3000])
    killed = inference.process_id()
    # A test of pages in this process may have left its own.
    others = {child.pid for child in model_processes()}
    seen = set()
    with ThreadPoolExecutor() as threads:
        work = threads.submit(inference.background().probabilities, TEST.images[:3000])
        strokes = threads.submit(inference.probabilities, TEST.images[:3000])
        time.sleep(0.1)
        os.kill(killed, signal.SIGKILL)
        while not (work.done() and strokes.done()):
            seen |= {child.pid for child in model_processes()}
            time.sleep(0.05)
        np.testing.assert_array_equal(work.result(), expected)
        np.testing.assert_array_equal(strokes.result(), expected)
    assert len(seen - others) == 1, "Each lane started a process of its own."


def run_python(program: str, folder: Path = ROOT) -> list[str]:
    """Run it in a fresh process, in `folder`, and return the lines that it prints."""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    return result.stdout.splitlines()


def test_network_that_cannot_be_loaded_is_retried_later(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "mnist_app", tmp_path / "mnist_app", ignore=shutil.ignore_patterns("*.h5", "*.npz")
    )
    program = (
        "import numpy, time\n"
        "from mnist_app.inference import Inference, InferenceError\n"
        "inference, images = Inference(), numpy.zeros((1, 28, 28), 'uint8')\n"
        "for _ in range(2):\n"
        "    began = time.monotonic()\n"
        "    try: inference.probabilities(images)\n"
        "    except InferenceError as error: print(error, time.monotonic() - began < 1)\n"
        "print(inference.predictions(images, ['cnn']).reason)\n"
    )
    sentence = "The network could not be loaded (FileNotFoundError)."
    assert run_python(program, tmp_path) == [f"{sentence} False", f"{sentence} True", sentence]


def has_ended(process_id: int) -> bool:
    try:
        return not is_alive(psutil.Process(process_id))
    except psutil.NoSuchProcess:
        return True


def test_its_parent_is_small_and_killed_it_ends_along() -> None:
    """Also while it computes long work."""
    program = (
        "import numpy, os, sys, threading, time\n"
        "from mnist_app.inference import Inference\n"
        "inference, images = Inference(), numpy.zeros((100_000, 28, 28), 'uint8')\n"
        "print(inference.process_id())\n"
        "print(inference.layers(numpy.zeros((3, 3), 'uint8')).reason)\n"
        "print(len(inference.probabilities(images[:1])))\n"
        "print('tensorflow' in sys.modules, flush=True)\n"
        "work = inference.background().probabilities\n"
        "threading.Thread(target=work, args=(images, 'champion'), daemon=True).start()\n"
        "time.sleep(1)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    sentence = "The network could not answer (InvalidArgumentError). Try something else."
    child, *printed = run_python(program)
    assert printed == [sentence, "1", "False"]
    for _ in range(100):
        if has_ended(int(child)):
            return
        time.sleep(0.1)
    pytest.fail("The model process outlived its parent by ten seconds.")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_of_the_card_leads_to_the_answer(inference: Inference, name: str) -> None:
    layers = layers_of(inspect(inference, ONE[0], name))
    shapes = {layer.name: layer.shape for layer in registry.read_card(name).layers[1:]}
    assert {layer: output.shape for layer, output in layers.outputs.items()} == shapes
    assert layers.network == name
    probabilities = inference.probabilities(ONE, name)[0]
    np.testing.assert_allclose(layers.probabilities, probabilities, atol=1e-6)
    for layer in list(shapes)[::3]:
        outputs = inference.outputs(TEST.images[:2], layer, name)
        np.testing.assert_allclose(outputs[0], layers[layer], atol=1e-5)


@pytest.mark.parametrize("name", ["cnn", "champion", "lenet"])
def test_our_convolution_is_the_layer(inference: Inference, name: str) -> None:
    layers, learned = layers_of(inspect(inference, ONE[0], name)), inference.weights(name)
    order = list(layers.outputs)
    for layer in layers_of_kind(registry.read_card(name).layers, "Conv2D"):
        kernels, *biases = learned[layer.name]
        before, maps = layers[order[order.index(layer.name) - 1]], layers[layer.name]
        bias = biases[0][0] if biases else 0
        ours = convolution.partial_maps(before, kernels[..., 0]).sum(-1) + bias
        np.testing.assert_allclose(ours, maps[..., 0], atol=1e-5 * max(1, np.abs(maps).max()))


def test_interventions_change_the_layers_for_nobody_else(inference: Inference) -> None:
    image = ONE[0]

    def intervene(interventions: Interventions) -> Layers:
        return layers_of(inspect(inference, image, interventions=interventions))

    trained, learned = layers_of(inspect(inference, image)), inference.weights()
    kernels, biases = learned["conv1"]
    same = intervene(Interventions(kernels={"conv1": (kernels, biases)}))
    for layer, output in trained.outputs.items():
        np.testing.assert_allclose(same[layer], output, atol=1e-4)
    silent = intervene(Interventions(kernels={"conv1": (kernels * 0, biases * 0)}))
    assert not silent["conv1"].any()
    for rule in ("max", "average", "subsample"):
        pooled = intervene(Interventions(pooling={"pool1": Pooling(rule, 3, 2)}))
        ours = convolution.pool(trained["relu1"][..., 5], 3, 2, rule, "same")
        np.testing.assert_allclose(pooled["pool1"][..., 5], ours, atol=1e-5)
        assert pooled.probabilities.sum() == pytest.approx(1, abs=1e-5)
    after = layers_of(inspect(inference, image))
    np.testing.assert_array_equal(after.probabilities, trained.probabilities)


def test_impossible_interventions_are_refused(inference: Inference) -> None:
    cases = {1: "dense1 was trained for 768 numbers", 6: "reach conv2 would", 10**9: "from 1 to 6"}
    for stride, sentence in cases.items():
        pooling = Interventions(pooling={"pool1": Pooling("max", 2, stride)})
        answer = inspect(inference, ONE[0], interventions=pooling)
        assert isinstance(answer, Refused)
        assert sentence in answer.reason


def test_damaged_weights_trouble_no_other_network(inference: Inference) -> None:
    run = runs.create(Settings(), "damaged", OPERATOR)
    runs.leave_queue(run.name, OPERATOR)
    registry.write_artifact(run.name, "card", registry.read_artifact("softmax", "card") or b"")
    image = normalize(drawn(4)).image[np.newaxis]
    process = inference.process_id()
    for weights in (b"", b"junk" * 1000, (registry.read_artifact("cnn", "weights") or b"")[:-999]):
        registry.write_artifact(run.name, "weights", weights)
        with pytest.raises(PredictionError, match="could not answer"):
            inference.probabilities(image, run.name)
        assert inference.probabilities(image, "cnn").argmax() == 4
    assert inference.process_id() == process
    runs.delete(run.name, OPERATOR)
