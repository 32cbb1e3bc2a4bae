"""Drawings that people labeled: kept with their strokes, corrected, exported, deleted."""

import io

import numpy as np
import pytest

from mnist_app import limits, storage
from mnist_app.networks.registry import NETWORKS
from mnist_app.training import labeled_drawings, runs
from mnist_app.training.epoch_data import read_drawings
from mnist_app.training.labeled_drawings import LabeledDrawingError
from mnist_app.training.run import RunError
from mnist_app.training.settings import Settings
from tests.support.handwriting import drawn

OWNER = "somebody"
STROKES = {"strokes": [{"width": 18, "points": [[1, 2.5], [3, 4]]}]}
FOUR, SEVEN = drawn(4, 28), drawn(7, 28)

pytestmark = pytest.mark.usefixtures("store")


def test_drawings_are_kept_corrected_and_deleted() -> None:
    labeled_drawings.keep(OWNER, FOUR, 9, STROKES)
    labeled_drawings.keep(OWNER, FOUR, 4, STROKES)
    labeled_drawings.keep(OWNER, SEVEN, 7)
    labeled_drawings.keep("another", FOUR, 1)
    kept = labeled_drawings.list_drawings(OWNER)
    assert [drawing.label for drawing in kept] == [4, 7]
    assert [drawing.strokes for drawing in kept] == [STROKES, {}]
    assert np.array_equal(kept[0].image, FOUR)
    labeled_drawings.delete(OWNER, kept[0].number)
    labeled_drawings.delete("another", kept[1].number)  # it is not theirs
    assert [drawing.label for drawing in labeled_drawings.list_drawings(OWNER)] == [7]
    labeled_drawings.delete(OWNER)
    assert labeled_drawings.list_drawings(OWNER) == []
    assert len(labeled_drawings.list_drawings("another")) == 1


def test_an_export_is_what_a_run_learns_from() -> None:
    for image, label in ((FOUR, 4), (SEVEN, 7)):
        labeled_drawings.keep(OWNER, image, label)
    content = labeled_drawings.as_npz(labeled_drawings.list_drawings(OWNER))
    with np.load(io.BytesIO(content)) as arrays:
        assert arrays["images"].shape == (2, 28, 28)
        assert arrays["labels"].tolist() == [4, 7]
    split = read_drawings(content)
    assert split is not None
    assert np.array_equal(split.images[1], SEVEN)
    run = labeled_drawings.fine_tune(OWNER, "cnn")
    assert storage.read_artifact(run.name, "drawings") == content
    assert (run.settings.start_from, run.has_drawings) == ("cnn", True)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_that_ships_can_be_fine_tuned(network: str) -> None:
    labeled_drawings.keep(OWNER, FOUR, 4)
    assert labeled_drawings.fine_tune(OWNER, network).settings.start_from == network


def test_at_the_limit_a_label_can_still_be_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.DRAWINGS_PER_VISITOR.variable, "1")
    labeled_drawings.keep(OWNER, FOUR, 9)
    labeled_drawings.keep(OWNER, FOUR, 4)
    assert [drawing.label for drawing in labeled_drawings.list_drawings(OWNER)] == [4]
    with pytest.raises(LabeledDrawingError, match=r"You keep 1 drawings already\. Delete some"):
        labeled_drawings.keep(OWNER, SEVEN, 7)
    monkeypatch.setenv(limits.DRAWINGS.variable, "2")
    labeled_drawings.keep("another", SEVEN, 7)
    with pytest.raises(LabeledDrawingError, match="As many drawings are kept on this server"):
        labeled_drawings.keep("yet another", SEVEN, 7)
    labeled_drawings.keep("another", SEVEN, 1)


def test_switched_off_nothing_more_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labeled_drawings.keep(OWNER, FOUR, 4)
    monkeypatch.setenv(limits.LABELING.variable, "OFF")
    with pytest.raises(LabeledDrawingError, match="Labeling drawings is switched off"):
        labeled_drawings.keep(OWNER, SEVEN, 7)
    assert len(labeled_drawings.list_drawings(OWNER)) == 1
    labeled_drawings.delete(OWNER)


def test_what_learned_wrong_labels_is_fine_tuned_on_right_ones() -> None:
    noisy = runs.create(Settings(label_noise=0.2), "label-noise", "another")
    labeled_drawings.keep(OWNER, FOUR, 4)
    assert labeled_drawings.fine_tune(OWNER, noisy.name).settings.label_noise == 0


@pytest.mark.parametrize(("side", "label"), [(28, 10), (28, -1), (280, 4)])
def test_what_is_no_labeled_digit_is_refused(side: int, label: int) -> None:
    with pytest.raises(LabeledDrawingError, match="28 × 28 pixels and a digit from 0 to 9"):
        labeled_drawings.keep(OWNER, drawn(4, side), label)


def test_without_drawings_there_is_nothing_to_learn() -> None:
    for network in NETWORKS:
        with pytest.raises(LabeledDrawingError, match="Label some drawings first"):
            labeled_drawings.fine_tune(OWNER, network)
    labeled_drawings.keep(OWNER, FOUR, 4)
    with pytest.raises(RunError, match="There is no run nobody-1"):
        labeled_drawings.fine_tune(OWNER, "nobody-1")
    assert runs.list_runs() == []


def test_a_busy_store_is_not_told_as_a_full_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LOCK_TIMEOUT", 0.5)
    storage.close()
    labeled_drawings.keep(OWNER, FOUR, 4)
    with storage.writing() as holding:
        storage.take_turns(holding, f"labeled drawings of {OWNER}")
        with pytest.raises(LabeledDrawingError, match="The store is busy"):
            labeled_drawings.keep(OWNER, SEVEN, 7)
