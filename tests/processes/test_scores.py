"""Scores that are kept of networks: of a sample, they are measured again."""

import io

import numpy as np
import pytest

from mnist_app.analysis import metrics, scores
from mnist_app.analysis.background import ScoringQueue
from mnist_app.data import datasets
from mnist_app.explain.questions import STRENGTHS, AskResistance, Explained
from mnist_app.imaging import corruptions
from mnist_app.imaging.corruptions import CORRUPTIONS
from mnist_app.inference import Inference
from mnist_app.networks import registry
from mnist_app.networks.registry import NETWORKS, read_card
from tests.support.networks import own_network, wait_until_measured

TEST = datasets.load_test()
SAMPLE = slice(0, 10_000, 97)


def kept_of(name: str) -> scores.Scores:
    kept = scores.read(read_card(name))
    assert kept is not None
    return kept


@pytest.mark.parametrize("name", NETWORKS)
def test_what_ships_belongs_to_these_weights(name: str, inference: Inference) -> None:
    kept = kept_of(name)
    assert kept.is_complete
    accuracy = metrics.accuracy(kept.probabilities, TEST.labels)
    assert accuracy == pytest.approx(read_card(name).test_accuracy, abs=1e-9)
    again = inference.probabilities(TEST.images[SAMPLE], name)
    assert np.abs(again - kept.probabilities[SAMPLE]).max() < 2e-5
    right = metrics.is_right(kept.probabilities, TEST.labels)[:: scores.CORRUPTED_EVERY]
    for corruption, curve in kept.curves.items():
        neutral = CORRUPTIONS[corruption].strengths.index(CORRUPTIONS[corruption].neutral)
        assert curve[neutral] == right.mean()
    resistance = kept.resistance
    assert resistance is not None
    some = slice(0, resistance.images)
    assert resistance.strengths[0] == 0
    assert resistance.accuracies[0] == metrics.accuracy(kept.probabilities[some], TEST.labels[some])


@pytest.mark.parametrize(("name", "point"), [("shift", 4), ("turn", 1), ("pen", 8), ("noise", 3)])
def test_a_point_of_a_curve(name: str, point: int, inference: Inference) -> None:
    some, corruption = TEST[:: scores.CORRUPTED_EVERY], CORRUPTIONS[name]
    images = corruptions.apply_to_all(some.images, corruption, corruption.strengths[point])
    accuracy = metrics.accuracy(inference.probabilities(images, "mlp"), some.labels)
    assert accuracy == pytest.approx(kept_of("mlp").curves[name][point])


def test_a_point_of_the_noise_made_against_a_network(inference: Inference) -> None:
    found = inference.ask(AskResistance(Explained("mlp"), (STRENGTHS[3],)))
    kept = kept_of("mlp").resistance
    assert kept is not None
    assert found.images == kept.images
    # At most one image: another processor may round the other way.
    assert found.accuracies[0] == pytest.approx(kept.accuracies[3], abs=1.01 / kept.images)


def test_convolutions_bear_a_shift_better_than_dense_layers() -> None:
    four_pixels = CORRUPTIONS["shift"].strengths.index(4)
    cnn, mlp = (kept_of(name).curves["shift"][four_pixels] for name in ("cnn", "mlp"))
    assert cnn > mlp + 0.2


def test_measuring_continues_where_it_was_interrupted(
    inference: Inference, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "CORRUPTED_EVERY", 100)
    own_network("measured-1")
    card = read_card("measured-1")
    assert scores.read(card) is None
    shares = []
    for share in scores.measure(inference, card):
        shares.append(share)
        kept = scores.read(card)
        if kept is not None and "turn" in kept.curves:
            break
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1
    rest = list(scores.measure(inference, card))
    left = [one for name, one in CORRUPTIONS.items() if name not in ("shift", "turn")]
    assert len(rest) == sum(len(corruption.strengths) for corruption in left) + 1
    assert rest[-1] == 1
    kept = kept_of("measured-1")
    assert kept.is_complete
    # At most one step: another processor may round the other way.
    shipped = kept_of("softmax").probabilities
    np.testing.assert_allclose(kept.probabilities, shipped, 0, 1.01 / scores.FULL)
    monkeypatch.setattr(scores, "STRENGTHS", (0, 8))  # other noise is tried from now on
    former = scores.read(card)
    assert former is not None
    assert former.resistance is None
    assert former.curves == kept.curves


def test_scores_of_other_weights_do_not_count() -> None:
    own_network("measured-2")
    with np.load(io.BytesIO(registry.read_artifact("softmax", "scores") or b"")) as arrays:
        content = {name: arrays[name] for name in arrays.files}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **content)
    registry.write_artifact("measured-2", "scores", file.getvalue())
    assert scores.read(read_card("measured-2")) is not None  # these are the softmax's weights
    registry.write_artifact("measured-2", "weights", b"more")
    card = registry.read_artifact("measured-2", "card")
    assert card is not None
    registry.write_artifact("measured-2", "card", card)
    assert scores.read(read_card("measured-2")) is None


def test_damaged_scores_count_as_none() -> None:
    own_network("measured-3")
    shipped = registry.read_artifact("cnn", "scores")
    assert shipped is not None
    for content in (b"", b"PK", shipped[:5000]):
        registry.write_artifact("measured-3", "scores", content)
        assert scores.read(read_card("measured-3")) is None


def test_an_unknown_network_is_told(inference: Inference) -> None:
    queue = ScoringQueue(inference.background)
    queue.submit("nobody-1")
    wait_until_measured(queue, "nobody-1")
    assert "no network nobody-1" in queue.failure("nobody-1")
