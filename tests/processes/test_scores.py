"""What is kept of each network's answers: of a sample, the figures are computed again."""

import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from mnist_app.analysis import scores
from mnist_app.analysis.background import Measurer
from mnist_app.analysis.scores import Scores
from mnist_app.data import datasets
from mnist_app.imaging import corruptions
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.inference import Inference
from mnist_app.networks import registry
from mnist_app.networks.card import ASSETS
from mnist_app.networks.registry import NETWORKS, read_card

TEST = datasets.load_test()
SAMPLE = slice(0, 10_000, 97)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_ships_belongs_to_these_weights(name: str, door: Inference) -> None:
    card = read_card(name)
    kept = scores.read(card)
    assert kept is not None
    assert kept.is_whole
    right = kept.probabilities.argmax(axis=1) == TEST.labels
    assert right.mean() == pytest.approx(card.test_accuracy, abs=1e-9)
    again = door.classify(TEST.images[SAMPLE], name)
    assert np.abs(again - kept.probabilities[SAMPLE]).max() < 2e-5
    for way, curve in kept.curves.items():
        untouched = CORRUPTIONS[way].strengths.index(CORRUPTIONS[way].none)
        assert curve[untouched] == right[:: scores.SPOILED_EVERY].mean()


@pytest.mark.parametrize(("way", "point"), [("shift", 4), ("turn", 1), ("pen", 8), ("noise", 3)])
def test_a_point_of_a_curve(way: str, point: int, door: Inference) -> None:
    kept = scores.read(read_card("mlp"))
    assert kept is not None
    spoiled = TEST[:: scores.SPOILED_EVERY]
    images = corruptions.apply_to_all(
        spoiled.images, CORRUPTIONS[way], CORRUPTIONS[way].strengths[point]
    )
    right = door.classify(images, "mlp").argmax(axis=1) == spoiled.labels
    assert right.mean() == pytest.approx(kept.curves[way][point])


def test_convolutions_bend_where_dense_layers_break() -> None:
    cnn, mlp = (scores.read(read_card(name)) for name in ("cnn", "mlp"))
    assert cnn is not None
    assert mlp is not None
    four_pixels = CORRUPTIONS["shift"].strengths.index(4)
    assert cnn.curves["shift"][four_pixels] > mlp.curves["shift"][four_pixels] + 0.2


def own_run(home: Path, name: str) -> Path:
    """A run with the weights of the smallest network that ships."""
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    card = re.sub(
        '"name": "softmax"', f'"name": "{name}"', (ASSETS / "softmax.json").read_text(), count=1
    )
    (folder / f"{name}.json").write_text(card)
    shutil.copy(ASSETS / "softmax.weights.h5", folder / f"{name}.weights.h5")
    settings = '{"network": "softmax"}'
    (folder / "settings.json").write_text(settings)
    (folder / "state.json").write_text('{"status": "done"}')
    return folder


def test_an_own_run_is_measured_goes_on_where_it_was_interrupted_and_again_when_it_learned(
    home: Path, door: Inference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "SPOILED_EVERY", 100)
    folder = own_run(home, "scored-1")
    card = registry.read_card("scored-1")
    assert scores.read(card) is None
    shares = []
    for share in scores.measure(door, card):
        shares.append(share)
        kept = scores.read(card)
        if kept is not None and "turn" in kept.curves:
            break
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1
    rest = list(scores.measure(door, card))
    assert len(rest) < sum(len(way.strengths) for way in CORRUPTIONS.values())
    assert rest[-1] == 1
    kept, shipped = scores.read(card), scores.read(read_card("softmax"))
    assert kept is not None
    assert shipped is not None
    assert kept.is_whole
    # At most one step: another processor may round the other way.
    np.testing.assert_allclose(kept.probabilities, shipped.probabilities, 0, 1.01 / scores.FULL)
    with (folder / "scored-1.weights.h5").open("ab") as weights:
        weights.write(b"more")
    (folder / "scored-1.json").touch()
    assert scores.read(card) is None


def test_a_damaged_file_counts_as_none(home: Path) -> None:
    folder = own_run(home, "scored-2")
    card = registry.read_card("scored-2")
    for content in (b"", b"PK", (ASSETS / "cnn.scores.npz").read_bytes()[:5000]):
        (folder / "scored-2.scores.npz").write_bytes(content)
        assert scores.read(card) is None


def wait_until_measured(measurer: Measurer, name: str) -> None:
    """Wait until it is done with the network, well or not."""
    for _ in range(2000):
        if measurer.share(name) is None:
            return
        time.sleep(0.05)
    raise AssertionError(f"After 100 seconds {name} is measured to {measurer.share(name)}.")


def test_who_cannot_be_measured_is_said(door: Inference) -> None:
    measurer = Measurer(door)
    measurer.ask("nobody-1")
    wait_until_measured(measurer, "nobody-1")
    assert "no network nobody-1" in measurer.trouble("nobody-1")


def test_the_interval_is_wilsons() -> None:
    """Brown, Cai and DasGupta (2001) give 0.2366 to 0.7634 for five of ten."""
    assert scores.interval(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    low, high = scores.interval(1.0, 10_000)
    assert low == pytest.approx(1 / (1 + 1.959964**2 / 10_000))
    assert high == 1


def test_confusion_mistakes_and_reliability_by_hand() -> None:
    probabilities = np.full((4, 10), 0.02, np.float32)
    probabilities[[0, 1, 2, 3], [3, 3, 5, 7]] = [0.82, 0.80, 0.95, 0.65]
    labels = np.array([3, 8, 6, 7], np.uint8)
    kept = Scores(probabilities, 1.0)
    counts = scores.confusion(probabilities.argmax(axis=1), labels)
    assert counts.sum() == 4
    assert counts[3, 3] == counts[8, 3] == counts[6, 5] == counts[7, 7] == 1
    assert scores.mistakes(kept, labels).tolist() == [2, 1]
    bins = scores.reliability(kept, labels)
    assert [(one.images, one.accuracy) for one in bins] == [(1, 1.0), (2, 0.5), (1, 0.0)]
    assert bins[1].confidence == pytest.approx(0.81)
